// One prediction between no change and a second measurement.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/benchmark/score/score_pair.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"

namespace hyped {
namespace {

ProfileMatrix rows_kept(const ProfileMatrix& m, const std::vector<Eigen::Index>& rows) {
  if (m.rows() == 0) return m;
  ProfileMatrix out(static_cast<Eigen::Index>(rows.size()), m.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = m.row(rows[i]);
  return out;
}

}  // namespace

std::optional<ScoreRange> shown_range(const CalibratedScore& s) { return s.ranges.both ? s.ranges.both : s.ranges.cells; }

std::vector<MetricCalibration> calibrated_pair(const ScoredPair& pair, const ScoreCalibrationOptions& options) {
  EffectComparison all = effect_comparison(pair, pair.log_target, false);
  const SparseRows logs = logs_of(pair.truth, pair.predicted ? pair.log_target : pair.means_target);
  std::vector<Eigen::Index> rows;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (!pair.missing[i]) rows.push_back(static_cast<Eigen::Index>(i));
  if (rows.empty()) return {};
  EffectComparison kept = all;
  kept.conditions.clear(), kept.own_genes.clear();
  CellsBehind cells{&logs, &pair.truth.groups, {}, {}, pair.replicate_of.empty() ? nullptr : &pair.replicate_of, true};
  for (const auto row : rows) {
    kept.conditions.push_back(all.conditions[static_cast<std::size_t>(row)]);
    kept.own_genes.push_back(all.own_genes[static_cast<std::size_t>(row)]);
    cells.of_condition.push_back(static_cast<int>(row)), cells.of_control.push_back(pair.control_group());
  }
  for (ProfileMatrix* m : {&kept.truth, &kept.predicted, &kept.control, &kept.predicted_control, &kept.perturbed_mean, &kept.truth_error, &kept.control_error}) *m = rows_kept(*m, rows);
  kept.predicted_control = kept.control;      // the measured control on both sides, as the strict preset
  ScoredModel prediction{"prediction", kept, {}}, still{"no change", kept, {}};
  still.pair.predicted = kept.control;
  // no change is the control of the day
  const auto controls = cells.of_control;
  still.again = [controls](const ProfileMatrix& means) {
    ProfileMatrix out(static_cast<Eigen::Index>(controls.size()), means.cols());
    for (std::size_t i = 0; i < controls.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = means.row(controls[i]);
    return out;
  };
  std::vector<Metric> metrics;
  for (const char* id : {"l2_delta", "mse", "mae", "pearson", "cosine", "pearson_delta", "spearman_delta", "cosine_delta", "pearson_perturbed_mean", "r2_delta", "direction", "pds_cosine", "pds_l2"}) metrics.push_back(bulk_metric(id, OwnGenes::left_out));
  return calibrate({prediction, still}, 1, metrics, cells, options);
}

void report_calibrated(RunDirectory& run, const ScoredPair& pair, const std::vector<MetricCalibration>& metrics) {
  if (metrics.empty()) return;
  const std::string drawn = pair.replicate_of.empty() ? "cells" : "replicates";
  Table table({{"metric", "", ""}, {"score", "", "mean over predicted conditions"}, {"lower", "", fmt::format("95 % over {} and perturbations", drawn)}, {"upper", "", ""}, {"no_change", "", "the floor"}, {"ceiling", "", "another experiment with as many cells, or one half of the cells for the other"}, {"ceiling_kind", "", ""}, {"scaled", "1", "0: no change, 1: the ceiling"}, {"scaled_lower", "1", "Fieller, 95 %"}, {"scaled_upper", "1", ""}, {"against_no_change", "", ""}, {"why_no_scaled", "", ""}});
  Table bars({{"panel", "", ""}, {"axis", "", ""}, {"name", "", ""}, {"role", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"floor", "", ""}, {"ceiling", "", ""}, {"most", "", "the metric has no larger value"}});
  const std::vector<std::string> panels{"l2_delta", "pearson_delta", "pds_cosine"};
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (!pair.missing[i]) conditions.push_back(pair.conditions[i]);
  const std::size_t shown = std::min<std::size_t>(conditions.size(), 30);
  for (const auto& m : metrics) {
    const CalibratedScore& s = m.models[0];
    const auto range = shown_range(s);
    table.add_row({m.metric, s.mean ? cell_of(*s.mean) : Cell{}, range ? cell_of(range->lower) : Cell{}, range ? cell_of(range->upper) : Cell{}, m.floor_mean ? cell_of(*m.floor_mean) : Cell{}, m.ceiling_mean ? cell_of(*m.ceiling_mean) : Cell{}, std::string(to_string(m.ceiling)), s.scaled.value ? cell_of(*s.scaled.value) : Cell{},
                   s.scaled.lower ? cell_of(*s.scaled.lower) : Cell{}, s.scaled.upper ? cell_of(*s.scaled.upper) : Cell{}, std::string(to_string(s.against_floor)), s.scaled.refused_because});
    if (std::find(panels.begin(), panels.end(), m.metric) == panels.end() || !s.mean) continue;
    const std::string axis = fmt::format("{} is better{}", m.better == Better::higher ? "higher" : "lower", m.separates ? "" : ", not calibrated");
    const Cell most = m.better == Better::higher ? Cell(1.0) : Cell{};      // correlations and discrimination end at 1
    const Cell floor = m.floor_mean ? cell_of(*m.floor_mean) : Cell{}, ceiling = m.ceiling_mean ? cell_of(*m.ceiling_mean) : Cell{};
    bars.add_row({m.metric, axis, fmt::format("mean of {}", conditions.size()), std::string("model"), cell_of(*s.mean), range ? cell_of(range->lower) : Cell{}, range ? cell_of(range->upper) : Cell{}, floor, ceiling, most});
    if (!m.joint.global() && conditions.size() > 1)
      for (std::size_t i = 0; i < shown; ++i)
        if (const auto& v = m.joint.values[0][i].value) bars.add_row({m.metric, axis, conditions[i], std::string("baseline"), cell_of(*v), Cell{}, Cell{}, floor, ceiling, most});
  }
  run.add_table("calibrated", table, fmt::format("Strict metrics on mean profiles between no change and the ceiling, with intervals over {} and perturbations. {}", drawn, pair.replicate_of.empty() ? "They hold for other cells of these cultures, not for other cultures." : "They hold for other replicates of this kind."));
  if (bars.rows().empty() || bars.rows().size() > 300) return;
  report::add_figure(run, {"scores", fmt::format("Scores of the prediction{}. Floor: no change. Ceiling: a second measurement ({}). The bar of the mean is 95 % over {} and perturbations; single conditions have none here.", shown < conditions.size() ? fmt::format(", the first {} of {} conditions and the mean of all", shown, conditions.size()) : ", each condition and the mean", to_string(metrics.front().ceiling), drawn),
                           "scores", {{"rows", bars}}, {{"role_names", "single condition|mean of conditions|"}}, "answer"});
}

}  // namespace hyped
