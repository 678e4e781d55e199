// What predicted mean profiles say of the genes that are measured as changed: direction, order and size of fold changes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiments/benchmark/run/bench_run.hpp"
#include "libhyped/score/differential/de_metrics.hpp"

namespace hyped {
namespace {

// log2 of geometric means, as mean logarithms ln(1 + x) give them; both 0: no change.
double log2_fold(double mean_log, double control_log) {
  const double a = std::expm1(std::max(0.0, mean_log)), b = std::expm1(std::max(0.0, control_log));
  if (a == 0 && b == 0) return 0;
  return std::log2(a / b);
}

// Share of the k measured changed genes among the k genes of largest predicted change of mean logarithms (ratios of rare genes are infinite); of equal ones the share that a random order gives.
MetricValue found_by_size(const DeComparison& pair, std::size_t i, const Eigen::RowVectorXd& change) {
  std::vector<std::size_t> order;
  std::size_t changed = 0;
  for (std::size_t g = 0; g < pair.real.genes.size(); ++g) {
    if (std::find(pair.own_genes[i].begin(), pair.own_genes[i].end(), g) != pair.own_genes[i].end()) continue;
    if (pair.real.at(i, g).tested) order.push_back(g);
    changed += pair.real.significant(i, g);
  }
  if (changed == 0) return {std::nullopt, "no gene is significant in the truth"};
  const auto size = [&](std::size_t g) { return std::abs(change[static_cast<Eigen::Index>(g)]); };
  if (std::none_of(order.begin(), order.end(), [&](std::size_t g) { return size(g) > 0; })) return {std::nullopt, "the prediction changes no gene: there is no order"};
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  double hits = 0;
  for (std::size_t from = 0; from < changed;) {
    std::size_t until = from, real = 0;
    for (; until < order.size() && size(order[until]) == size(order[from]); ++until) real += pair.real.significant(i, order[until]);
    hits += static_cast<double>(real) * static_cast<double>(std::min(until, changed) - from) / static_cast<double>(until - from);
    from = until;
  }
  return {hits / static_cast<double>(changed), ""};
}

}  // namespace

void report_de(RunDirectory& run, const Benchmark& bench) {
  const std::size_t n = bench.tested.condition.size(), genes = bench.cells.genes.size();
  DeSettings settings;
  settings.gate = DeSettings::Gate::expressed;
  DeTable real;
  real.genes = bench.cells.genes, real.values.resize(n * genes), real.tested.resize(n);
  for (const auto& c : bench.truth.conditions) real.conditions.push_back(c.context.empty() ? c.name : c.name + " in " + c.context);
  const CellsBehind behind = cells_behind(bench.cells, bench.tested, bench.groups);
  std::map<int, std::vector<std::size_t>> by_control;
  for (std::size_t i = 0; i < n; ++i) by_control[behind.of_control[i]].push_back(i);
  for (const auto& [control, rows] : by_control) {
    CellGroups groups;
    std::vector<std::int32_t> place(static_cast<std::size_t>(bench.groups.groups.count()), -1);
    for (const auto i : rows) place[static_cast<std::size_t>(behind.of_condition[i])] = groups.count(), groups.names.push_back(real.conditions[i]);
    place[static_cast<std::size_t>(control)] = groups.count();
    groups.names.push_back("control");
    for (const auto group : bench.groups.groups.of_cell) groups.of_cell.push_back(group < 0 ? -1 : place[static_cast<std::size_t>(group)]);
    const DeTable here = differential_table(bench.cells.values, bench.cells.genes, groups, groups.count() - 1, settings);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      std::copy_n(here.values.begin() + static_cast<std::ptrdiff_t>(k * genes), genes, real.values.begin() + static_cast<std::ptrdiff_t>(rows[k] * genes));
      real.tested[rows[k]] = here.tested[k];
    }
  }
  const std::vector<std::pair<std::string, Better>> ids{{"de_direction_match", Better::higher}, {"de_spearman_lfc_sig", Better::higher}, {"lfc_nmae", Better::lower}, {"changed_found_by_size", Better::higher}};
  Table scores({{"predictor", "", ""}, {"condition", "", ""}, {"context", "", ""}, {"metric", "", ""}, {"value", "", ""}, {"why_undefined", "", ""}, {"significant", "", "genes in the truth, q < 0.05"}});
  Table means({{"predictor", "", ""}, {"metric", "", ""}, {"mean", "", "over the conditions where it is defined"}, {"lower", "", "95 % over perturbations"}, {"upper", "", ""}, {"defined", "", ""}, {"of", "", ""}, {"better", "", ""}});
  for (const auto& model : bench.models) {
    DeComparison pair{real, real, model.pair.own_genes};
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t g = 0; g < genes; ++g) {
        const auto row = static_cast<Eigen::Index>(i), column = static_cast<Eigen::Index>(g);
        pair.predicted.values[i * genes + g] = {log2_fold(model.pair.predicted(row, column), model.pair.control(row, column)), {}, {}, true};
      }
    for (const auto& [id, better] : ids) {
      std::vector<MetricValue> values;
      if (id == "changed_found_by_size")
        for (std::size_t i = 0; i < n; ++i) values.push_back(found_by_size(pair, i, model.pair.predicted.row(static_cast<Eigen::Index>(i)) - model.pair.control.row(static_cast<Eigen::Index>(i))));
      else values = de_metric(id, strict_rules()).evaluate(pair);
      std::vector<double> numbers;
      double sum = 0;
      std::int64_t defined = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const bool there = values[i].value && std::isfinite(*values[i].value);
        numbers.push_back(there ? *values[i].value : std::numeric_limits<double>::quiet_NaN());
        if (there) sum += numbers.back(), ++defined;
        std::int64_t changed = 0;
        for (std::size_t g = 0; g < genes; ++g) changed += real.significant(i, g);
        scores.add_row({model.name, bench.truth.conditions[i].name, bench.truth.conditions[i].context, id, there ? Cell(numbers.back()) : Cell(), there ? std::string() : values[i].value ? "not finite" : values[i].undefined_because, changed});
      }
      const auto range = range_over_perturbations(numbers, 0, {bench.seed, bench.options.level, bench.options.perturbation_draws});
      means.add_row({model.name, id, defined > 0 ? Cell(sum / static_cast<double>(defined)) : Cell(), range ? cell_of(range->lower) : Cell(), range ? cell_of(range->upper) : Cell(), defined, static_cast<std::int64_t>(n), std::string(better == Better::higher ? "higher" : "lower")});
    }
  }
  run.add_table("de_means", means, "What predicted means say of the genes that are significant in the truth (Wilcoxon against its half of the controls, Benjamini-Hochberg within a condition, q < 0.05; own genes left out): share with the true direction, Spearman of log2 fold changes, mean error over mean size (1: no change), share found among as many genes of largest predicted size.");
  run.add_table("de_scores", scores, "The same for every condition. Lists of significant genes cannot be predicted by means: metrics that need them are those of hyped bench score on predicted cells.");
}

}  // namespace hyped
