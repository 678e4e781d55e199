// Moments by a key of covariates and time.
#include "fitting/duration_times.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "libhyped/tracks/durations/duration_likelihood.hpp"

namespace hyped {

DurationTimes duration_times(const DurationData& data, const AlikeDurations& alike, FamilyKind kind) {
  DurationTimes out;
  const auto nano = [](double t) { return std::isfinite(t) ? std::llround(t * 1e9) : std::numeric_limits<long long>::max(); };
  std::map<std::vector<double>, int> rows;
  std::map<std::pair<int, long long>, int> moments;
  std::map<std::array<long long, 4>, int> windows;
  const auto moment = [&](int row, double t, bool density) {
    const auto at = moments.emplace(std::pair(row, nano(t)), static_cast<int>(out.moments.size()));
    if (at.second) out.moments.push_back({row, t, false});
    out.moments[static_cast<std::size_t>(at.first->second)].density |= density;
    return at.first->second;
  };
  for (const AlikeDurations::Group& group : alike.groups) {
    const Duration& d = data.durations[static_cast<std::size_t>(group.first)];
    const Eigen::VectorXd covariates = data.design.cols() > 0 ? Eigen::VectorXd(data.design.row(group.first).transpose()) : Eigen::VectorXd();
    const auto found = rows.emplace(std::vector<double>(covariates.begin(), covariates.end()), static_cast<int>(out.rows.size()));
    if (found.second) out.rows.push_back(covariates);
    const int row = found.first->second;
    out.row_of.push_back(row);
    out.window_of.push_back(-1);
    out.seen.emplace_back();
    if (d.residual) continue;
    const auto nodes = entry_nodes(d.entry_spread_h, kind);
    for (const auto& [shift, weight] : nodes) {
      const int lower = moment(row, d.lower_h + shift, d.exact());
      out.seen.back().push_back({lower, d.exact() ? lower : moment(row, d.upper_h + shift, false), std::log(weight)});
    }
    if (!(d.entry_spread_h > 0 || d.seen_if_above_h > 0 || std::isfinite(d.seen_if_below_h))) continue;
    const auto window = windows.emplace(std::array<long long, 4>{row, nano(d.entry_spread_h), nano(d.seen_if_above_h), nano(d.seen_if_below_h)}, static_cast<int>(out.windows.size()));
    out.window_of.back() = window.first->second;
    if (!window.second) continue;
    out.windows.push_back({row, {}});
    for (const auto& [shift, weight] : nodes) out.windows.back().nodes.push_back({moment(row, d.seen_if_above_h + shift, false), moment(row, d.seen_if_below_h + shift, false), std::log(weight)});
  }
  return out;
}

}  // namespace hyped
