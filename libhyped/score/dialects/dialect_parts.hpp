// What dialects are made of; internal to this folder.
#pragma once
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/dialects/dialects.hpp"
#include "libhyped/score/differential/de_metrics.hpp"

namespace hyped {

enum class MeanRule {
  nan_poisons,       // what is absent is skipped, one NaN makes the mean NaN (polars describe)
  worst_filled,      // what is absent counts with the worst value, or not at all where there is none
  nan_is_zero,       // GEARS
  defined_only,      // ours
};

DialectScores score_cell_eval(const ScoredPair& pair, std::string_view version, const DialectOptions& options);
DialectScores score_cell_eval2(const ScoredPair& pair, const DialectOptions& options);
DialectScores score_profile_dialect(const ScoredPair& pair, std::string_view dialect);       // perturbench, gears, ahlmann-eltze-huber, systema, shift, hyped-table3
DialectScores score_cell_distances(const ScoredPair& pair, std::string_view dialect, const DialectOptions& options);      // scperturb, pertpy
DialectScores score_strict(const ScoredPair& pair, const DialectOptions& options);

// Adds the metric with its means; conditions that the prediction has not are undefined ("missing: ...") whatever was computed for them.
void add_metric(DialectScores& scores, const ScoredPair& pair, DialectMetric metric, MeanRule rule);
// The metric as the catalogue has it, under the name the dialect gives it.
DialectMetric named(const Metric& metric, std::string id, std::string means, Choices choices, std::vector<MetricValue> values);
DialectMetric named(const DeMetric& metric, std::string id, std::string means, Choices choices, std::vector<MetricValue> values);

// Truth and prediction as tables; the prediction's cells against its own control, or against the measured one.
DeComparison tables_of(const ScoredPair& pair, const SparseRows& truth_logs, const SparseRows& predicted_logs, const DeSettings& settings, bool real_control);
// What a distance over all pairs would cost, cells^2 x genes.
double pair_work(const ScoredPair& pair);
// Cells of one group as rows [n x G].
Eigen::MatrixXd cloud_of(const SparseRows& logs, const CellGroups& groups, int group);

}  // namespace hyped
