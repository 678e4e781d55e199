// Means of groups of cells when cells are drawn again or split into disjoint parts.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

// How cells of a group are put into two parts: at random, or every second cell in the order of the file (first, third, ... are the first part).
enum class SplitRule { random, alternate };

// Draws and splits of each group by itself; number k is a function of (seed, k, group) alone. The matrix must stay as it is.
// Replicates (guides, donors, wells) are drawn and split whole where a group has two or more: cells of one are alike, and drawing them one by one would not show
// how much guides differ. Whole clusters, no cells within them: the rule that keeps the variance of a mean (Davison & Hinkley 1997, section 3.8).
class CellResamples {
 public:
  // cells [n x G], values as they are averaged in profiles. replicates [n]: number of each cell's replicate, below 0 for none (such a cell is one of its own);
  // none or empty: cells are drawn. InputError: a group without cells.
  CellResamples(const SparseRows& cells, const CellGroups& groups, std::uint64_t seed, const std::vector<std::int32_t>* replicates = nullptr);

  int groups() const { return static_cast<int>(members_.size()); }
  int genes() const { return cells_.columns; }
  std::size_t cells_of(int group) const { return members_[static_cast<std::size_t>(group)].size(); }
  std::span<const std::int32_t> rows_of(int group) const { return members_[static_cast<std::size_t>(group)]; }      // ascending
  // What is drawn of a group: its replicates, or its cells where there is no second replicate. unit_of: of each cell of rows_of, 0 to units_of - 1.
  std::size_t units_of(int group) const { return unit_count_[static_cast<std::size_t>(group)]; }
  std::span<const std::int32_t> unit_of(int group) const { return units_[static_cast<std::size_t>(group)]; }
  bool by_replicates(int group) const { return replicated_[static_cast<std::size_t>(group)] != 0; }
  // Degrees of freedom of what is known of these groups: their fewest replicates less one; infinite where cells are drawn of all.
  double freedom_of(std::span<const int> groups) const;
  // Row `row` of out[w] becomes the sum of the group's cells with weights [cells x out.size()].
  void weighted_sums(int group, std::span<const double> weights, std::span<ProfileMatrix* const> out, int row) const;

  // Means as measured, [L x G].
  ProfileMatrix means() const;
  // Draws first, first + 1, ... of the bootstrap: as many cells (replicates) as there are, with replacement (multinomial weights). Each result [L x G].
  // Drawn replicates move a mean by root(R / (R - 1)) as much, which makes the variance that of a mean of R replicates.
  // A few at a time (8, say) read the matrix once for all. Parallel over groups, same bytes for any number of threads.
  void bootstrap(int first, std::span<ProfileMatrix> draws) const;
  // Draws first, first + 1, ... of directions: each cell's (replicate's) distance from its group's mean with a random sign, summed over n; the variance is that of a mean of n cells.
  // Signs have no square that varies: what is quadratic in such a draw varies as it does over experiments, in a bootstrap far more where genes are many. Groups of one cell: 0.
  void directions(int first, std::span<ProfileMatrix> draws) const;
  // Two disjoint parts of share * cells each (share <= 1/2; at least one cell). A group of one cell has it in both parts: see `splittable`.
  // Random halves of a group with replicates are halves of its replicates.
  void split(int number, SplitRule rule, double share, ProfileMatrix& one, ProfileMatrix& other) const;
  // Groups of fewer than two cells cannot be split.
  bool splittable(int group) const { return cells_of(group) >= 2; }
  // Which cells (rows) of a group are in the two parts, ascending.
  struct Parts {
    std::vector<std::int32_t> one, other;
  };
  Parts parts(int number, SplitRule rule, double share, int group) const;

 private:
  const SparseRows& cells_;
  std::vector<std::vector<std::int32_t>> members_;      // [L] rows, ascending
  std::vector<std::vector<std::int32_t>> units_;        // [L] of each member
  std::vector<std::size_t> unit_count_;                 // [L]
  std::vector<char> replicated_;                        // [L]
  std::uint64_t seed_;
};

}  // namespace hyped
