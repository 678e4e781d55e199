// Sums of pairwise distances, a block of rows at a time.
#include "libhyped/distance/energy.hpp"

#include <cmath>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// Sum over pairs of |a_i - b_j|; slope [A x D] gets `weight` times its derivative by a, added.
double pair_sum(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double weight, Eigen::MatrixXd* slope) {
  constexpr int block = 64;
  const int blocks = static_cast<int>((a.rows() + block - 1) / block);
  std::vector<double> sums(static_cast<std::size_t>(blocks), 0);
  const Eigen::MatrixXd at = a.transpose(), bt = b.transpose();      // cells side by side in memory
  parallel_for(blocks, [&](int k) {
    double sum = 0;
    Eigen::VectorXd difference(at.rows()), direction(at.rows());
    for (Eigen::Index i = k * block; i < std::min<Eigen::Index>(a.rows(), (k + 1) * block); ++i) {
      direction.setZero();
      for (Eigen::Index j = 0; j < b.rows(); ++j) {
        difference.noalias() = at.col(i) - bt.col(j);
        const double length = difference.norm();
        sum += length;
        if (slope && length > 0) direction += difference / length;
      }
      if (slope) slope->row(i) += weight * direction.transpose();
    }
    sums[static_cast<std::size_t>(k)] = sum;
  });
  double all = 0;
  for (const double s : sums) all += s;
  return all;
}

}  // namespace

double energy_distance(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, Eigen::MatrixXd* by_x, EnergyPairs pairs) {
  const bool unbiased = pairs == EnergyPairs::unbiased;
  if (x.cols() != y.cols()) throw InputError("energy distance", "the two clouds have different numbers of genes", "");
  if (x.rows() < (unbiased ? 2 : 1) || y.rows() < (unbiased ? 2 : 1)) throw InputError("energy distance", "a cloud has too few cells", "");
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows());
  const double within_x = unbiased ? n * (n - 1) : n * n, within_y = unbiased ? m * (m - 1) : m * m;
  if (by_x) by_x->setZero(x.rows(), x.cols());
  const double between = pair_sum(x, y, 2 / (n * m), by_x);
  const double own_x = pair_sum(x, x, -2 / within_x, by_x);      // both ends of each pair move
  const double own_y = pair_sum(y, y, 0, nullptr);
  return 2 * between / (n * m) - own_x / within_x - own_y / within_y;
}

}  // namespace hyped
