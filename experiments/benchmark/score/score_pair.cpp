// Scores of all dialects as tables and sentences.
#include "experiments/benchmark/score/score_pair.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/score/calibration/joint_scores.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

Cell value_cell(const MetricValue& value) { return value.value ? cell_of(*value.value) : Cell{}; }
// A number that no table can hold is named in words.
std::string why(const MetricValue& value) {
  if (!value.value) return value.undefined_because;
  return std::isfinite(*value.value) ? "" : "not finite";
}
std::string better_words(const DialectMetric& m) { return m.better == Better::higher ? "higher" : "lower"; }

Table scores_table(const ScoredPair& pair, const std::vector<DialectScores>& all) {
  Table table({{"condition", "", "empty: one value over all conditions"}, {"metric", "", ""}, {"preset", "", "whose definition"}, {"value", "", ""}, {"why_undefined", "", "empty where there is a value"}, {"better", "", ""}, {"formula", "", ""}});
  for (const DialectScores& scores : all)
    for (const DialectMetric& m : scores.metrics)
      for (std::size_t i = 0; i < m.values.size(); ++i) table.add_row({m.over_all ? std::string() : pair.conditions[i], m.id, scores.dialect, value_cell(m.values[i]), why(m.values[i]), better_words(m), m.formula});
  return table;
}

const DialectMetric* find_metric(const std::vector<DialectScores>& all, const std::string& dialect, const std::string& id) {
  for (const DialectScores& scores : all)
    if (scores.dialect == dialect)
      for (const DialectMetric& m : scores.metrics)
        if (m.id == id) return &m;
  return nullptr;
}

// One number a condition, what is missing or undefined at the metric's worst value, or at no change's where errors are unbounded.
std::optional<double> filled_mean(const DialectMetric& m, const DialectMetric* floor) {
  if (m.filled.value) return m.filled.value;
  if (m.over_all || floor == nullptr || floor->values.size() != m.values.size() || m.values.empty()) return {};
  double sum = 0;
  for (std::size_t i = 0; i < m.values.size(); ++i) {
    const auto value = m.values[i].value ? m.values[i].value : floor->values[i].value;
    if (!value) return {};
    sum += *value;
  }
  return sum / static_cast<double>(m.values.size());
}

// The mean if other perturbations had been measured: 95 %.
std::optional<ScoreRange> range_of(const DialectMetric& m, std::uint64_t seed) {
  std::vector<double> values;
  for (const auto& v : m.values) values.push_back(v.value && std::isfinite(*v.value) ? *v.value : std::numeric_limits<double>::quiet_NaN());
  if (m.over_all) return {};
  auto range = range_over_perturbations(values, 0, {.seed = seed});
  if (range) range = within_bounds(*range, m.id, m.better, m.perfect, m.worst);
  return range;
}

Table means_table(const PairScores& scores, std::uint64_t seed) {
  Table table({{"preset", "", ""}, {"metric", "", ""}, {"mean", "", "over the conditions where it is defined"}, {"lower", "", "95 % over perturbations"}, {"upper", "", ""}, {"defined", "", "conditions in the mean"}, {"of", "", "conditions"}, {"filled_mean", "", "undefined and missing ones at the metric's worst value, or at no change's where there is no worst"}, {"harness_mean", "", "as the harness itself averages"}, {"why_no_harness_mean", "", ""},
               {"no_change", "", "mean for the measured control as prediction; empty: it has no cells to test"}, {"better", "", ""}, {"perfect", "", ""}});
  for (const DialectScores& s : scores.prediction)
    for (const DialectMetric& m : s.metrics) {
      const DialectMetric* floor = find_metric(scores.no_change, s.dialect, m.id);
      const auto range = range_of(m, seed);
      const auto filled = filled_mean(m, floor);
      table.add_row({s.dialect, m.id, value_cell(m.masked.mean), range ? cell_of(range->lower) : Cell{}, range ? cell_of(range->upper) : Cell{}, static_cast<std::int64_t>(m.masked.defined), static_cast<std::int64_t>(m.masked.of), filled ? cell_of(*filled) : Cell{}, value_cell(m.harness_mean), why(m.harness_mean), floor ? value_cell(floor->masked.mean) : Cell{}, better_words(m), cell_of(m.perfect)});
    }
  return table;
}

Table same_name_table(const std::vector<SameNameRow>& rows) {
  Table table({{"meaning", "", ""}, {"preset", "", ""}, {"metric", "", "as the preset calls it"}, {"mean", "", ""}, {"defined", "", ""}, {"of", "", ""}, {"harness_mean", "", ""}, {"differs", "", "from the first preset of the same meaning"}});
  for (const SameNameRow& r : rows) table.add_row({r.means, r.dialect, r.id, value_cell(r.mean), static_cast<std::int64_t>(r.defined), static_cast<std::int64_t>(r.of), value_cell(r.harness_mean), r.differs});
  return table;
}

// The strict numbers that people ask for first, each beside no change.
void answer(RunDirectory& run, const ScoredPair& pair, const PairScores& scores, const std::vector<MetricCalibration>& calibrated, std::uint64_t seed) {
  // the same metric as it was calibrated: its interval counts the noise of the cells too
  const auto quoted = [&](const std::string& id, const DialectMetric& m) {
    for (const auto& c : calibrated)
      if (c.metric == (id == "l2" ? "l2_delta" : id) && c.models[0].mean && std::abs(*c.models[0].mean - *m.masked.mean.value) <= 1e-6 * std::abs(*m.masked.mean.value)) return shown_range(c.models[0]);
    return std::optional<ScoreRange>();
  };
  const std::string drawn = pair.replicate_of.empty() ? "cells" : "replicates";
  for (const char* id : {"pearson_delta", "l2", "pds_cosine", "overlap_at_N"}) {
    const DialectMetric *m = find_metric(scores.prediction, "strict", id), *floor = find_metric(scores.no_change, "strict", id);
    if (m == nullptr) continue;
    if (!m->masked.mean.value) {
      run.add_answer(fmt::format("{}: {} ({} conditions).", id, m->masked.mean.undefined_because, m->masked.of));
      continue;
    }
    const auto wide = quoted(id, *m);
    const auto range = wide ? wide : range_of(*m, seed);
    const auto filled = filled_mean(*m, floor);
    run.add_answer(fmt::format("{}: {:.4g}{}{} over {} of {} conditions ({} is better){}.", id, *m->masked.mean.value, range ? fmt::format(" [{:.4g}, {:.4g}, 95 % over {}perturbations]", range->lower, range->upper, wide ? drawn + " and " : "") : "", m->masked.defined < m->masked.of && filled ? fmt::format(", {:.4g} with the others (undefined or not predicted) at no change's or the worst value,", *filled) : "", m->masked.defined, m->masked.of, better_words(*m),
                               floor == nullptr ? "; no change has no cells to test" : floor->masked.mean.value ? fmt::format("; no change: {:.4g}", *floor->masked.mean.value) : "; no change: " + floor->masked.mean.undefined_because));
    run.add_result(std::string("strict_") + id, *m->masked.mean.value, fmt::format("mean of {} of {} conditions", m->masked.defined, m->masked.of));
  }
}

}  // namespace

PairScores score_pair(const ScoredPair& pair, const std::vector<std::string>& presets, const DialectOptions& options) {
  std::vector<std::string> names = presets;
  if (names.empty())
    for (const Dialect& d : dialects()) names.push_back(d.id);
  PairScores out;
  ScoredPair still = pair;
  still.predicted.reset();
  still.missing.assign(pair.conditions.size(), 0);
  for (const std::string& name : names) {
    out.prediction.push_back(score_dialect(pair, name, options));
    // The control's means on the scale the dialect scores cells of counts on.
    still.means_target = !pair.predicted || !name.starts_with("cell-eval-0.") ? pair.predicted ? pair.log_target : pair.means_target : name == "cell-eval-0.7.6" ? 1e4 : 0;
    still.predicted_control = group_means(logs_of(pair.truth, still.means_target), pair.truth.groups).row(pair.control_group());
    still.predicted_means = still.predicted_control->replicate(static_cast<Eigen::Index>(pair.conditions.size()), 1);
    out.no_change.push_back(score_dialect(still, name, options));
  }
  return out;
}

void run_score(RunDirectory& run, const ScoreSettings& settings) {
  run.set_title("Scores of a prediction", "How near is the prediction to what was measured, and by whose definition?");
  for (const std::string& name : settings.presets) {
    std::vector<std::string> names;
    for (const Dialect& d : dialects()) names.push_back(d.id);
    if (std::find(names.begin(), names.end(), name) == names.end()) throw InputError("--preset " + name, "is not known", "there are: " + fmt::format("{}", fmt::join(names, ", ")));
  }
  const ScoredPair pair = read_scored_pair(run, settings);
  const PairScores scores = score_pair(pair, settings.presets, settings.options);
  const auto same = same_name_rows(scores.prediction);
  const Table means = means_table(scores, settings.calibration.seed), names = same_name_table(same);
  run.add_table("scores", scores_table(pair, scores.prediction), "Every metric of every preset for every condition; an empty value has its reason.");
  run.add_table("means", means, "Means over conditions with their denominators, and the same for no change.");
  run.add_table("same_name", names, "The same name, different numbers: what the presets do otherwise.");
  for (const DialectScores& s : scores.prediction)
    for (const std::string& words : s.words) run.add_note(s.dialect + ": " + words);
  const auto calibrated = calibrated_pair(pair, settings.calibration);
  report_calibrated(run, pair, calibrated);
  answer(run, pair, scores, calibrated, settings.calibration.seed);
  run.add_note(std::string(pair.replicate_of.empty() ? "Cells of one culture are no replicates: these scores speak of these cultures (--replicates draws guides, donors or wells). " : "") + "One prediction alone shows no rank; compare models with hyped bench leaderboard.");
  Table shown({{"meaning", "", ""}, {"preset", "", ""}, {"metric", "", ""}, {"mean", "", ""}, {"defined", "", ""}, {"of", "", ""}});
  for (const SameNameRow& r : same)
    if (r.means == "discrimination (PDS)" || r.means == "overlap_at_N" || r.means == "Pearson of changes" || r.means == "MSE") shown.add_row({r.means, r.dialect, r.id, value_cell(r.mean), static_cast<std::int64_t>(r.defined), static_cast<std::int64_t>(r.of)});
  for (const auto& words : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", words));
  if (!shown.rows().empty()) fmt::print("\n{}\n", to_terminal(shown, "tables/same_name.tsv"));
  fmt::print("{}", to_terminal_paragraph("          ", "The same name, different numbers: tables/same_name.tsv says what each preset does otherwise; tables/means.tsv has no change beside every mean."));
}

}  // namespace hyped
