// A loss for tests of gradients: squares of the distance to a target that differs by sample, gene and column.
#pragma once
#include <Eigen/Core>
#include <cmath>
#include <span>

#include "libhyped/model/batch_model.hpp"

namespace hyped::testing {

inline double target(int sample, Eigen::Index gene, Eigen::Index column) { return 0.3 * std::sin(1 + sample + 2.0 * static_cast<double>(gene) + 3.0 * static_cast<double>(column)); }
inline double squares(int sample, const Eigen::MatrixXd& x, BatchMatrix bar, std::span<double>) {
  double sum = 0;
  for (Eigen::Index b = 0; b < x.cols(); ++b)
    for (Eigen::Index g = 0; g < x.rows(); ++g) {
      const double d = x(g, b) - target(sample, g, b);
      sum += d * d;
      bar(g, b) = 2 * d;
    }
  return sum;
}

}  // namespace hyped::testing
