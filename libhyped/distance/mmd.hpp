// Maximum mean discrepancy between two clouds of cells, with linear and Gaussian kernels.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "libhyped/distance/energy.hpp"

namespace hyped {

// linear: x.y, which sees nothing but means (pertpy's default). gaussian: the mean over widths of exp(-gamma |x - y|^2).
struct MmdKernel {
  enum class Kind { linear, gaussian };
  Kind kind = Kind::gaussian;
  std::vector<double> gamma;      // each > 0, 1 / (unit of the data)^2; for gaussian
};

// mean k(x, x') + mean k(y, y') - 2 mean k(x, y). x [N x D], y [M x D]. unbiased: pairs of a cell with itself do not count, 0 on average if the clouds have
// one law, may be negative. Source: Gretton et al. 2012, J Mach Learn Res 13:723, equations 3 and 5. Parallel, the same bytes for any number of threads.
// InputError: clouds of different width, too few cells, no gamma or one that is not positive.
double mmd_squared(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const MmdKernel& kernel, EnergyPairs pairs = EnergyPairs::with_self);

// 1 / (2 median^2) of the distances between cells, to be taken once, from control cells. All pairs up to `at_most` cells, else of that many, drawn by
// stream (seed, 0, 0). InputError: fewer than two cells, or more than half of the pairs coincide.
double median_heuristic_gamma(const Eigen::MatrixXd& cells, std::uint64_t seed, int at_most = 1000);
// gamma * 2^k, k = -steps .. steps.
MmdKernel gaussian_kernel_around(double gamma, int steps = 0);

}  // namespace hyped
