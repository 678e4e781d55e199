// One profile per group of cells: the mean of logs. Sums of counts per group and replicate are in replicates/pseudobulk.hpp.
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

}  // namespace hyped
