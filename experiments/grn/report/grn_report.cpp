// Tables, figures and words of a design: ridge first, then the network, then where it does better or worse.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/cells/cell_figures.hpp"
#include "experiments/grn/grn_run.hpp"
#include "libhyped/counted.hpp"

namespace hyped {
namespace {

struct Mean {
  double sum = 0;
  int count = 0;
  void add(double v) {
    if (std::isfinite(v)) sum += v, ++count;
  }
  Cell cell() const { return count > 0 ? Cell(sum / count) : Cell{}; }
  double value() const { return count > 0 ? sum / count : std::nan(""); }
};

PointPanel panel_of(const std::string& title, const std::string& unit, const std::vector<SplitResult>& results, const GrnData& data, bool linear) {
  PointPanel panel{title, "predicted, " + unit, "measured, " + unit, {}, {}, {"one input", "several inputs"}, {"#0072B2", "#D55E00"}, {}, 0.2, {}, {}};
  std::vector<double> x, y;
  for (const SplitResult& r : results) {
    const Eigen::MatrixXd& predicted = linear ? r.linear : r.predicted;
    const std::vector<int> rows = rows_named(data, r.split.test);
    for (Eigen::Index t = 0; t < predicted.rows(); ++t)
      for (int m = 0; m < data.scored(); ++m) {
        x.push_back(predicted(t, m));
        y.push_back(r.measured(t, m));
        panel.of.push_back(data.drugs[static_cast<std::size_t>(rows[static_cast<std::size_t>(t)])].size() > 1 ? 1 : 0);
      }
  }
  panel.x = Eigen::Map<Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
  panel.y = Eigen::Map<Eigen::VectorXd>(y.data(), static_cast<Eigen::Index>(y.size()));
  if (!y.empty()) {
    panel.line_x = (Eigen::VectorXd(2) << panel.y.minCoeff(), panel.y.maxCoeff()).finished();
    panel.line_y = panel.line_x;
  }
  return panel;
}

// " The difference is ..." in percentage points; nothing for a single split.
std::string gain_words(const std::vector<double>& differences, double overlap) {
  if (differences.size() < 2) return "";
  const PairedDifference d = paired_difference(differences, overlap);
  return fmt::format(" The difference is {:+.1f} points, paired 95 % interval {:+.1f} to {:+.1f}, ahead in {} of {}; corrected for shared conditions {:+.1f} to {:+.1f}.", 100 * d.mean, 100 * d.lower, 100 * d.upper, d.ahead, counted(d.splits, "split"), 100 * d.corrected_lower, 100 * d.corrected_upper);
}

// Mean squared error of every condition over the splits in which it was tested, and what kind of condition gains.
void add_conditions(RunDirectory& run, const GrnData& data, const std::vector<SplitResult>& results) {
  struct Errors {
    Mean ridge, network, size;
  };
  std::map<int, Errors> errors;
  for (const SplitResult& r : results) {
    if (r.predicted.size() == 0) continue;
    const std::vector<int> rows = rows_named(data, r.split.test);
    for (std::size_t t = 0; t < rows.size(); ++t) {
      const auto row = static_cast<Eigen::Index>(t);
      Errors& e = errors[rows[t]];
      e.ridge.add((r.linear.row(row) - r.measured.row(row)).head(data.scored()).array().square().mean());
      e.network.add((r.predicted.row(row) - r.measured.row(row)).head(data.scored()).array().square().mean());
      e.size.add(r.measured.row(row).head(data.scored()).array().square().mean());
    }
  }
  Table table({{"condition", "", ""}, {"inputs", "1", "given"}, {"splits", "1", "in which it was tested"}, {"ridge_mse", data.squared_unit(), "mean squared error, genes and phenotypes; one value of one condition: table where has intervals"}, {"network_mse", data.squared_unit(), ""}, {"effect", data.squared_unit(), "mean square of what was measured"}});
  std::map<std::string, std::vector<double>> gains;
  std::vector<double> effects;
  for (const auto& [row, e] : errors) effects.push_back(e.size.value());
  std::sort(effects.begin(), effects.end());
  const double middle = effects.empty() ? 0 : effects[effects.size() / 2];
  for (const auto& [row, e] : errors) {
    const auto given = data.drugs[static_cast<std::size_t>(row)].size();
    table.add_row({data.conditions[static_cast<std::size_t>(row)], static_cast<std::int64_t>(given), std::int64_t{e.ridge.count}, e.ridge.cell(), e.network.cell(), e.size.cell()});
    const double gain = e.ridge.value() - e.network.value();
    gains[given > 1 ? "several inputs" : "one input"].push_back(gain);
    gains[e.size.value() >= middle ? "large effects (upper half)" : "small effects (lower half)"].push_back(gain);
  }
  run.add_table("conditions", table, "Error of every condition that was held out, ridge beside network.");
  Table where({{"kind", "", "of condition"}, {"conditions", "1", ""}, {"gain", data.squared_unit(), "mean of ridge's squared error minus the network's"}, {"lower", data.squared_unit(), "95 % over conditions"}, {"upper", data.squared_unit(), ""}, {"verdict", "", ""}});
  std::string found;
  for (const auto& [kind, values] : gains) {
    const PairedDifference d = paired_difference(values, 0);
    const std::string verdict = !std::isfinite(d.lower) ? "too few" : d.lower > 0 ? "network better" : d.upper < 0 ? "ridge better" : "no difference shown";
    where.add_row({kind, static_cast<std::int64_t>(values.size()), d.mean, cell_of(d.lower), cell_of(d.upper), verdict});
    if (verdict == "network better") found += fmt::format("{}{} ({:.4f}, {:.4f} to {:.4f})", found.empty() ? "" : "; ", kind, d.mean, d.lower, d.upper);
  }
  run.add_table("where", where, "Where the network predicts better than ridge, by kind of condition; every condition counts once.");
  run.add_answer(found.empty() ? "No kind of condition was found in which the network adds something to the linear baseline." : "The network's squared error is smaller than ridge's for: " + found + ".");
}

// Mean squared error of each arm that a model (in the order of the table) predicted, over the splits in which it was tested; the first `nodes` count.
std::vector<double> errors_by_arm(const GrnData& data, const std::vector<SplitResult>& results, int model, Eigen::Index nodes) {
  std::map<std::string, Mean> by;
  for (const SplitResult& r : results) {
    const Eigen::MatrixXd none = Eigen::MatrixXd::Zero(r.measured.rows(), r.measured.cols());
    const Eigen::MatrixXd& guess = model == 0 ? r.linear : model == 1 ? r.predicted : model == 2 ? r.added : none;
    const std::vector<int> rows = rows_named(data, r.split.test);
    for (Eigen::Index t = 0; t < guess.rows(); ++t) by[data.arm_of[static_cast<std::size_t>(rows[static_cast<std::size_t>(t)])]].add((guess.row(t) - r.measured.row(t)).head(nodes).array().square().mean());
  }
  std::vector<double> out;
  for (const auto& [arm, mean] : by) out.push_back(mean.value());
  return out;
}

}  // namespace

void report_design(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const std::vector<SplitResult>& results) {
  const std::string &unit = data.unit, squared = data.squared_unit();
  Table splits({{"split", "", ""}, {"tested", "1", "conditions"}, {"ridge_pearson", "1", ""}, {"network_pearson", "1", ""}, {"ridge_mse", squared, "all nodes; one value a split: tables/design.tsv has intervals"}, {"network_mse", squared, ""}, {"ridge_mse_scored", squared, "genes and phenotypes"}, {"network_mse_scored", squared, ""},
                {"network_coverage", "1", "of intervals"}, {"ridge_coverage", "1", ""}, {"edges", "1", ""}, {"factor", "", "of the penalty, chosen by cross-validation"}, {"ridge_penalty", "", "chosen by leave-one-out"}, {"seconds", "s", ""}, {"outcome", "", ""}});
  Mean scores[4][3], coverage[2], skill[2], seconds;
  std::vector<double> pearson, mse, beyond;
  double overlap = 0;
  int failed = 0, combinations = 0;
  for (const SplitResult& r : results) {
    splits.add_row({r.split.name, static_cast<std::int64_t>(r.split.test.size()), cell_of(r.ridge.pearson), cell_of(r.network.pearson), cell_of(r.ridge.mse), cell_of(r.network.mse), cell_of(r.ridge.mse_scored), cell_of(r.network.mse_scored), cell_of(r.coverage),
                    cell_of(r.ridge_coverage), std::int64_t{r.edges}, cell_of(r.factor), cell_of(r.ridge_penalty), r.seconds, r.outcome.ok() ? std::string("ok") : r.outcome.message});
    const GrnScore* four[] = {&r.ridge, &r.network, &r.additive, &r.no_change};
    for (int k = 0; k < 4; ++k) scores[k][0].add(four[k]->pearson), scores[k][1].add(four[k]->mse), scores[k][2].add(four[k]->mse_scored);
    coverage[0].add(r.coverage), coverage[1].add(r.ridge_coverage), seconds.add(r.seconds);
    skill[0].add(r.non_additive), skill[1].add(r.non_additive_linear);
    if (std::isfinite(r.non_additive)) beyond.push_back(r.non_additive - r.non_additive_linear);
    combinations += r.additive_count;
    overlap += static_cast<double>(r.split.test.size()) / static_cast<double>(r.split.train.size()) / static_cast<double>(results.size());
    if (!std::isfinite(r.network.mse_scored)) ++failed;
    else pearson.push_back(r.network.pearson - r.ridge.pearson), mse.push_back(r.network.mse_scored - r.ridge.mse_scored);
  }
  run.add_table("splits", splits, "Every split of the design; both models learn from the same conditions.");
  Table table({{"model", "", ""}, {"pearson", "1", "mean over splits; genes and phenotypes"}, {"mse", squared, "all nodes"}, {"mse_lower", squared, ""}, {"mse_upper", squared, ""}, {"mse_scored", squared, "genes and phenotypes"}, {"mse_scored_lower", squared, ""},
               {"mse_scored_upper", squared, ""}, {"splits", "1", "in which it could predict"}, {"interval", "", "of the squared errors"}});
  Table shown({{"model", "", ""}, {"pearson", "", ""}, {"mse", "", ""}, {"mse_lower", "", ""}, {"mse_upper", "", ""}, {"mse_scored", "", ""}, {"splits", "", ""}});
  const char* names[] = {"ridge on the inputs", "network", "sum of measured singles", "no change"};
  std::string interval_words;
  for (int k = 0; k < 4; ++k) {
    if (scores[k][1].count == 0) continue;
    const std::string group = data.steady() ? "condition" : "arm";
    const ErrorInterval all = error_interval(scores[k][1].value(), errors_by_arm(data, results, k, data.mean.cols()), group, scenario.level);
    const ErrorInterval scored = error_interval(scores[k][2].value(), errors_by_arm(data, results, k, data.scored()), group, scenario.level);
    table.add_row({std::string(names[k]), scores[k][0].cell(), scores[k][1].cell(), cell_of(all.lower), cell_of(all.upper), scores[k][2].cell(), cell_of(scored.lower), cell_of(scored.upper), std::int64_t{scores[k][1].count}, all.words});
    const auto& cells = table.rows().back();
    shown.add_row({cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[8]});
    if (interval_words.empty()) interval_words = all.words;
  }
  fmt::print("\n{}(mse in {}; {})\n\n", to_terminal(shown, "tables/design.tsv"), squared, interval_words);
  run.add_table("design", table, fmt::format("Design {}: means over {}. The linear baseline stands first.", to_string(scenario.design.kind), counted(results.size(), "split")));
  for (const auto& [key, k] : {std::pair{"ridge", 0}, {"network", 1}}) {
    run.add_result(fmt::format("{}_pearson", key), scores[k][0].value(), "1");
    run.add_result(fmt::format("{}_mse", key), scores[k][1].value(), squared + ", all nodes");
  }
  run.add_result("seconds_per_model", seconds.value(), "s");
  if (failed > 0) run.add_warning(fmt::format("In {} of {} no network could be fitted or asked: see tables/splits.tsv. The comparison is of the others.", failed, counted(results.size(), "split")));
  if (!pearson.empty()) {
    const PairedDifference r = paired_difference(pearson, overlap), e = paired_difference(mse, overlap);
    run.add_answer(verdict_of(r));
    run.add_result("pearson_difference", r.mean, "1");
    run.add_result("pearson_difference_lower", r.lower, "1");
    run.add_result("pearson_difference_upper", r.upper, "1");
    run.add_result("pearson_difference_corrected_lower", r.corrected_lower, "1");
    run.add_result("pearson_difference_corrected_upper", r.corrected_upper, "1");
    run.add_answer(fmt::format("Mean squared error over genes and phenotypes differs by {:+.5f} (network minus ridge{}).", e.mean, std::isfinite(e.lower) ? fmt::format("; paired {:+.5f} to {:+.5f}", e.lower, e.upper) : ""));
  }
  if (coverage[0].count > 0) run.add_answer(fmt::format("{:.0f} % intervals held {:.1f} % of the values of held-out conditions (ridge's: {:.1f} %).", 100 * scenario.level, 100 * coverage[0].value(), 100 * coverage[1].value()));
  if (coverage[0].count > 0 && coverage[0].value() < scenario.level - 0.05) run.add_warning("The intervals held fewer values than they promise: conditions that were held out are not like those the folds held out (they are exchangeable only in a random design).");
  if (combinations > 0) {
    run.add_answer(fmt::format("Of what combinations do beyond the sum of their measured singles ({} tested), the network explains {:+.1f} % and ridge {:+.1f} % of the squares.{}", counted(combinations, "time"), 100 * skill[0].value(), 100 * skill[1].value(), gain_words(beyond, overlap)));
    run.add_result("non_additive_skill", skill[0].value(), "1");
    run.add_result("non_additive_skill_ridge", skill[1].value(), "1");
  }
  add_conditions(run, data, results);
  report::add_figure(run, point_figure("predictions", "Held-out conditions: what was predicted against what was measured, every value of genes and phenotypes. Line: equal.", {panel_of("Ridge on the inputs", unit, results, data, true), panel_of("Network", unit, results, data, false)}, "answer", 2, 1500));
}

}  // namespace hyped
