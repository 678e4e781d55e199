// Is the order of a time series the right one? Roughness of the path, against random orders and against blocks turned round.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "libhyped/observe/expression_series.hpp"

namespace hyped {

// Sum of squared steps over sum of squares about the mean, in the order given; white noise: about 2. mean [G x T].
double roughness(const Eigen::MatrixXd& mean, std::span<const int> order = {});

struct TimeOrderTest {
  double labels = 0, numbers = 0;              // roughness in either order; numbers: NaN if not known
  double share_labels = 0, share_numbers = 0;  // (b + 1) / (N + 1), b of N random orders as smooth or smoother; numbers: NaN if not known
  int random_orders = 0;
  std::vector<std::pair<int, int>> blocks;     // first and last time point of runs within which sample numbers fall as time rises
  std::vector<double> orientations;            // roughness with every choice of blocks turned, ascending; bit k of its index: block k turned
  std::vector<int> orientation_index;          // [2^blocks] which choice stands there
  int labels_rank = 0, numbers_rank = 0;       // 1: smoothest of the orientations; 0: not among them
  bool doubtful() const;                       // the numbers' order is smoother, and 20 times fewer random orders reach it
};

// `course` in the order of its labels. Random orders come from stream (seed, n). At most 16 blocks are turned.
TimeOrderTest test_time_order(const ExpressionCourse& course, int random_orders = 100000, std::uint64_t seed = 1);

}  // namespace hyped
