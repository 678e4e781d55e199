// The metrics of both Virtual Cell Challenges on files that do not fit in memory: sums from one reading, then gene by gene in tiles.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// Hands over all rows in their order, in blocks, each time it is called (BackedMatrix::each_block).
using RowStream = std::function<void(const std::function<void(std::int64_t first_row, const SparseRows& rows)>&)>;

// Counts of cells. groups: the conditions, then the control; cells in none are left out of everything.
struct StreamedCells {
  RowStream each_block;
  std::vector<std::string> genes;      // [G]
  CellGroups groups;
  std::string where;                   // for errors
};

// What one reading gives. Sums of whole numbers: exact, in any order.
struct StreamedSums {
  Eigen::VectorXd libraries;                       // [N]
  ProfileMatrix sums;                              // [L x G] counts
  std::vector<std::int64_t> stored_of_gene;        // [G]
  std::int64_t stored = 0;
};
// InputError for a value that is negative or not whole (names cell and gene), or rows and genes that do not fit.
StreamedSums streamed_sums(const StreamedCells& cells);

// The columns [first, last) of all cells in memory.
SparseRows streamed_columns(const StreamedCells& cells, int first, int last);

struct StreamedScore {
  std::string dialect, id;                         // "cell-eval-0.6.6", "mae"
  std::vector<MetricValue> values;                 // [N conditions], or [1]
  bool over_all = false;
};
struct StreamedOptions {
  std::uint64_t tile_bytes = 400ULL << 20;         // of stored counts of one file; about six times as much is in memory at most
  double significance = 0.05;
};
struct StreamedVcc {
  std::vector<StreamedScore> scores;               // VCC-2025: mae, discrimination_score_l1, overlap_at_N; VCC-2026: the six
  int readings = 0;                                // of each file
  std::int64_t stored_truth = 0, stored_predicted = 0;
};
// Both files have the same genes and groups (checked); own_genes [N]. Numbers are those of the dialects cell-eval-0.6.6 and cell-eval2 in memory:
// tables and profiles are theirs, tile by tile; what is adjusted or summed over genes is put together at the end. Parallel, the same bytes for any threads.
StreamedVcc streamed_vcc(const StreamedCells& truth, const StreamedCells& predicted, const std::vector<std::vector<std::size_t>>& own_genes, const StreamedOptions& options = {});

}  // namespace hyped
