// Which cells stand for a condition where it is learned from and where it is the truth.
#pragma once
#include <cstdint>
#include <vector>

#include "experiments/benchmark/benchmark_cells.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

// Controls are two groups, disjoint halves of their cells, unless shared: predictions start from one, truth is compared with the other.
// Perturbed conditions are one group.
struct ConditionGroups {
  CellGroups groups;                          // [K]
  std::vector<int> learned, truth;            // [L] group of each condition
  std::vector<std::int64_t> learned_cells;    // [L]
  bool shared_control = false;

  ProfileMatrix learned_of(const ProfileMatrix& means) const;      // [K x G] to [L x G]
  ProfileMatrix truth_of(const ProfileMatrix& means) const;
};
// The halves are a function of the seed and the cells' names. InputError: a control of fewer than four cells that is to be halved.
ConditionGroups condition_groups(const BenchmarkCells& cells, std::uint64_t seed, bool shared_control);

}  // namespace hyped
