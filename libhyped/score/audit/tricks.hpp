// Changes to a prediction that add no knowledge of the experiment: a sound metric does not reward them.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

// A prediction as it is handed in: a mean profile a condition and the control it came with.
struct Submission {
  ProfileMatrix means;                             // [N x G]
  Eigen::RowVectorXd control;                      // [G]
  ProfileMatrix change() const { return means.rowwise() - control; }
};

// What anyone knows without an experiment: which genes are targets, and how expression is scaled.
struct AuditScene {
  std::vector<std::vector<std::size_t>> own_genes;      // [N]
  double spike = 3;                                     // what a spiked gene is raised by, in the unit of the profiles
  std::uint64_t seed = 1;
};

struct Trick {
  std::string id;          // family, for example "scale"
  std::string setting;     // "x 3"
  std::string what;        // one line
  std::function<Submission(const Submission&, const AuditScene&)> apply;
};
// scale, shrink_to_mean, replicated_mean, control_twist, own_target, other_targets, label_shuffle, log1p_twice; in the order of tables.
std::vector<Trick> mean_tricks();

// Cells of a submission: rows are cells, values ln(1 + normalised); groups 0 .. N-1 are the conditions, group N is its control.
struct CellSubmission {
  SparseRows cells;
  CellGroups groups;
};
struct CellTrick {
  std::string id, setting, what;
  std::function<CellSubmission(const CellSubmission&, const AuditScene&)> apply;
};
// replicated_mean_cells (every cell is the mean of its group), variance (cells moved to or from their mean), shifted_control (control cells drawn again plus the
// mean change, clipped at 0), log1p_twice, label_shuffle, scale_clipped (each cell moved along its group's change, clipped at 0). Controls stay, but in log1p_twice.
std::vector<CellTrick> cell_tricks();

// A permutation without fixed points, drawn uniformly by rejection; of one it is the identity.
std::vector<std::size_t> derangement(std::size_t n, std::uint64_t seed);
// Change of the truth times `known` plus normal noise of the truth's own size, gene by gene: a model that knows a little.
Submission noisy_model(const Submission& truth, double known, double noise, std::uint64_t seed);

}  // namespace hyped
