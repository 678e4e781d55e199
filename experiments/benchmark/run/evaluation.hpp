// Predictions of every tested condition by every predictor, and their scores under every metric.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experiments/benchmark/run/condition_groups.hpp"
#include "experiments/benchmark/splits.hpp"
#include "libhyped/score/calibration/joint_scores.hpp"
#include "libhyped/score/metric.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {

// What is tested, over all folds.
struct TestedConditions {
  std::vector<int> condition;      // [N] into the cells' conditions
  std::vector<int> fold;           // [N]
};
TestedConditions tested_conditions(const BenchmarkCells& cells, const BenchmarkSplit& split);

// Training data of one fold: its learned conditions and the controls of all contexts.
ResponseProfiles training_of(const BenchmarkCells& cells, const SplitFold& fold, const ConditionGroups& groups, const ProfileMatrix& group_means);

// What a predictor says of all tested conditions, [N x G], with what it fell back to.
PredictedProfiles predict_tested(const BenchmarkCells& cells, const BenchmarkSplit& split, const TestedConditions& tested, const ConditionGroups& groups, const ProfileMatrix& group_means, const Predictor& predictor,
                                 std::uint64_t seed);

// Truth beside which predictions are put; predicted is the control. perturbed_mean: of the fold's learned conditions in the context.
EffectComparison truth_comparison(const BenchmarkCells& cells, const BenchmarkSplit& split, const TestedConditions& tested, const ConditionGroups& groups, const ProfileMatrix& group_means);
// Test statistics of the truth and squared errors of the means, for metrics that weigh genes. Parallel over genes.
void add_evidence(EffectComparison& truth, const BenchmarkCells& cells, const TestedConditions& tested, const ConditionGroups& groups);
// Groups of truth and control of each tested condition.
CellsBehind cells_behind(const BenchmarkCells& cells, const TestedConditions& tested, const ConditionGroups& groups);

// Mean over what is defined.
MetricValue mean_over(const std::vector<MetricValue>& values);

}  // namespace hyped
