// What a gene makes of the sum of its regulators: saturating functions on arrays, with their slopes.
#pragma once
#include <cstddef>

namespace hyped::models {

// identity z; tanh; logistic 1 / (1 + exp(-z)); and of exponent k: polynomial sign(z) |z|^k / (1 + |z|^k), hill 2 (1 - 1 / (1 + r^k)) - 1 with
// r = max(z + 1, 0); clip: z within -1 and 1. Sources of the last three: Yuan et al. 2021, Cell Syst 12:128 (CellBox).
enum class Transfer { identity, tanh, logistic, polynomial, hill, clip };

struct TransferFunction {
  Transfer kind = Transfer::tanh;
  int exponent = 3;      // of polynomial and hill, >= 1

  // values[i] = phi(z[i]); may be in place. Within 4 units in the last place of the standard library.
  void apply(const double* z, double* values, std::size_t n) const;
  // slopes[i] = phi'(z[i]) for values[i] = phi(z[i]).
  void slope(const double* z, const double* values, double* slopes, std::size_t n) const;
};

}  // namespace hyped::models
