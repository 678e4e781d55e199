// The largest eigenvalues of a symmetric matrix that is only applied to blocks of vectors.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <functional>

#include "libhyped/errors.hpp"

namespace hyped {

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
// in [n x b] -> out [n x b]
using ApplyBlock = std::function<void(const RowMajorMatrix&, RowMajorMatrix&)>;

struct EigenpairOptions {
  int count = 50, block = 16, most_products = 20000;
  double tolerance = 1e-12;          // largest residual, as a share of the largest eigenvalue in size
  std::uint64_t seed = 1;
};
struct LeadingEigenpairs {
  Eigen::VectorXd value;             // [count] falling
  RowMajorMatrix vector;             // [n x count] orthonormal
  double residual = 0;
  int products = 0;
  Outcome outcome;
};
// count + 2 * block <= n.
LeadingEigenpairs leading_eigenpairs(int n, const ApplyBlock& apply, const EigenpairOptions& options);

}  // namespace hyped
