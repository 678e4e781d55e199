// Building blocks of schedules.
#include "libhyped/simulate/schedule.hpp"

#include <algorithm>

#include "libhyped/errors.hpp"

namespace hyped {

Schedule pulse(std::string input, double from_h, double until_h, double amount) {
  if (!(from_h < until_h)) throw InputError("pulse on '" + input + "'", "it must end after it begins");
  return {{from_h, input, Action::set, amount}, {until_h, input, Action::set, 0}};
}

Perturbation keep_fraction_of_cells(double time_h, double factor, std::string parameter) {
  if (!(factor >= 0 && factor <= 1)) throw InputError("cells", "the fraction that stays must lie between 0 and 1");
  return {time_h, "cells", Action::scale, factor, std::move(parameter)};
}

Schedule merge(const std::vector<Schedule>& parts) {
  Schedule all;
  for (const Schedule& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
  return all;
}

}  // namespace hyped
