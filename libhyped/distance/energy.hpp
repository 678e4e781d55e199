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

}  // namespace hyped
