// One profile per group of cells: mean of logs, and sums of counts for every replicate.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct GroupProfiles {
  Eigen::MatrixXd mean;                    // [groups x G]
  Eigen::MatrixXd standard_error;          // [groups x G] between the cells of the group: says nothing of other cultures; 0 of one cell
  std::vector<int> cells;                  // [groups]
};
// Mean over cells of log-normalised values. group: [N] codes 0 .. groups-1, negative: in none. A group without cells is an InputError.
GroupProfiles mean_of_logs(const SparseRows& log_normalised, std::span<const int> group, std::span<const std::string> names);

// A profile per group and replicate that has cells, in the order of both.
struct GroupSums {
  std::vector<int> group, replicate;       // [profiles] codes
  std::vector<int> cells;                  // [profiles]
  Eigen::MatrixXd sum;                     // [profiles x G] of counts
  Eigen::VectorXd total;                   // [profiles]
  // ln(1 + target * sum / total), [profiles x G]; all 0 for a profile without counts.
  Eigen::MatrixXd log_normalised(double target) const;
};
// replicate: [N] codes; empty: one replicate. Cells with a negative code are in none.
GroupSums group_sums(const SparseRows& counts, std::span<const int> group, std::span<const int> replicate = {});

}  // namespace hyped
