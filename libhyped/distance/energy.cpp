// Sums of pairwise distances, a block of rows at a time.
#include "libhyped/distance/energy.hpp"

#include <cmath>
#include <vector>

#include "libhyped/distance/two_samples.hpp"
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

// Mean squared distance of a cloud's cells from their mean.
double spread(const Eigen::MatrixXd& a, const Eigen::RowVectorXd& mean) { return (a.rowwise() - mean).squaredNorm() / static_cast<double>(a.rows()); }

void check_clouds(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, bool unbiased) {
  if (x.cols() != y.cols()) throw InputError("energy distance", "the two clouds have different numbers of genes", "");
  if (x.rows() < (unbiased ? 2 : 1) || y.rows() < (unbiased ? 2 : 1)) throw InputError("energy distance", "a cloud has too few cells", "");
}

}  // namespace

EnergyParts energy_parts(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, EnergyPairs pairs, PairDistance distance) {
  const bool unbiased = pairs == EnergyPairs::unbiased;
  check_clouds(x, y, unbiased);
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows());
  if (distance == PairDistance::euclidean) return pair_means(x, y, {}, pairs);
  const Eigen::RowVectorXd mean_x = x.colwise().mean(), mean_y = y.colwise().mean();
  const double spread_x = spread(x, mean_x), spread_y = spread(y, mean_y);
  return {spread_x + spread_y + (mean_x - mean_y).squaredNorm(), 2 * spread_x * (unbiased ? n / (n - 1) : 1), 2 * spread_y * (unbiased ? m / (m - 1) : 1)};
}

double energy_distance(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, Eigen::MatrixXd* by_x, EnergyPairs pairs) {
  const bool unbiased = pairs == EnergyPairs::unbiased;
  check_clouds(x, y, unbiased);
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows());
  const double within_x = unbiased ? n * (n - 1) : n * n, within_y = unbiased ? m * (m - 1) : m * m;
  if (by_x) by_x->setZero(x.rows(), x.cols());
  const double between = pair_sum(x, y, 2 / (n * m), by_x);
  const double own_x = pair_sum(x, x, -2 / within_x, by_x);      // both ends of each pair move
  const double own_y = pair_sum(y, y, 0, nullptr);
  return 2 * between / (n * m) - own_x / within_x - own_y / within_y;
}

}  // namespace hyped
