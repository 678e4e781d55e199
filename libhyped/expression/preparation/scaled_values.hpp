// Genes on one scale (mean 0, variance 1, clipped) without filling in the zeros.
#pragma once
#include <Eigen/Core>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// The scaled value of cell i and gene g is at_zero[g] + what `rows` stores there. Exactly scanpy's scale(zero_center=True, max_value).
struct ScaledValues {
  SparseRows rows;
  Eigen::VectorXd at_zero, mean, deviation;      // [G]; a constant gene has deviation 1
};
// max_value <= 0: no clipping. Variance with cells - 1.
ScaledValues scaled_values(const SparseRows& values, double max_value = 10);

}  // namespace hyped
