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
class CellResamples {
 public:
  // cells [n x G], values as they are averaged in profiles. InputError: a group without cells.
  CellResamples(const SparseRows& cells, const CellGroups& groups, std::uint64_t seed);

  int groups() const { return static_cast<int>(members_.size()); }
  int genes() const { return cells_.columns; }
  std::size_t cells_of(int group) const { return members_[static_cast<std::size_t>(group)].size(); }
  std::span<const std::int32_t> rows_of(int group) const { return members_[static_cast<std::size_t>(group)]; }      // ascending
  // Row `row` of out[w] becomes the sum of the group's cells with weights [cells x out.size()].
  void weighted_sums(int group, std::span<const double> weights, std::span<ProfileMatrix* const> out, int row) const;

  // Means as measured, [L x G].
  ProfileMatrix means() const;
  // Draws first, first + 1, ... of the bootstrap: as many cells as there are, with replacement (multinomial weights). Each result [L x G].
  // A few at a time (8, say) read the matrix once for all. Parallel over groups, same bytes for any number of threads.
  void bootstrap(int first, std::span<ProfileMatrix> draws) const;
  // Draws first, first + 1, ... of directions: each cell's distance from its group's mean with a random sign, summed over n; the variance is that of a mean of n cells.
  // Signs have no square that varies: what is quadratic in such a draw varies as it does over experiments, in a bootstrap far more where genes are many. Groups of one cell: 0.
  void directions(int first, std::span<ProfileMatrix> draws) const;
  // Two disjoint parts of share * cells each (share <= 1/2; at least one cell). A group of one cell has it in both parts: see `splittable`.
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
  std::uint64_t seed_;
};

}  // namespace hyped
