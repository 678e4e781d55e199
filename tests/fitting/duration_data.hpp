// Durations put together by hand, shared by the tests of their fits.
#pragma once
#include <algorithm>
#include <limits>
#include <string>

#include "fitting/duration_fit.hpp"

namespace hyped::testing {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

inline DurationData empty_data(const std::string& name) {
  DurationData data;
  data.name = name;
  return data;
}

inline void finish(DurationData& data) {
  if (data.covariates.empty()) data.design.resize(data.count(), 0);
}

inline void add(DurationData& data, double t, double limit = infinity) {
  Duration d;
  d.lower_h = std::min(t, limit);
  d.upper_h = t <= limit ? t : infinity;
  d.cause = t <= limit ? 0 : -1;
  data.durations.push_back(d);
}

}  // namespace hyped::testing
