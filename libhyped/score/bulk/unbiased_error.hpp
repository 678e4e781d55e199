// Squared error of pseudobulk profiles without the noise of sampling cells: delete-1 jackknife of sums of counts.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// ln(1 + target * counts of a gene / all counts), of sums over the cells of a group: sees totals only, not the spread of single cells.
struct GroupSumProfiles {
  std::vector<std::string> groups;      // [L]
  ProfileMatrix profile;                // [L x G], 0 where a group has no counts
  Eigen::VectorXd noise;                // [L], jackknife variance of the profile summed over genes; 0 for fewer than two cells
  std::vector<std::int64_t> cells;      // [L]
};
// counts: cells as rows. Source: cell-eval2 (VCC-2026), where 5e4 was chosen for the bias of this jackknife (0.3 %). O(cells x genes) logarithms.
// Parallel, the same bytes for any number of threads. InputError: a value that is negative or not whole.
GroupSumProfiles group_sum_profiles(const SparseRows& counts, const CellGroups& groups, double target = 5e4, bool with_noise = true);

// The jackknife variance of one group's ln(1 + target * P / total), summed over the genes of `counts` (all of them, or some: it adds up over genes).
// cells: rows of the group; libraries [rows], of all genes; sums [G] of the group's counts; total of all genes.
double jackknife_noise(const SparseRows& counts, const std::vector<int>& cells, const Eigen::VectorXd& libraries, const Eigen::ArrayXd& sums, double total, double target);

// (||prediction - truth||^2 - noise) / (||truth - control||^2 - noise), sums over conditions in both: 0 the truth, 1 the control; may be negative.
// The noise taken off for the prediction is at most that of the truth, and in sum at most what the predictions differ among themselves.
struct UnbiasedError {
  MetricValue ratio;
  std::vector<MetricValue> numerator, denominator;      // [N], mean over genes
  double capped = 1;                                    // share of the predictions' noise that was taken off (rho)
};
// Rows of the three are the conditions in one order, control has one row for all; own_genes as in EffectComparison, left out of the squared distances.
struct NoisyProfiles {
  ProfileMatrix profile;      // [N x G]
  Eigen::VectorXd noise;      // [N]
};
UnbiasedError unbiased_capped_error(const NoisyProfiles& truth, const NoisyProfiles& predicted, const NoisyProfiles& control, const std::vector<std::vector<std::size_t>>& own_genes);

}  // namespace hyped
