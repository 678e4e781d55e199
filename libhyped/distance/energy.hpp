// Energy distance between two clouds of cells, with the gradient by the first cloud.
#pragma once
#include <Eigen/Core>

namespace hyped {

// 2 E|X - Y| - E|X - X'| - E|Y - Y'|, Euclidean norms: zero only for equal distributions. Rows are cells. Source: Szekely & Rizzo 2013,
// J Stat Plan Inference 143:1249. unbiased: pairs of a cell with itself do not count (U-statistic; may be slightly negative);
// else they do (V-statistic, never negative; the square of scipy.stats.energy_distance times one in one dimension).
enum class EnergyPairs { with_self, unbiased };

// x [N x D], y [M x D]. by_x, if not null, gets d distance / d x [N x D]; coinciding cells contribute no slope. O(D (N + M)^2) in blocks,
// parallel, the same bytes for any number of threads. InputError for clouds of different width, or fewer than two cells (unbiased).
double energy_distance(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, Eigen::MatrixXd* by_x = nullptr, EnergyPairs pairs = EnergyPairs::with_self);

// What d is in E = 2 mean d(x, y) - mean d(x, x') - mean d(y, y'). Four tools print four different E: Euclid with self pairs (cell-eval, pertpy's
// permutation test), Euclid unbiased (pertpy), squared Euclid unbiased (scPerturb, PerturBench). Squared: twice the squared distance of the means with
// self pairs, so that it sees nothing but means and is no distance between distributions.
enum class PairDistance { euclidean, squared_euclidean };

struct EnergyParts {
  double between = 0, within_x = 0, within_y = 0;      // mean distance over pairs
  double distance() const { return 2 * between - within_x - within_y; }
};
// x [N x D], y [M x D]; unit of the data, squared for squared_euclidean. Double throughout: the distance is a small difference of large means.
// Errors and threads as energy_distance. O(D (N + M)^2) for euclidean, O(D (N + M)) for squared.
EnergyParts energy_parts(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, EnergyPairs pairs = EnergyPairs::with_self, PairDistance distance = PairDistance::euclidean);

}  // namespace hyped
