// Readings of channel pairs, compared on a few hundred cells.
#include "experiments/tracks/light_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/tracks/calls/label_channel.hpp"
#include "libhyped/tracks/calls/smoother_fit.hpp"

namespace hyped {
namespace {

// Geometric middle between the 5 and 95 % quantiles; 0 if the channel is not positive or hardly varies.
double middle_of(const Eigen::VectorXd& column) {
  std::vector<double> x;
  for (const double value : column)
    if (std::isfinite(value)) x.push_back(value);
  if (x.size() < 20) return 0;
  std::sort(x.begin(), x.end());
  const double low = x[x.size() / 20], high = x[x.size() - 1 - x.size() / 20];
  return x.front() > 0 && high > 1.15 * low ? std::sqrt(low * high) : 0;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> light_support(const CellTracks& tracks) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto& names = tracks.frames.channels;
  std::vector<int> usable;
  std::vector<double> middle;
  for (int c = 0; c < static_cast<int>(names.size()); ++c)
    if (!why_no_light(tracks, c).empty()) continue;
    else if (const double m = middle_of(tracks.frames.intensity.col(c)); m > 0) usable.push_back(c), middle.push_back(m);
  if (usable.size() < 2 || usable.size() > 4 || tracks.cells.empty()) return out;
  std::string first;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    int on = 0, all = 0;
    for (const FollowedCell& cell : tracks.cells) {
      if (cell.start != CellStart::film_start || cell.row_count == 0) continue;
      const double value = tracks.frames.intensity(cell.first_row, usable[i]);
      if (!std::isfinite(value)) continue;
      ++all;
      on += value > middle[i] ? 1 : 0;
    }
    if (all > 0) first += fmt::format("{}'{}' in {:.0f} %", first.empty() ? "" : ", ", names[static_cast<std::size_t>(usable[i])], 100.0 * on / all);
  }
  if (!first.empty()) out.emplace_back("first light", "on in the first frame: " + first + "; after starvation the G1 reporter dominates");
  for (std::size_t i = 0; i < usable.size(); ++i)
    for (std::size_t j = i + 1; j < usable.size(); ++j) {
      const ReporterMap map{Reporter::cdt1_geminin, names[static_cast<std::size_t>(usable[i])], names[static_cast<std::size_t>(usable[j])]};
      SmootherFitOptions options;
      options.cells = 200;
      const auto support = compare_maps(tracks, map, options);
      if (!std::isfinite(support[0].log_likelihood) || !std::isfinite(support[1].log_likelihood)) continue;
      out.emplace_back("light", fmt::format("best read as {} (the next, {} with G1 channel '{}', is behind by {:.0f} in log-likelihood)", words_of(support[0].map), to_string(support[1].map.reporter), support[1].map.g1_channel,
                                            support[0].log_likelihood - support[1].log_likelihood));
    }
  return out;
}

}  // namespace hyped
