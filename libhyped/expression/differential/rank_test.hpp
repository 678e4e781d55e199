// Wilcoxon rank-sum tests of all genes and all groups of cells, pooled or within replicates.
#pragma once
#include <vector>

#include "libhyped/distance/rank_sums.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

constexpr int the_rest = -1;      // as a reference: all other cells that are in a group

// genes: one row per gene (see transposed()); values may be negative but not NaN, and what is not stored is zero.
// One sort per gene serves all groups; same bytes for any number of threads. Result [G x L], gene by gene; rows of the reference are empty tests.
std::vector<RankSum> rank_test(const SparseRows& genes, const CellGroups& groups, int reference);
// The same of cells as rows: genes are turned around a block at a time, with no second copy of the matrix.
std::vector<RankSum> rank_test_of_cells(const SparseRows& cells, const CellGroups& groups, int reference);

// Rank sums within each stratum (replicate, culture, library), put together by van Elteren's weights. A difference between strata, of
// whatever size, then cannot pass for one between groups; but the strata are taken as given: the result speaks of these cultures.
// InputError if a group shares no stratum with its reference.
std::vector<StratifiedRankSum> rank_test_within(const SparseRows& genes, const CellGroups& groups, int reference, const CellGroups& strata);

}  // namespace hyped
