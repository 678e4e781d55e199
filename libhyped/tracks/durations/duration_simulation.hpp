// Durations drawn from a model and seen the way those of a data set were: for parametric bootstraps and calibration.
#pragma once
#include <vector>

#include "libhyped/random.hpp"
#include "libhyped/tracks/durations/duration_likelihood.hpp"

namespace hyped {

// When watching of each cell stopped, as far as the data tell: for those cut off, then; for those that ended, a draw from the product-limit
// estimate of the cut-offs beyond their end, at most the film's end. Source: Davison & Hinkley 1997, algorithm 3.1 (conditional).
class WatchTimes {
 public:
  explicit WatchTimes(const DurationData& data);
  double draw(int duration, RandomStream& random) const;      // [h], infinite where nothing was ever cut off later

 private:
  const DurationData& data_;
  std::vector<double> time_, survival_;      // product-limit estimate of the time of being cut off
};

// One duration of the model [h] given that it lies above `above` and below `below`; infinite: never.
double draw_duration(const DurationModel& model, const std::array<double, 4>& eta, double above, double below, RandomStream& random);

// The data set again with durations drawn at eta[i] and its own entry spreads, truncations, frames and watch times.
DurationData simulate_like(const DurationData& data, const DurationModel& model, const std::vector<std::array<double, 4>>& eta,
                           const WatchTimes& watch, RandomStream& random);

}  // namespace hyped
