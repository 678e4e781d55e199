// Tables behind the figures of cells.
#include "experiments/cells/cell_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {

std::vector<std::string> colours_of(const std::vector<std::string>& names, Palette palette) {
  static const std::vector<std::string> others = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A", "#8a5a44", "#7f7f00", "#17808a", "#b30059", "#5b8c5a"};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out.push_back(palette == Palette::arms ? report::arm_colour(names[i], names) : palette == Palette::phases ? report::phase_colour(names[i] == "G2M" ? "G2/M" : names[i], i) : others[i % others.size()]);
  if (palette == Palette::arms && names.size() > 4) return colours_of(names, Palette::others);      // more than the arms of a figure have colours
  return out;
}

std::vector<int> drawn_points(const Eigen::VectorXd& x, const Eigen::VectorXd& y, int most) {
  std::vector<int> all;
  for (int i = 0; i < static_cast<int>(x.size()); ++i)
    if (std::isfinite(x[i]) && std::isfinite(y[i])) all.push_back(i);
  if (static_cast<int>(all.size()) <= most) return all;
  const auto range_of = [&](const Eigen::VectorXd& v) {
    double low = INFINITY, high = -INFINITY;
    for (const int i : all) low = std::min(low, v[i]), high = std::max(high, v[i]);
    return high > low ? high - low : 1.0;
  };
  const double dx = 1 / range_of(x), dy = 1 / range_of(y);
  std::vector<bool> kept(static_cast<std::size_t>(x.size()), false);
  const std::size_t each = static_cast<std::size_t>(most) / 64;      // eight ends: an eighth of all
  for (const auto& [a, b] : {std::pair{1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}, {1.0, -1.0}})
    for (const double sign : {1.0, -1.0}) {
      std::vector<int> order = all;
      const auto outer = [&, a = a, b = b](int i) { return sign * (a * dx * x[i] + b * dy * y[i]); };
      const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, each));
      std::partial_sort(order.begin(), end, order.end(), [&](int i, int j) { return outer(i) != outer(j) ? outer(i) > outer(j) : i < j; });
      for (auto i = order.begin(); i != end; ++i) kept[static_cast<std::size_t>(*i)] = true;
    }
  std::vector<int> rest, out;
  for (const int i : all)
    if (!kept[static_cast<std::size_t>(i)]) rest.push_back(i);
  const int more = most - static_cast<int>(all.size() - rest.size());
  for (int s = 0; s < more; ++s) kept[static_cast<std::size_t>(rest[static_cast<std::size_t>(static_cast<std::int64_t>(s) * static_cast<std::int64_t>(rest.size()) / more)])] = true;
  for (const int i : all)
    if (kept[static_cast<std::size_t>(i)]) out.push_back(i);
  return out;
}

report::Figure point_figure(const std::string& name, const std::string& caption, const std::vector<PointPanel>& panels, const std::string& section, int side, int most) {
  Table points({{"panel", "", ""}, {"category", "", ""}, {"x", "", ""}, {"y", "", ""}}), line({{"panel", "", ""}, {"x", "", ""}, {"y", "", ""}});
  Table categories({{"panel", "", ""}, {"category", "", ""}, {"colour", "", ""}});
  Table frames({{"panel", "", ""}, {"title", "", ""}, {"x_axis", "", ""}, {"y_axis", "", ""}, {"low_x", "", ""}, {"high_x", "", ""}, {"low_y", "", ""}, {"high_y", "", ""}, {"size", "", ""}});
  bool thinned = false;
  std::string said;
  for (std::size_t p = 0; p < panels.size(); ++p) {
    const PointPanel& panel = panels[p];
    const std::string id = std::to_string(p + 1) + " " + panel.title;
    const auto n = static_cast<int>(panel.x.size());
    const std::vector<int> chosen = drawn_points(panel.x, panel.y, most);
    thinned = thinned || static_cast<int>(chosen.size()) < n;
    said += fmt::format("{}{} of {}", said.empty() ? "" : "; ", chosen.size(), n);
    if (std::find(panel.of.begin(), panel.of.end(), -1) != panel.of.end()) categories.add_row({id, std::string("none"), std::string("#c8c8c8")});
    for (std::size_t c = 0; c < panel.categories.size(); ++c)
      if (panel.of.empty() || std::find(panel.of.begin(), panel.of.end(), static_cast<std::int32_t>(c)) != panel.of.end()) categories.add_row({id, panel.categories[c], panel.colours[c]});
    for (const int i : chosen) {
      const int of = panel.of.empty() ? 0 : panel.of[static_cast<std::size_t>(i)];
      if (std::isfinite(panel.x[i]) && std::isfinite(panel.y[i])) points.add_row({id, of < 0 ? std::string("none") : panel.categories[static_cast<std::size_t>(of)], panel.x[i], panel.y[i]});
    }
    for (Eigen::Index i = 0; i < panel.line_x.size(); ++i) line.add_row({id, panel.line_x[i], panel.line_y[i]});
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (Eigen::Index i = 0; i < panel.x.size(); ++i)
      if (std::isfinite(panel.x[i]) && std::isfinite(panel.y[i]))
        low[0] = std::min(low[0], panel.x[i]), high[0] = std::max(high[0], panel.x[i]), low[1] = std::min(low[1], panel.y[i]), high[1] = std::max(high[1], panel.y[i]);
    for (int d = 0; d < 2; ++d)
      if (!(high[d] > low[d])) low[d] = std::isfinite(low[d]) ? low[d] - 0.5 : 0, high[d] = low[d] + 1;
    frames.add_row({id, panel.title, panel.x_axis, panel.y_axis, low[0], high[0], low[1], high[1], panel.size});
  }
  report::Figure figure{name, caption, "points", {{"points", points}, {"categories", categories}, {"panels", frames}}, {{"legend", thinned ? fmt::format("points drawn: {}; all extremes, the others evenly spaced in their order", said) : ""}, {"side", std::to_string(side)}}, section};
  if (!line.rows().empty()) figure.data.emplace_back("line", line);
  return figure;
}

report::Figure distribution_figure(const std::string& name, const std::string& caption, const std::vector<DistributionPanel>& panels, const Labels& libraries) {
  constexpr int bins = 60;
  Table bars({{"panel", "", ""}, {"library", "", ""}, {"x", "", ""}, {"share", "1", "of the library's cells"}}), cuts({{"panel", "", ""}, {"library", "", ""}, {"x", "", ""}});
  Table frames({{"panel", "", ""}, {"title", "", ""}, {"axis", "", ""}, {"low", "", ""}, {"high", "", ""}, {"top", "", ""}});
  for (std::size_t p = 0; p < panels.size(); ++p) {
    const DistributionPanel& panel = panels[p];
    const std::string id = std::to_string(p + 1) + " " + panel.title;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : panel.value)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    if (!(low <= high)) continue;
    if (low == high) low -= 0.5, high += 0.5;
    std::vector<std::vector<double>> count(libraries.levels.size(), std::vector<double>(bins, 0.0));
    std::vector<double> total(libraries.levels.size(), 0);
    for (std::size_t i = 0; i < panel.value.size(); ++i) {
      const int of = libraries.codes[i];
      if (of < 0 || !std::isfinite(panel.value[i])) continue;
      ++count[static_cast<std::size_t>(of)][static_cast<std::size_t>(std::min(bins - 1.0, std::floor((panel.value[i] - low) / (high - low) * bins)))];
      ++total[static_cast<std::size_t>(of)];
    }
    double top = 0;
    for (std::size_t l = 0; l < count.size(); ++l)
      for (int b = 0; b < bins && total[l] > 0; ++b) {
        const double share = count[l][static_cast<std::size_t>(b)] / total[l];
        top = std::max(top, share);
        bars.add_row({id, libraries.levels[l], low + (b + 0.5) * (high - low) / bins, share});
      }
    for (const auto& [library, at] : panel.cuts)
      if (std::isfinite(at) && at >= low && at <= high) cuts.add_row({id, library, at});
    frames.add_row({id, panel.title, panel.axis, low, high, top});
  }
  report::Figure figure{name, caption, "distributions", {{"bars", bars}, {"panels", frames}}, {{"legend", "dashed: cut-offs of the library in its colour"}}, "diagnostics"};
  if (!cuts.rows().empty()) figure.data.emplace_back("cuts", cuts);
  return figure;
}

}  // namespace hyped
