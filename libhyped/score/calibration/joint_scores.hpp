// Scores of several models on the same conditions, with what other cells and other perturbations would change.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/score/calibration/cell_resamples.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

struct ScoredModel {
  std::string name;
  EffectComparison pair;      // same genes and conditions in all models
  // The prediction [N x G] again from other means of the groups [L x G], for models that were learned from these cells; empty: the prediction stays as it is.
  std::function<ProfileMatrix(const ProfileMatrix& group_means)> again;
};

// The cells behind the measured profiles: condition i is the mean of the cells of group of_condition[i], its control that of of_control[i].
struct CellsBehind {
  const SparseRows* cells = nullptr;      // [n x G], columns as in the comparison; none: nothing is said about other cells
  const CellGroups* groups = nullptr;     // [L]
  std::vector<int> of_condition, of_control;      // [N]
  const std::vector<std::int32_t>* replicates = nullptr;      // [n] guide, donor or well of each cell, drawn whole (see CellResamples); none: cells are drawn
  bool common_control = false;                                // changes of truth and prediction are from the same control cells: those of a second measurement are too
};
// InputError unless the means of the cells are the truth and control of the comparison, to 1e-5 of the largest (cells are floats).
void check_cells_behind(const CellsBehind& cells, const EffectComparison& pair);
// The comparison with truth and control taken from these means of groups, the prediction made again where it can be.
EffectComparison with_means(const ScoredModel& model, const CellsBehind& cells, const ProfileMatrix& group_means);

struct JointScores {
  std::string metric;
  Better better = Better::higher;
  std::vector<std::string> models;                          // [M]
  std::vector<std::vector<MetricValue>> values;             // [M][N]; a metric over all conditions at once: [M][1]
  std::vector<std::vector<double>> pseudo_values;           // [M][N] jackknife over conditions, for the latter alone
  std::vector<std::optional<double>> mean;                  // [M] over what is defined
  std::vector<std::size_t> defined;                         // [M]
  // Of the means if cells were drawn again; 0 x 0 without cells. Shared: without what each condition has of its own, which differences between
  // conditions hold already (the common control, training cells).
  Eigen::MatrixXd cell_covariance, shared_covariance;       // [M x M]
  Eigen::VectorXd noise_shift;                              // [M] mean over draws - mean: what measuring adds to the score (errors grow, correlations fall)
  std::vector<std::vector<double>> draws;                   // [M][D] means; of errors and correlations with what is linear in the draw alone
  double freedom = 0;                                       // degrees of freedom of the covariances
  int undefined_in_draws = 0;                               // values that some draw lacks; the measured value stands for them

  std::size_t conditions() const { return values.empty() ? 0 : values.front().size(); }
  bool global() const { return !pseudo_values.empty(); }
  double sign() const { return better == Better::higher ? 1 : -1; }
  // One number a condition: the values, or pseudo-values of a metric over all; NaN where there is none.
  std::vector<double> units(std::size_t model) const;
};

struct DrawOptions {
  std::uint64_t seed = 1;
  int cells = 200;      // draws of all cells; 0: none
};
// One entry a metric. Metrics are evaluated (1 + draws) times for every model. Errors and correlations (a law of depth is known) are evaluated a quarter of a
// draw's step away, both ways: a draw itself has twice the noise, which blunts what a correlation feels. Parallel, same bytes for any number of threads.
std::vector<JointScores> score_jointly(const std::vector<ScoredModel>& models, const std::vector<Metric>& metrics, const CellsBehind& cells, const DrawOptions& options);

// A score with its interval. Three things may be drawn again: cells of these conditions, perturbations out of all such, both.
struct ScoreRange {
  double estimate = 0, se = 0, lower = 0, upper = 0;
};
struct ScoreRanges {
  std::optional<ScoreRange> cells, perturbations, both;
};
// Has the metric no value beyond its perfect one? Debiased errors and U-statistics may be negative, numbers of genes have no best.
bool ends_at_perfect(const std::string& metric);
// The interval without values that the metric cannot have: beyond a perfect score (an error below 0, a correlation above 1), or worse than its worst.
ScoreRange within_bounds(ScoreRange range, const std::string& metric, Better better, double perfect, const std::optional<double>& worst);
struct RangeOptions {
  std::uint64_t seed = 1;
  double level = 0.95;
  int draws = 2000;
};
// Mean of a linear combination of models (weights [M]: one model, or 1 and -1), over conditions where all that have weight are defined. Other
// perturbations: bootstrap percentiles, widened for small N as Student's t (Hesterberg 2015, Am Stat 69:371) from N = 10; Student's t below. Both: with the
// covariance that conditions share added (with the degrees of freedom of the draws), since differences between conditions hold the rest of the cells' noise
// already. Empty where there is nothing to say.
ScoreRanges ranges_of(const JointScores& scores, const std::vector<double>& weights, const RangeOptions& options);
// Mean of given values by perturbations, with an added variance of the mean that all share, known with `freedom` degrees (0: well).
std::optional<ScoreRange> range_over_perturbations(const std::vector<double>& values, double shared_variance, const RangeOptions& options, double freedom = 0);

}  // namespace hyped
