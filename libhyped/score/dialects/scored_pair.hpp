// What was measured and what was predicted, brought to the same genes and conditions: the one input that every dialect scores.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/score/bulk/unbiased_error.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

enum class CellScale { counts, logs };      // logs: ln(1 + normalised)

struct ScoredCells {
  SparseRows cells;                    // [N cells x G]
  CellGroups groups;                   // the conditions of the pair in their order, then its control; a prediction may have no cells of control
  CellScale scale = CellScale::counts;
};

struct ScoredPair {
  std::vector<std::string> genes;                          // [G]
  std::vector<std::string> conditions;                     // [N], by name
  std::string control;
  ScoredCells truth;
  std::vector<std::int32_t> replicate_of;                  // [cells of truth] guide, donor or well, -1: none; empty: cells are drawn for intervals
  std::optional<ScoredCells> predicted;                    // none: the prediction is `predicted_means`
  ProfileMatrix predicted_means;                           // [N x G] mean of logs; 0 x 0 where there are cells
  std::optional<Eigen::RowVectorXd> predicted_control;     // [G] mean of logs, where means were given with one
  std::vector<char> missing;                               // [N], 1: the prediction has not this condition (rows are then the control, scores the worst)
  std::vector<std::vector<std::size_t>> own_genes;         // [N]
  ProfileMatrix perturbed_mean;                            // [N x G] of training conditions, 0 x 0: of the truth's
  double means_target = 1e4;                               // that predicted_means are logs of (0: the file's median total)
  double log_target = 1e4;                                 // counts per cell that logs are normalised to where a dialect names none
  std::string where;                                       // for errors

  int control_group() const { return static_cast<int>(conditions.size()); }
  bool predicted_has_control() const;
};

// Cells as ln(1 + share of the cell * target). target 0: the file's median total. Logs are taken as they are, unless `rescale` asks for that target
// (shares within a cell are known from logs). A cell without counts stays 0.
SparseRows logs_of(const ScoredCells& cells, double target, bool rescale = false);
// Counts as scanpy leaves them in 32 bits: count / (total / target), then ln(1 + x), each step rounded. Equal shares of different cells then differ by a rounding
// here and there, which breaks ties of rank tests: cell-eval has these broken ties in its p-values. Logarithms are taken as they are. target 0: the median.
SparseRows scanpy_logs(const ScoredCells& cells, double target);
// Mean over the cells of each group [L x G]; groups without cells are 0.
ProfileMatrix group_means(const SparseRows& logs, const CellGroups& groups, ProfileMatrix* squared_errors = nullptr);

// Both sides as mean profiles (of logs per `target`; where the prediction is means, per means_target, on both sides): measured control, the prediction's own control where it has one, own genes, errors of means, tests for top genes and
// weights (from the truth's cells; left out if with_tests is false).
EffectComparison effect_comparison(const ScoredPair& pair, double target, bool with_tests);

}  // namespace hyped
