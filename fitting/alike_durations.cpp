// Groups by a key of times, covariates and cause.
#include "fitting/alike_durations.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace hyped {

AlikeDurations alike_durations(const DurationData& data) {
  const auto nano = [](double t) { return std::isfinite(t) ? std::llround(t * 1e9) : std::numeric_limits<long long>::max(); };
  std::map<std::vector<double>, int> rows;
  std::map<std::array<long long, 8>, int> found;
  AlikeDurations out;
  for (int i = 0; i < data.count(); ++i) {
    const Duration& d = data.durations[static_cast<std::size_t>(i)];
    int row = 0;
    if (data.design.cols() > 0) {
      const Eigen::VectorXd covariates = data.design.row(i).transpose();
      row = rows.emplace(std::vector<double>(covariates.begin(), covariates.end()), static_cast<int>(rows.size())).first->second;
    }
    const std::array<long long, 8> key{nano(d.lower_h), nano(d.upper_h), nano(d.entry_spread_h), nano(d.seen_if_above_h), nano(d.seen_if_below_h), d.residual ? 1 : 0, d.cause, row};
    const auto at = found.emplace(key, static_cast<int>(out.groups.size()));
    if (at.second) out.groups.push_back({i, 0});
    out.groups[static_cast<std::size_t>(at.first->second)].count += 1;
    out.group_of.push_back(at.first->second);
  }
  return out;
}

}  // namespace hyped
