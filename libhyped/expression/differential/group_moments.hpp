// Mean, variance and share of expressing cells of every gene in every group of cells.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// What a stored value is taken as: itself, or exp(value) - 1 (log1p undone).
enum class MomentScale { stored, log1p_undone };

struct GroupMoments {
  Eigen::MatrixXd mean, variance;       // [G x L], variance with n - 1 (0 for one cell)
  Eigen::MatrixXd expressing;           // [G x L] cells with a value other than 0
  std::vector<std::int64_t> cells;      // [L]
};

// genes: one row per gene (see transposed()). Two passes per gene in double; same bytes for any number of threads.
GroupMoments group_moments(const SparseRows& genes, const CellGroups& groups, MomentScale scale);
// The same for the cells of all groups but one, for every one (Chan, Golub & LeVeque 1983, Am Stat 37:242).
GroupMoments moments_of_rest(const GroupMoments& moments);

// InputError with gene and cell for a value that is NaN or infinite, or negative if `negative_too`.
void require_values(const SparseRows& genes, const std::vector<std::string>& gene_names, bool negative_too, const std::string& where);

}  // namespace hyped
