// How often a transient input changes a cell for good: shares with exact intervals, latencies, and how long the input must last.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "experiments/control/transitions/passage_paths.hpp"

namespace hyped::control {

struct Share {
  int count = 0, runs = 0;
  double value = 0, lower = 0, upper = 1;      // 95 % interval of Clopper & Pearson 1934, Biometrika 26:404
};
Share share_of(int count, int runs);

// Of latencies where some were not reached by the horizon: infinity is kept as what it is.
struct LatencyQuantile {
  double probability = 0;
  double value_h = 0, lower_h = 0, upper_h = 0;      // 95 % by order statistics; infinity: beyond the horizon
};
LatencyQuantile latency_quantile(const Passages& passages, double probability);
// Coefficient of variation of the latencies of those that reached the target, with its bootstrap interval; runs < 10: all NaN.
struct LatencyVariability {
  double value = 0, lower = 0, upper = 0;
  int runs = 0;
};
LatencyVariability latency_variability(const Passages& passages, std::uint64_t seed);

// Shares over increasing durations of an input; the duration at which the share, taken as never falling with duration (pool adjacent
// violators, Barlow et al. 1972) and linear between the durations tried, first is `level`. Interval: parametric bootstrap of the
// counts, percentiles. NaN in `value_h`: not within the durations tried; infinite bounds likewise. Where the shortest already has the
// level, value_h is that duration and lower_h is 0.
struct PersistenceNeeded {
  double level = 0.5, value_h = 0, lower_h = 0, upper_h = 0;
};
PersistenceNeeded persistence_needed(std::span<const double> durations_h, std::span<const Share> shares, double level, std::uint64_t seed);

// The same with more durations: `sample` (none: it failed) gives the share at the middle of the widest interval between tried durations that holds the
// needed duration or an end of its interval, until those are no wider than half the interval, so that the straight lines between durations
// cost less than the sampling does. `settled` false: `most` samples were not enough, and bounds are moved out to the next tried durations.
struct RefinedPersistence {
  PersistenceNeeded needed;
  std::vector<double> durations_h;         // with those added, sorted
  std::vector<Share> shares;
  int added = 0;
  bool settled = true;
};
RefinedPersistence refine_persistence(std::vector<double> durations_h, std::vector<Share> shares, double level, std::uint64_t seed, const std::function<std::optional<Share>(double)>& sample, int most = 24);

}  // namespace hyped::control
