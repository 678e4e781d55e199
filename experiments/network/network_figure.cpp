// Deals quantities to panels by unit.
#include "experiments/network/network_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/report/figure.hpp"

namespace hyped {
namespace {

using Eigen::Index;
constexpr std::size_t most_in_panel = 8, most_panels = 12;      // as many colours as the template has

struct Panel {
  std::string unit;
  std::vector<std::size_t> quantities;
  std::string title;
};

std::vector<Panel> panels_of(const NetworkFile& network, const NetworkCourse& course) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> units;      // in order of appearance
  for (std::size_t i = 0; i < course.names.size(); ++i) {
    if (!network.show.empty() && std::find(network.show.begin(), network.show.end(), course.names[i]) == network.show.end()) continue;
    auto of = std::find_if(units.begin(), units.end(), [&](const auto& unit) { return unit.first == course.units[i]; });
    if (of == units.end()) of = units.insert(units.end(), {course.units[i], {}});
    of->second.push_back(i);
  }
  std::vector<Panel> panels;
  for (const auto& [unit, all] : units)
    for (std::size_t from = 0; from < all.size(); from += most_in_panel) {
      const std::size_t count = (all.size() + most_in_panel - 1) / most_in_panel;
      Panel panel{unit, {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + most_in_panel))}, unit == "1" ? "without unit" : unit};
      if (count > 1) panel.title += fmt::format(" ({} of {})", 1 + from / most_in_panel, count);
      panels.push_back(std::move(panel));
    }
  return panels;
}

std::string event_name(const Perturbation& event) {
  const std::string amount = event.amount_parameter.empty() ? fmt::format("{:.4g}", event.amount) : event.amount_parameter;
  switch (event.action) {
    case Action::set: return fmt::format("{} = {}", event.target, amount);
    case Action::add: return fmt::format("{} + {}", event.target, amount);
    case Action::scale: return fmt::format("{} x {}", event.target, amount);
  }
  return event.target;
}

}  // namespace

void add_course_figure(RunDirectory& run, const NetworkFile& network, const NetworkCourse& course) {
  if (course.times_h.empty()) return;
  std::vector<Panel> panels = panels_of(network, course);
  std::string choice;
  if (panels.size() > most_panels) {
    panels.resize(most_panels);
    std::size_t drawn = 0;
    for (const Panel& panel : panels) drawn += panel.quantities.size();
    choice = fmt::format(" The first {} of {} quantities; choose others by figures = [...] in the file.", drawn, course.names.size());
  } else if (!network.show.empty()) {
    choice = fmt::format(" The {} of {} quantities that the file's figures name.", network.show.size(), course.names.size());
  }
  const bool banded = course.sd.size() > 0;
  Table model({{"panel", "", ""}, {"name", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  Table drawn_panels({{"title", "", ""}, {"axis", "", ""}, {"low", "", ""}, {"high", "", ""}});
  Table names({{"quantity", "", ""}, {"panel", "", ""}, {"place", "", "in its panel"}});
  for (std::size_t k = 0; k < panels.size(); ++k) {
    double low = 0, high = -std::numeric_limits<double>::infinity();
    std::int64_t place = 0;
    for (const std::size_t i : panels[k].quantities) {
      names.add_row({course.names[i], static_cast<std::int64_t>(k + 1), ++place});
      for (std::size_t t = 0; t < course.times_h.size(); ++t) {
        const auto row = static_cast<Index>(t), column = static_cast<Index>(i);
        const double value = course.value(row, column), half = banded ? 1.96 * course.sd(row, column) : 0;
        if (!std::isfinite(value + half)) continue;
        const double least = banded && value >= 0 ? std::max(0.0, value - half) : value - half;      // counts are not negative
        model.add_row({static_cast<std::int64_t>(k + 1), course.names[i], course.times_h[t], value, least, value + half});
        low = std::min(low, least), high = std::max(high, value + half);
      }
    }
    if (!(high > low)) high = low + 1;
    drawn_panels.add_row({panels[k].title, panels[k].unit == "1" ? std::string("value [1]") : fmt::format("amount [{}]", panels[k].unit), low, high});
  }
  if (model.rows().empty()) return;
  report::Figure figure{"course", (banded ? "Mean over cultures; band: mean +- 1.96 sd of one culture, cut at 0." : course.stochastic ? "One path of every quantity." : "Course of every quantity.") + choice, "network_course",
                        {{"model", model}, {"panels", drawn_panels}, {"names", names}}, {{"band_label", banded ? "line: mean   band: 1.96 sd of one culture" : course.stochastic ? "line: one path" : "line: solution"}}, "answer"};
  Table events({{"time_h", "h", ""}, {"name", "", ""}});
  for (const auto& event : network.schedule)
    if (event.time_h <= course.times_h.back()) events.add_row({event.time_h, event_name(event)});
  if (!events.rows().empty()) {
    if (figure.caption.find("event") == std::string::npos) figure.caption += " Dotted: events.";
    figure.data.push_back({"events", events});
  }
  report::add_figure(run, figure);
}

}  // namespace hyped
