// A set of states of a jump process as bounds on its counts: what "reprogrammed" means.
#pragma once
#include <limits>
#include <span>
#include <vector>

namespace hyped::control {

// All bounds together; a state without bounds is free.
struct CountSet {
  std::vector<double> lower, upper;      // [S]
  explicit CountSet(std::size_t states) : lower(states, -std::numeric_limits<double>::infinity()), upper(states, std::numeric_limits<double>::infinity()) {}
  template <class Count>
  bool holds(std::span<const Count> counts) const {
    for (std::size_t s = 0; s < lower.size(); ++s)
      if (counts[s] < lower[s] || counts[s] > upper[s]) return false;
    return true;
  }
};

}  // namespace hyped::control
