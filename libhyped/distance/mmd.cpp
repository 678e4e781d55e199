// Sums of kernels over pairs, a block of rows at a time.
#include "libhyped/distance/mmd.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// Sum over pairs of the mean over gamma of exp(-gamma |a_i - b_j|^2); own: pairs i < j of one cloud.
double kernel_sum(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, bool own, const std::vector<double>& gamma) {
  constexpr int block = 64;
  const int blocks = static_cast<int>((a.rows() + block - 1) / block);
  std::vector<double> sums(static_cast<std::size_t>(blocks), 0);
  const Eigen::MatrixXd at = a.transpose(), bt = b.transpose();
  parallel_for(blocks, [&](int k) {
    double sum = 0;
    for (Eigen::Index i = k * block; i < std::min<Eigen::Index>(a.rows(), (k + 1) * block); ++i) {
      double row = 0;
      for (Eigen::Index j = own ? i + 1 : 0; j < b.rows(); ++j) {
        const double squared = (at.col(i) - bt.col(j)).squaredNorm();
        for (const double g : gamma) row += std::exp(-g * squared);
      }
      sum += row;
    }
    sums[static_cast<std::size_t>(k)] = sum;
  });
  double all = 0;
  for (const double s : sums) all += s;
  return all / static_cast<double>(gamma.size());
}

}  // namespace

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
  if (kernel.gamma.empty()) throw InputError("MMD", "a Gaussian kernel has no width", "give one gamma or more, or take it from control cells");
  for (const double g : kernel.gamma)
    if (!(g > 0) || !std::isfinite(g)) throw InputError("MMD", "a gamma is not positive");
  const double own_x = 2 * kernel_sum(x, x, true, kernel.gamma), own_y = 2 * kernel_sum(y, y, true, kernel.gamma), between = kernel_sum(x, y, false, kernel.gamma);
  const double within = unbiased ? own_x / (n * (n - 1)) + own_y / (m * (m - 1)) : (own_x + n) / (n * n) + (own_y + m) / (m * m);
  return within - 2 * between / (n * m);
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
