// Means of kernels over pairs, and widths from the data.
#include "libhyped/distance/mmd.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/distance/two_samples.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {

double mmd_squared(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const MmdKernel& kernel, EnergyPairs pairs) {
  const bool unbiased = pairs == EnergyPairs::unbiased;
  if (x.cols() != y.cols()) throw InputError("MMD", "the two clouds have different numbers of genes");
  if (x.rows() < (unbiased ? 2 : 1) || y.rows() < (unbiased ? 2 : 1)) throw InputError("MMD", "a cloud has too few cells");
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows());
  if (kernel.kind == MmdKernel::Kind::linear) {
    // Around the common mean: the kernel's value at the origin cancels between the three means.
    const Eigen::RowVectorXd mean_x = x.colwise().mean(), mean_y = y.colwise().mean();
    const double between = (mean_x - mean_y).squaredNorm();
    if (!unbiased) return between;
    const double spread_x = (x.rowwise() - mean_x).squaredNorm() / n, spread_y = (y.rowwise() - mean_y).squaredNorm() / m;
    return between - spread_x / (n - 1) - spread_y / (m - 1);
  }
  const EnergyParts means = pair_means(x, y, {PairMeasure::Kind::gaussian, kernel.gamma}, pairs);      // of minus the kernel
  return means.distance();
}

double median_heuristic_gamma(const Eigen::MatrixXd& cells, std::uint64_t seed, int at_most) {
  if (cells.rows() < 2) throw InputError("MMD", "the width of the kernel needs two cells or more");
  std::vector<Eigen::Index> taken(static_cast<std::size_t>(cells.rows()));
  std::iota(taken.begin(), taken.end(), Eigen::Index{0});
  if (cells.rows() > at_most) {
    RandomStream stream(seed, 0, 0);
    for (int i = 0; i < at_most; ++i) std::swap(taken[static_cast<std::size_t>(i)], taken[static_cast<std::size_t>(i) + static_cast<std::size_t>(stream.uniform() * static_cast<double>(cells.rows() - i))]);
    taken.resize(static_cast<std::size_t>(at_most));
  }
  std::vector<double> squared;
  for (std::size_t i = 0; i < taken.size(); ++i)
    for (std::size_t j = i + 1; j < taken.size(); ++j) squared.push_back((cells.row(taken[i]) - cells.row(taken[j])).squaredNorm());
  const auto middle = squared.begin() + static_cast<std::ptrdiff_t>(squared.size() / 2);
  std::nth_element(squared.begin(), middle, squared.end());
  double median = std::sqrt(*middle);
  if (squared.size() % 2 == 0) median = (median + std::sqrt(*std::max_element(squared.begin(), middle))) / 2;
  if (!(median > 0)) throw InputError("MMD", "more than half of the pairs of cells coincide, so the median distance gives no width", "give gamma");
  return 1 / (2 * median * median);
}

MmdKernel gaussian_kernel_around(double gamma, int steps) {
  MmdKernel out;
  for (int k = -steps; k <= steps; ++k) out.gamma.push_back(gamma * std::pow(2.0, k));
  return out;
}

}  // namespace hyped
