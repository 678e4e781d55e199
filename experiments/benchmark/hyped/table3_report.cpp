// Our rows beside the printed ones of the HYPED paper's Table 3.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/benchmark/hyped/published_tables.hpp"
#include "experiments/benchmark/run/bench_run.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/arms.hpp"
#include "libhyped/expression/preparation/variable_genes.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"

namespace hyped {
namespace {

std::vector<Eigen::Index> most_variable(const BenchmarkCells& cells, int top) {
  VariableGeneOptions options;
  options.top = std::min<int>(top, static_cast<int>(cells.genes.size()));
  const VariableGenes found = variable_genes_seurat(cells.values, options);
  std::vector<Eigen::Index> out;
  for (std::size_t g = 0; g < found.selected.size(); ++g)
    if (found.selected[g]) out.push_back(static_cast<Eigen::Index>(g));
  return out;
}

struct FourScores {
  std::optional<double> cosine, mse, mae, pearson;
};

FourScores four_scores(const Benchmark& bench, const ResponseCondition& condition, const Eigen::RowVectorXd& truth, const Eigen::RowVectorXd& predicted, const std::vector<Eigen::Index>& genes) {
  EffectComparison pair;
  for (const auto g : genes) pair.genes.push_back(bench.cells.genes[static_cast<std::size_t>(g)]);
  pair.conditions = {condition};
  pair.truth = truth(genes), pair.predicted = predicted(genes);
  pair.control = pair.predicted_control = pair.truth;      // the four are on expression itself: no control enters
  pair.own_genes = {{}};
  const auto of = [&](const char* id) { return bulk_metric(id).evaluate(pair)[0].value; };
  return {of("cosine"), of("mse"), of("mae"), of("pearson")};
}

Cell optional_cell(const std::optional<double>& value) { return value ? cell_of(*value) : Cell(); }

}  // namespace

void report_published_table3(RunDirectory& run, const Benchmark& bench) {
  const auto published = read_published_table3();
  Table printed({{"model", "", ""}, {"arm", "", ""}, {"phase", "", ""}, {"space", "", ""}, {"cosine", "", ""}, {"mse", "", ""}, {"mae", "", ""}, {"pearson", "", ""}, {"implied_rms", "", "of the vectors, if both have one norm"}, {"implied_sd", "", ""},
                 {"implied_mean", "", ""}, {"mae_over_rmse", "1", "0.798 for normal errors"}});
  for (const auto& row : published) {
    const ImpliedScale scale = implied_scale(row);
    printed.add_row({row.model, row.arm(), row.phase, row.space, row.cosine.value, row.mse.value, row.mae.value, row.pearson.value, scale.rms.value, scale.sd.value, scale.mean, scale.mae_over_rmse});
  }
  run.add_table("published_table3", printed, "Table 3 of the HYPED paper as printed, with the scale of the vectors that its numbers imply.");

  const auto variable = most_variable(bench.cells, 500);
  std::vector<Eigen::Index> all(bench.cells.genes.size());
  for (std::size_t g = 0; g < all.size(); ++g) all[g] = static_cast<Eigen::Index>(g);
  const CellResamples resamples(bench.cells.values, bench.groups.groups, bench.seed);
  ProfileMatrix one, other;
  resamples.split(0, SplitRule::random, 0.5, one, other);
  Table rows({{"arm", "", ""}, {"phase", "", ""}, {"genes", "", ""}, {"row", "", ""}, {"cosine", "", ""}, {"mse", "", ""}, {"mae", "", ""}, {"pearson", "", ""}, {"beside", "", "printed rows of the same arm and phase"}, {"comparable", "", ""}});
  const std::vector<std::string> shown{"perturbed mean", "additive", "overlap-corrected additive", "gene network", "in-silico edit"};
  std::string words;
  for (std::size_t l = 0; l < bench.cells.conditions.size(); ++l) {
    const ResponseCondition& c = bench.cells.conditions[l];
    const auto arm = arm_of(c.name);
    if (c.perturbations.empty() || !arm) continue;
    const std::string name(to_string(*arm)), phase = c.context.empty() ? "" : phase_of(c.context).value_or(c.context);
    std::string beside;
    bool embedding = false;
    for (const auto& row : published)
      if (row.arm() == name && row.context() == phase) {
        beside += fmt::format("{}{} cosine {:.4f}, mse {:.4f}, mae {:.4f}, pearson {:.4f}", beside.empty() ? "" : "; ", row.model, row.cosine.value, row.mse.value, row.mae.value, row.pearson.value);
        embedding = embedding || row.space == "embedding";
      }
    const std::string comparable = beside.empty() ? "" : embedding ? "not comparable: the printed scores are of embeddings" : "not comparable as they stand: which 500 genes and which cells were held out is not printed";
    const auto control = static_cast<std::size_t>(bench.cells.index_of(bench.cells.control_label, c.context));
    const Eigen::RowVectorXd truth = bench.means.row(bench.groups.truth[l]), none = bench.means.row(bench.groups.learned[control]);
    for (const std::vector<Eigen::Index>* genes : {static_cast<const std::vector<Eigen::Index>*>(&all), &variable}) {
      if (genes->empty()) continue;
      const std::string label = genes == &all ? fmt::format("all {}", all.size()) : fmt::format("{} most variable", variable.size());
      const auto add = [&](const std::string& what, const Eigen::RowVectorXd& measured, const Eigen::RowVectorXd& predicted) {
        const FourScores s = four_scores(bench, c, measured, predicted, *genes);
        rows.add_row({name, phase.empty() ? std::string("All") : phase, label, what, optional_cell(s.cosine), optional_cell(s.mse), optional_cell(s.mae), optional_cell(s.pearson), beside, comparable});
        return s;
      };
      const FourScores floor = add("no change", truth, none);
      const int group = bench.groups.truth[l];
      const FourScores duplicate = add("mean of the arm's own training cells (half of them, against the other half)", other.row(group), one.row(group));
      if (genes == &variable && floor.pearson && duplicate.pearson)
        words += fmt::format("{}{}{}: {:.3f} to {:.3f}", words.empty() ? "" : "; ", name, phase.empty() ? "" : " " + phase, *floor.pearson, *duplicate.pearson);
      for (std::size_t i = 0; i < bench.tested.condition.size(); ++i)
        if (bench.tested.condition[i] == static_cast<int>(l))
          for (std::size_t m = 0; m < bench.models.size(); ++m)
            if (std::find(shown.begin(), shown.end(), bench.models[m].name) != shown.end()) add(bench.models[m].name, truth, bench.models[m].pair.predicted.row(static_cast<Eigen::Index>(i)));
    }
  }
  run.add_table("table3_rows", rows, "Scores of mean profiles in the form of the paper's Table 3, beside its printed rows. The level of the paper's split is unknown: if cells of an arm were split, the mean of its training cells is what a model has to beat.");
  if (!words.empty()) run.add_answer("Absolute Pearson on the most variable genes, from no change to the mean of the arm's own training cells: " + words + ". A printed value between the two says nothing of a model.");
}

}  // namespace hyped
