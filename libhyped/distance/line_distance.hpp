// Exact distances between two samples on a line, in the time it takes to sort them: energy and Wasserstein-1, with zeros that are not stored.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libhyped/distance/energy.hpp"

namespace hyped {

// `stored` ascends; `count` values in all, those not stored are 0.
struct LineSample {
  std::span<const float> stored;
  std::int64_t count = 0;
};

// What each place on the line adds to a distance if a little of x's mass is put there (up to a constant): the linear part of the distance.
struct LineInfluence {
  std::vector<double> energy_x, w1_x, energy_y, w1_y;      // of every stored value
  double energy_zero = 0, w1_zero = 0;                     // of a value 0; y's is minus x's
};

struct LineDistance {
  double energy = 0;                          // V-statistic: 2 integral (F - G)^2, the square of scipy.stats.energy_distance
  double w1 = 0;                              // integral |F - G|, scipy.stats.wasserstein_distance
  double within_x = 0, within_y = 0;          // mean |x - x'| over all pairs, self pairs among them
  double unbiased_energy(std::int64_t x, std::int64_t y) const;      // U-statistic; x, y >= 2 cells
};
// O(stored values) after sorting; both samples have at least one value. influence, if not null, is filled.
LineDistance line_distance(const LineSample& x, const LineSample& y, LineInfluence* influence = nullptr);

}  // namespace hyped
