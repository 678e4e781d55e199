// The list of dialects, their ways to average, and the table of names they share.
#include "libhyped/score/dialects/dialects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/score/dialects/dialect_parts.hpp"

namespace hyped {
namespace {

MetricValue harness_mean(const DialectMetric& metric, MeanRule rule) {
  if (metric.over_all) return metric.values.at(0);
  double sum = 0, count = 0, nan = 0;
  for (const MetricValue& v : metric.values) {
    if (v.value) sum += *v.value, count += 1;
    else if (rule == MeanRule::nan_poisons) nan += v.undefined_because.starts_with("NaN") ? 1 : 0;
    else if (rule == MeanRule::nan_is_zero) count += 1;
    else if (metric.worst && (rule == MeanRule::worst_filled || v.undefined_because.starts_with("missing"))) sum += *metric.worst, count += 1;
  }
  if (nan > 0) return undefined(fmt::format("NaN: it is NaN for {:.0f} of {} conditions, and that makes the mean NaN", nan, metric.values.size()));
  return count > 0 ? defined(sum / count) : undefined("undefined for every condition");
}

MetricValue filled_mean(const DialectMetric& metric) {
  if (metric.over_all) return metric.values.at(0);
  if (!metric.worst) return undefined("its worst value is unbounded");
  double sum = 0;
  for (const MetricValue& v : metric.values) sum += v.value.value_or(*metric.worst);
  return defined(sum / static_cast<double>(metric.values.size()));
}

// What is chosen otherwise than in `first`.
std::string difference(const Choices& first, const Choices& other) {
  std::vector<std::string> out;
  for (const auto& [what, choice] : other) {
    const auto found = std::find_if(first.begin(), first.end(), [&](const auto& c) { return c.first == what; });
    if (found == first.end()) out.push_back(fmt::format("{}: {}", what, choice));
    else if (found->second != choice) out.push_back(fmt::format("{}: {} (not {})", what, choice, found->second));
  }
  return fmt::format("{}", fmt::join(out, "; "));
}

}  // namespace

const std::vector<Dialect>& dialects() {
  static const std::string poisoned = "mean of what is there; one NaN makes it NaN (polars describe)";
  static const std::vector<Dialect> all = {
      {"strict", "this program's own choices", "mean of what is defined, missing predictions at the worst value, denominators given"},
      {"cell-eval-0.6.6", "cell-eval 0.6.6 with pdex 0.1.27 (Virtual Cell Challenge 2025)", poisoned},
      {"cell-eval-0.7.6", "cell-eval 0.7.6, as the preset of cell-eval2 states it", poisoned},
      {"cell-eval-0.8.1", "cell-eval 0.8.1 with pdex 0.2.5", poisoned},
      {"cell-eval2", "cell-eval2 0.16 preset vcc2026 (Virtual Cell Challenge 2026)", "mean; what is absent has the metric's worst value, or is left out where that is unbounded"},
      {"perturbench", "PerturBench (altoslabs, commit d357dfa)", "mean of what is defined"},
      {"gears", "GEARS inference.py (commit f374e43)", "mean; NaN counts as 0"},
      {"ahlmann-eltze-huber", "Ahlmann-Eltze, Huber and Anders 2025, Nat Methods", "mean of what is defined"},
      {"systema", "Systema 2025, Nat Biotechnol", "mean of what is defined"},
      {"shift", "Shift Bioscience, diversity_by_design (commit 24a20c5)", "mean of what is defined"},
      {"scperturb", "scPerturb edist (commit a02081b)", "mean of what is defined"},
      {"pertpy", "pertpy 1.2.0 Distance", "mean of what is defined"},
      {"hyped-table3", "HYPED paper, Table 3, as derived from its numbers: means of ln(1 + CP10K) over 500 variable genes", "each condition by itself"},
  };
  return all;
}

void add_metric(DialectScores& scores, const ScoredPair& pair, DialectMetric metric, MeanRule rule) {
  if (!metric.over_all)
    for (std::size_t i = 0; i < metric.values.size(); ++i)
      if (pair.missing[i]) metric.values[i] = undefined("missing: the prediction has not this condition");
  metric.masked = mean_of_defined(metric.values);
  metric.harness_mean = harness_mean(metric, rule);
  metric.filled = filled_mean(metric);
  scores.metrics.push_back(std::move(metric));
}

DialectMetric named(const Metric& metric, std::string id, std::string means, Choices choices, std::vector<MetricValue> values) {
  return {std::move(id), metric.formula, std::move(means), metric.better, metric.perfect, metric.worst, std::move(choices), false, std::move(values), {}, {}, {}};
}

DialectMetric named(const DeMetric& metric, std::string id, std::string means, Choices choices, std::vector<MetricValue> values) {
  return {std::move(id), metric.formula, std::move(means), metric.better, metric.perfect, metric.worst, std::move(choices), metric.over_all, std::move(values), {}, {}, {}};
}

DeComparison tables_of(const ScoredPair& pair, const SparseRows& truth_logs, const SparseRows& predicted_logs, const DeSettings& settings, bool real_control) {
  DeTable real = differential_table(truth_logs, pair.genes, pair.truth.groups, pair.control_group(), settings);
  // Conditions that are there, and the control asked for.
  std::vector<int> predicted_rows, control_rows;
  CellGroups groups;
  std::vector<std::int32_t> place(pair.conditions.size() + 1, -1);
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (!pair.missing[i]) place[i] = static_cast<std::int32_t>(groups.names.size()), groups.names.push_back(pair.conditions[i]);
  const auto control = static_cast<std::int32_t>(groups.names.size());
  groups.names.push_back(pair.control);
  if (!real_control) place.back() = control;
  for (int c = 0; c < predicted_logs.rows; ++c)
    if (const auto k = pair.predicted->groups.of_cell[static_cast<std::size_t>(c)]; k >= 0 && place[static_cast<std::size_t>(k)] >= 0) predicted_rows.push_back(c), groups.of_cell.push_back(place[static_cast<std::size_t>(k)]);
  if (real_control)
    for (int c = 0; c < truth_logs.rows; ++c)
      if (pair.truth.groups.of_cell[static_cast<std::size_t>(c)] == pair.control_group()) control_rows.push_back(c), groups.of_cell.push_back(control);
  DeTable predicted = differential_table(stacked_rows(predicted_logs, predicted_rows, truth_logs, control_rows), pair.genes, groups, control, settings);
  // Rows of missing conditions hold nothing tested; add_metric takes their values away.
  if (groups.names.size() <= pair.conditions.size()) {
    DeTable whole = predicted;
    whole.conditions = pair.conditions;
    whole.values.assign(pair.conditions.size() * pair.genes.size(), {});
    whole.tested.assign(pair.conditions.size(), 0);
    for (std::size_t i = 0; i < pair.conditions.size(); ++i)
      if (place[i] >= 0) {
        std::copy_n(predicted.values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(place[i]) * pair.genes.size()), pair.genes.size(), whole.values.begin() + static_cast<std::ptrdiff_t>(i * pair.genes.size()));
        whole.tested[i] = predicted.tested[static_cast<std::size_t>(place[i])];
      }
    predicted = std::move(whole);
  }
  return compare_tables(std::move(real), std::move(predicted), pair.own_genes, pair.where);
}

DialectScores score_dialect(const ScoredPair& pair, std::string_view dialect, const DialectOptions& options) {
  if (dialect.starts_with("cell-eval-0.")) {
    for (const std::string_view version : {"0.6.6", "0.7.6", "0.8.1"})
      if (dialect == "cell-eval-" + std::string(version)) return score_cell_eval(pair, version, options);
  }
  if (dialect == "cell-eval2") return score_cell_eval2(pair, options);
  if (dialect == "strict") return score_strict(pair, options);
  if (dialect == "scperturb" || dialect == "pertpy") return score_cell_distances(pair, dialect, options);
  std::vector<std::string> names;
  for (const Dialect& d : dialects()) {
    if (d.id == dialect) return score_profile_dialect(pair, dialect);
    names.push_back(d.id);
  }
  throw InputError("--preset " + std::string(dialect), "is not known", did_you_mean(dialect, names));
}

std::vector<SameNameRow> same_name_rows(const std::vector<DialectScores>& scores) {
  struct Given {
    const DialectScores* by;
    const DialectMetric* metric;
  };
  std::vector<std::string> order;
  std::map<std::string, std::vector<Given>> given;
  for (const DialectScores& s : scores)
    for (const DialectMetric& m : s.metrics) {
      if (m.means.empty()) continue;
      if (!given.count(m.means)) order.push_back(m.means);
      given[m.means].push_back({&s, &m});
    }
  std::vector<SameNameRow> out;
  for (const std::string& means : order) {
    auto& list = given.at(means);
    if (std::all_of(list.begin(), list.end(), [&](const Given& g) { return g.by == list[0].by; })) continue;
    std::stable_partition(list.begin(), list.end(), [](const Given& g) { return g.by->dialect == "strict"; });
    for (const Given& g : list) {
      const bool first = g.metric == list[0].metric;
      std::string differs = first ? "" : difference(list[0].metric->choices, g.metric->choices);
      if (!first && differs.empty()) differs = "nothing";
      out.push_back({means, g.by->dialect, g.metric->id, g.metric->masked.mean, g.metric->harness_mean, g.metric->masked.defined, g.metric->masked.of, std::move(differs)});
    }
  }
  return out;
}

}  // namespace hyped
