// How much of an agent's effect its active form exerts: the two saturation curves of the delivery models.
#pragma once
#include <cmath>

namespace hyped::models {

// Fraction of the greatest silencing exerted by `loaded` RISC complexes.
template <class T>
T silencing(const T& loaded, const T& half_saturation) {
  return loaded / (half_saturation + loaded);
}

// Hill function of a concentration; 0 at and below 0.
template <class T>
T hill(const T& concentration, const T& half, const T& exponent) {
  using std::pow;
  if (!(concentration > T(0))) return T(0);
  return T(1) / (T(1) + pow(half / concentration, exponent));
}

}  // namespace hyped::models
