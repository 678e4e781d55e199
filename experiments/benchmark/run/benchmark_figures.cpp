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
const std::vector<std::string> main_predictors{"no change", "perturbed mean", "matching mean", "additive", "scaled additive", "overlap-corrected additive", "context-shifted mean", "latent additive", "gene network", "shuffled labels", "largest effect", "ridge bilinear"};

std::string label_of(const ResponseCondition& c) { return c.context.empty() ? c.name : c.name + " " + c.context; }
int model_named(const Benchmark& bench, const std::string& name) {
  for (std::size_t m = 0; m < bench.models.size(); ++m)
    if (bench.models[m].name == name) return static_cast<int>(m);
  return -1;
}

void add_scores(RunDirectory& run, const Benchmark& bench) {
  Table rows({{"panel", "", ""}, {"axis", "", ""}, {"name", "", ""}, {"role", "", ""}, {"estimate", "", ""}, {"lower", "", "95 % over cells and perturbations"}, {"upper", "", ""}, {"floor", "", ""}, {"ceiling", "", ""}, {"most", "", "the metric has no larger value"}});
  for (const auto& name : main_metrics)
    for (const auto& metric : bench.calibrated) {
      if (metric.metric != name || !metric.floor_mean) continue;
      const std::string axis = fmt::format("{} is better{}", metric.better == Better::higher ? "higher" : "lower", metric.separates ? "" : ", not calibrated");
      for (std::size_t m = 0; m < metric.models.size(); ++m) {
        const CalibratedScore& s = metric.models[m];
        rows.add_row({metric.metric, axis, s.model, std::string(to_string(bench.predictors[m]->role())), s.mean ? cell_of(*s.mean) : Cell(), s.ranges.both ? cell_of(s.ranges.both->lower) : Cell(), s.ranges.both ? cell_of(s.ranges.both->upper) : Cell(),
                      cell_of(*metric.floor_mean), metric.ceiling_mean ? cell_of(*metric.ceiling_mean) : Cell(), metric.better == Better::higher ? Cell(1.0) : Cell()});
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
  bool targets = false;
  for (std::size_t i = 0; i < panels; ++i) {
    const auto& own = model.pair.own_genes[i];
    for (std::size_t g = 0; g < bench.cells.genes.size(); ++g) {
      const auto row = static_cast<Eigen::Index>(i), column = static_cast<Eigen::Index>(g);
      const bool target = std::find(own.begin(), own.end(), g) != own.end();
      targets = targets || target;
      points.add_row({label_of(model.pair.conditions[i]), std::string(target ? "target" : "gene"), model.pair.truth(row, column) - model.pair.control(row, column), model.pair.predicted(row, column) - model.pair.predicted_control(row, column), target ? bench.cells.genes[g] : std::string("gene")});
    }
  }
  report::add_figure(run, {"changes", fmt::format("Change of every gene from the control (difference of means of ln(1 + x)), predicted by the {} and measured{}.", shown, panels < bench.tested.condition.size() ? fmt::format(", the first {} of {} conditions", panels, bench.tested.condition.size()) : std::string()),
                           "changes", {{"points", points}}, {{"x_label", "measured change [ln]"}, {"y_label", "predicted [ln]"}, {"legend", fmt::format("predicted by: {}   {}grey line: equal", shown, targets ? "orange: target genes   " : "")}}, "answer"});
}

// Genes by the size of their value, the largest first; `of` are those that count.
std::vector<Eigen::Index> order_by_size(const Eigen::RowVectorXd& values, const std::vector<Eigen::Index>& of) {
  std::vector<Eigen::Index> out = of;
  std::stable_sort(out.begin(), out.end(), [&](Eigen::Index a, Eigen::Index b) { return std::abs(values[a]) > std::abs(values[b]); });
  return out;
}

void add_overlap(RunDirectory& run, const Benchmark& bench) {
  // Genes that neither condition nor control expresses have nothing to find: their order would be that of the file in all lists.
  const Eigen::Index n = bench.truth.truth.rows();
  std::vector<std::vector<Eigen::Index>> expressed(static_cast<std::size_t>(n)), truth;
  std::size_t fewest = bench.cells.genes.size();
  for (Eigen::Index i = 0; i < n; ++i) {
    auto& mine = expressed[static_cast<std::size_t>(i)];
    for (Eigen::Index g = 0; g < bench.truth.truth.cols(); ++g)
      if (bench.truth.truth(i, g) > 0 || bench.truth.control(i, g) > 0) mine.push_back(g);
    fewest = std::min(fewest, mine.size());
    truth.push_back(order_by_size(bench.truth.de_score.row(i), mine));
  }
  std::vector<std::size_t> steps;
  for (double k = 5; k < 0.5 * static_cast<double>(fewest); k *= 1.35) steps.push_back(static_cast<std::size_t>(k));
  if (steps.size() < 3) return;
  std::vector<std::pair<std::string, std::vector<double>>> lines;
  Table curve({{"name", "", ""}, {"k", "", "genes"}, {"share", "1", "mean over tested conditions"}});
  for (const auto& name : {"perturbed mean", "context-shifted mean", "additive", "overlap-corrected additive", "best single", "latent additive", "shuffled labels"}) {
    const int m = model_named(bench, name);
    if (m < 0) continue;
    const EffectComparison& pair = bench.models[static_cast<std::size_t>(m)].pair;
    std::vector<double> shares;
    for (const std::size_t k : steps) {
      double sum = 0;
      for (Eigen::Index i = 0; i < n; ++i) {
        const auto& real = truth[static_cast<std::size_t>(i)];
        const auto guess = order_by_size(pair.predicted.row(i) - pair.predicted_control.row(i), expressed[static_cast<std::size_t>(i)]);
        const std::set<Eigen::Index> wanted(real.begin(), real.begin() + static_cast<std::ptrdiff_t>(k));
        for (std::size_t j = 0; j < k; ++j) sum += wanted.contains(guess[j]);
      }
      shares.push_back(sum / static_cast<double>(k) / static_cast<double>(n));
    }
    // lines that are equal everywhere are one line with two names
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const auto& line) { return line.second == shares; });
    if (same != lines.end()) same->first += std::string(" = ") + name;
    else lines.emplace_back(name, shares);
  }
  for (const auto& [name, shares] : lines)
    for (std::size_t j = 0; j < steps.size(); ++j) curve.add_row({name, static_cast<std::int64_t>(steps[j]), shares[j]});
  for (const std::size_t k : steps) {
    double sum = 0;
    for (const auto& mine : expressed) sum += static_cast<double>(k) / static_cast<double>(mine.size());
    curve.add_row({std::string("chance"), static_cast<std::int64_t>(k), sum / static_cast<double>(n)});
  }
  report::add_figure(run, {"overlap", "Of the k genes with the largest test statistic against the control, the share that is among the k genes whose predicted change is largest in size. Genes that are expressed in neither are left out.", "overlap", {{"curve", curve}}, {{"legend", "dashed: chance"}}});
}

void add_heat_map(RunDirectory& run, const Benchmark& bench) {
  if (bench.tested.condition.size() < 2) return;
  Table boxes({{"panel", "", ""}, {"name", "", ""}, {"stratum", "", ""}, {"value", "", "scaled score"}});
  const std::size_t columns = std::min<std::size_t>(bench.tested.condition.size(), 12);
  std::vector<std::string> shown;
  for (const auto& predictor : main_predictors)
    if (model_named(bench, predictor) >= 0 && shown.size() < 300 / (columns * main_metrics.size())) shown.push_back(predictor);
  bool any = false;
  for (const auto& name : main_metrics)
    for (std::size_t k = 0; k < bench.calibrated.size(); ++k) {
      if (bench.calibrated[k].metric != name || bench.calibrated[k].joint.global()) continue;
      for (const auto& predictor : shown)
        for (std::size_t i = 0; i < columns; ++i) {
          const auto scaled = scaled_at(bench, k, static_cast<std::size_t>(model_named(bench, predictor)), i);
          any = any || scaled;
          boxes.add_row({name, predictor, label_of(bench.truth.conditions[i]), scaled ? Cell(*scaled) : Cell()});
        }
    }
  if (!any) return;
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
