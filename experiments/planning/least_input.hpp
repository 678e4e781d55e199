// The least value an input may be set to.
#pragma once
#include <algorithm>

#include "libhyped/model/quantity.hpp"

namespace hyped {

// The bound that the network states for the parameter; 0 where it states none and the parameter's own value is not negative. Without stated bounds an
// interpreted model carries a range for searches about the value, 1e-3 to 1e3 times it (or -1 to 1 about 0), which is no bound of a dose.
inline double least_input(const ParameterSpec& spec) {
  const bool search_range = spec.value > 0 ? spec.lower == spec.value * 1e-3 && spec.upper == spec.value * 1e3 : spec.lower == std::min(-1.0, 10 * spec.value) && spec.upper == 1.0;
  if (!search_range) return spec.lower;
  return spec.value < 0 ? -1e300 : 0;
}

}  // namespace hyped
