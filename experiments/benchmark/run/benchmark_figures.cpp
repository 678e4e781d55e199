// Figures of a benchmark: scores between floor and ceiling, predicted against measured change, top genes found, heat map of strata.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiments/benchmark/run/bench_run.hpp"
#include "experiments/report/figure.hpp"

namespace hyped {
namespace {

const std::vector<std::string> main_metrics{"l2_delta", "pearson_delta", "pds_cosine"};
const std::vector<std::string> main_predictors{"no change", "perturbed mean", "matching mean", "additive", "scaled additive", "overlap-corrected additive", "largest effect", "context-shifted mean", "ridge bilinear", "gene network", "shuffled labels"};

std::string label_of(const ResponseCondition& c) { return c.context.empty() ? c.name : c.name + " " + c.context; }
int model_named(const Benchmark& bench, const std::string& name) {
  for (std::size_t m = 0; m < bench.models.size(); ++m)
    if (bench.models[m].name == name) return static_cast<int>(m);
  return -1;
}

void add_scores(RunDirectory& run, const Benchmark& bench) {
  Table rows({{"panel", "", ""}, {"axis", "", ""}, {"name", "", ""}, {"role", "", ""}, {"estimate", "", ""}, {"lower", "", "95 % over cells and perturbations"}, {"upper", "", ""}, {"floor", "", ""}, {"ceiling", "", ""}});
  for (const auto& name : main_metrics)
    for (const auto& metric : bench.calibrated) {
      if (metric.metric != name || !metric.floor_mean) continue;
      const std::string axis = fmt::format("{} is better{}", metric.better == Better::higher ? "higher" : "lower", metric.separates ? "" : ", not calibrated");
      for (std::size_t m = 0; m < metric.models.size(); ++m) {
        const CalibratedScore& s = metric.models[m];
        rows.add_row({metric.metric, axis, s.model, std::string(to_string(bench.predictors[m]->role())), s.mean ? cell_of(*s.mean) : Cell(), s.ranges.both ? cell_of(s.ranges.both->lower) : Cell(), s.ranges.both ? cell_of(s.ranges.both->upper) : Cell(),
                      cell_of(*metric.floor_mean), metric.ceiling_mean ? cell_of(*metric.ceiling_mean) : Cell()});
      }
    }
  if (!rows.rows().empty() && rows.rows().size() <= 300)
    report::add_figure(run, {"scores", fmt::format("Mean scores over {} tested conditions. Floor: {}. Ceiling: {}. Intervals hold for other cells and other perturbations, not for other cultures.", bench.tested.condition.size(), bench.models[bench.floor].name,
                                                   to_string(bench.calibrated.front().ceiling)), "scores", {{"rows", rows}}, {}, "answer"});
}

void add_changes(RunDirectory& run, const Benchmark& bench) {
  const std::string shown = model_named(bench, "overlap-corrected additive") >= 0 ? "overlap-corrected additive" : bench.models[bench.floor].name;
  const ScoredModel& model = bench.models[static_cast<std::size_t>(model_named(bench, shown))];
  Table points({{"panel", "", ""}, {"kind", "", ""}, {"x", "", "measured minus control"}, {"y", "", "predicted minus its control"}, {"label", "", ""}});
  const std::size_t panels = std::min<std::size_t>(8, bench.tested.condition.size());
  for (std::size_t i = 0; i < panels; ++i) {
    const auto& own = model.pair.own_genes[i];
    for (std::size_t g = 0; g < bench.cells.genes.size(); ++g) {
      const auto row = static_cast<Eigen::Index>(i), column = static_cast<Eigen::Index>(g);
      const bool target = std::find(own.begin(), own.end(), g) != own.end();
      points.add_row({label_of(model.pair.conditions[i]), std::string(target ? "target" : "gene"), model.pair.truth(row, column) - model.pair.control(row, column), model.pair.predicted(row, column) - model.pair.predicted_control(row, column), target ? bench.cells.genes[g] : std::string("gene")});
    }
  }
  report::add_figure(run, {"changes", fmt::format("Change of every gene, predicted by the {} and measured{}.", shown, panels < bench.tested.condition.size() ? fmt::format(", the first {} of {} conditions", panels, bench.tested.condition.size()) : std::string()),
                           "changes", {{"points", points}}, {{"x_label", "measured change"}, {"y_label", "predicted change"}}, "answer"});
}

std::vector<std::size_t> order_by_size(const Eigen::RowVectorXd& values) {
  std::vector<std::size_t> out(static_cast<std::size_t>(values.size()));
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return std::abs(values[static_cast<Eigen::Index>(a)]) > std::abs(values[static_cast<Eigen::Index>(b)]); });
  return out;
}

void add_overlap(RunDirectory& run, const Benchmark& bench) {
  const std::size_t genes = bench.cells.genes.size();
  std::vector<std::size_t> steps;
  for (double k = 5; k < 0.5 * static_cast<double>(genes); k *= 1.35) steps.push_back(static_cast<std::size_t>(k));
  if (steps.size() < 3) return;
  Table curve({{"name", "", ""}, {"k", "", "genes"}, {"share", "1", "mean over tested conditions"}});
  std::vector<std::vector<std::size_t>> truth;
  for (Eigen::Index i = 0; i < bench.truth.truth.rows(); ++i) truth.push_back(order_by_size(bench.truth.de_score.row(i)));
  const auto add = [&](const std::string& name, const std::vector<std::vector<std::size_t>>& predicted) {
    for (const std::size_t k : steps) {
      double sum = 0;
      for (std::size_t i = 0; i < truth.size(); ++i) {
        const std::set<std::size_t> real(truth[i].begin(), truth[i].begin() + static_cast<std::ptrdiff_t>(k));
        for (std::size_t j = 0; j < k; ++j) sum += real.contains(predicted[i][j]);
      }
      curve.add_row({name, static_cast<std::int64_t>(k), sum / static_cast<double>(k * truth.size())});
    }
  };
  for (const auto& name : {"perturbed mean", "additive", "overlap-corrected additive", "best single", "ridge bilinear", "shuffled labels"}) {
    const int m = model_named(bench, name);
    if (m < 0) continue;
    std::vector<std::vector<std::size_t>> order;
    const EffectComparison& pair = bench.models[static_cast<std::size_t>(m)].pair;
    for (Eigen::Index i = 0; i < pair.truth.rows(); ++i) order.push_back(order_by_size(pair.predicted.row(i) - pair.predicted_control.row(i)));
    add(name, order);
  }
  for (const std::size_t k : steps) curve.add_row({std::string("chance"), static_cast<std::int64_t>(k), static_cast<double>(k) / static_cast<double>(genes)});
  report::add_figure(run, {"overlap", "Of the k genes with the largest test statistic against the control, the share that is among the k genes whose predicted change is largest in size.", "overlap", {{"curve", curve}}, {{"legend", "dashed: chance"}}});
}

void add_heat_map(RunDirectory& run, const Benchmark& bench) {
  if (bench.tested.condition.size() < 2) return;
  Table boxes({{"panel", "", ""}, {"name", "", ""}, {"stratum", "", ""}, {"value", "", "scaled score"}});
  const std::size_t columns = std::min<std::size_t>(bench.tested.condition.size(), 12);
  for (const auto& name : main_metrics)
    for (const auto& metric : bench.calibrated) {
      if (metric.metric != name || metric.joint.global()) continue;
      const auto& ceiling = metric.ceilings[metric.ceiling].values;
      const auto floor = metric.joint.units(bench.floor);
      for (const auto& predictor : main_predictors) {
        const int m = model_named(bench, predictor);
        if (m < 0 || boxes.rows().size() + columns > 300) continue;
        const auto values = metric.joint.units(static_cast<std::size_t>(m));
        for (std::size_t i = 0; i < columns; ++i) {
          const double span = i < ceiling.size() ? ceiling[i] - floor[i] : std::nan("");
          const bool good = std::isfinite(values[i]) && std::isfinite(span) && metric.joint.sign() * span > 0;
          boxes.add_row({metric.metric, predictor, label_of(bench.truth.conditions[i]), good ? Cell((values[i] - floor[i]) / span) : Cell()});
        }
      }
    }
  if (boxes.rows().empty()) return;
  report::add_figure(run, {"strata", fmt::format("Scaled scores by predictor and tested condition{}. 0: {}; 1: the ceiling of that condition. Single conditions have no interval here: see table by_condition.", columns < bench.tested.condition.size() ? fmt::format(" (the first {} of {})", columns, bench.tested.condition.size()) : std::string(),
                                                   bench.models[bench.floor].name), "heat_map", {{"boxes", boxes}}, {}});
}

}  // namespace

void add_benchmark_figures(RunDirectory& run, const Benchmark& bench) {
  add_scores(run, bench);
  add_changes(run, bench);
  add_overlap(run, bench);
  add_heat_map(run, bench);
}

}  // namespace hyped
