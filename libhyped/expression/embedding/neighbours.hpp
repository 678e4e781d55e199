// Nearest neighbours of every point, exact.
#pragma once
#include <Eigen/Core>

namespace hyped {

using PointMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;      // [N x D], a point per row

struct Neighbours {
  Eigen::Matrix<int, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> index;      // [N x k] nearest first; the point itself is none of them
  PointMatrix distance;                                                           // [N x k] Euclidean
};
// All pairs in blocks: N * N * D operations (20,000 points of 50: about a second). Equal distances: lower index first.
// InputError if there are not more than k points.
Neighbours nearest_neighbours(const PointMatrix& points, int k);

}  // namespace hyped
