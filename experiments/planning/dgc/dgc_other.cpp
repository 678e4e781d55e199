// Mogrify-like, CellNet-like and superposition scores on the same start and target.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "experiments/control/factors/other_scores/network_scores.hpp"
#include "experiments/control/factors/other_scores/superposition.hpp"
#include "experiments/planning/dgc/dgc_run.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

Eigen::MatrixXd side_by_side(const std::vector<Eigen::MatrixXd>& parts) {
  Eigen::Index columns = 0;
  for (const auto& one : parts) columns += one.cols();
  Eigen::MatrixXd out(parts[0].rows(), columns);
  columns = 0;
  for (const auto& one : parts) out.middleCols(columns, one.cols()) = one, columns += one.cols();
  return out;
}

void report_superposition(RunDirectory& run, const DgcCase& first, const MeasuredResponses& responses, const DgcSettings& settings) {
  const Eigen::Index genes = responses.change.rows(), count = responses.change.cols();
  const Eigen::MatrixXd metric = control::state_metric(side_by_side(first.course.replicates), settings.rank);
  const Eigen::VectorXd start = first.data.path.back().rowwise().mean();
  Eigen::VectorXd target = Eigen::VectorXd::Zero(genes);
  for (const auto& one : first.data.target) target += one.rowwise().mean() / static_cast<double>(first.data.target.size());
  Table out({{"amounts", "", ""}, {"responses", "", ""}, {"values", "1", ""}, {"distance", "log2", "left, in the leading directions of the series"}, {"gain", "log2", ""}});
  for (const auto kind : {control::SuperpositionAmounts::on_off, control::SuperpositionAmounts::nonnegative}) {
    const auto result = control::superpose(start, target, responses.change, metric, {kind, 3, settings.pool, settings.listed});
    for (const auto& set : result.best) {
      std::vector<std::string> names, amounts;
      for (const int p : set.responses) names.push_back(responses.names[static_cast<std::size_t>(p)]);
      for (const double a : set.amounts) amounts.push_back(fmt::format("{:.3g}", a));
      out.add_row({std::string(kind == control::SuperpositionAmounts::on_off ? "0 or 1" : ">= 0"), fmt::format("{}", fmt::join(names, " + ")), fmt::format("{}", fmt::join(amounts, " ")), set.distance, result.distance - set.distance});
    }
    if (kind == control::SuperpositionAmounts::on_off && !result.best.empty()) run.add_answer(fmt::format("Superposition of {} measured responses: {} comes nearest; distance {:.3f} of {:.3f} is left in {} directions ({} genes of the table are in the series).", count, std::get<std::string>(out.rows()[0][1]), result.best[0].distance, result.distance, metric.cols(), responses.found));
  }
  run.add_input(settings.responses);
  run.add_table("superposition", out, "Sums of measured responses after Wytock and Motter 2024, on the leading directions of the series.");
}

}  // namespace

MeasuredResponses read_responses(const std::filesystem::path& file, const std::vector<std::string>& genes) {
  const DelimitedTable table = DelimitedTable::read(file);
  if (table.columns().size() < 2) throw InputError(file.string(), "has no column of responses", "genes are rows, perturbations are columns");
  std::map<std::string, std::size_t> row;
  for (std::size_t r = 0; r < table.rows(); ++r)
    if (!row.emplace(table.name(r, 0), r).second) throw table.error(r, 0, "the gene is there twice", "keep one row");
  MeasuredResponses out;
  out.names.assign(table.columns().begin() + 1, table.columns().end());
  out.change = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(genes.size()), static_cast<Eigen::Index>(out.names.size()));
  for (std::size_t g = 0; g < genes.size(); ++g) {
    const auto at = row.find(genes[g]);
    if (at == row.end()) continue;
    ++out.found;
    for (std::size_t p = 0; p < out.names.size(); ++p) out.change(static_cast<Eigen::Index>(g), static_cast<Eigen::Index>(p)) = table.number(at->second, p + 1);
  }
  if (out.found == 0) throw InputError(file.string(), "shares no gene with the series", "name genes the same way in both");
  return out;
}

void report_other_scores(RunDirectory& run, const DgcRanking& ranking, const DgcCase& first, const PriorEdges& prior, const control::FactorInputs& inputs, const std::optional<MeasuredResponses>& responses, const DgcSettings& settings) {
  if (responses) report_superposition(run, first, *responses, settings);
  const Eigen::MatrixXd start = first.data.path.back(), target = side_by_side(first.data.target);
  if (start.cols() + target.cols() < 3) {
    run.add_note("Start and target have one sample each: the scores beside data-guided control need a test of change and are left out.");
    return;
  }
  const auto changes = control::gene_changes(start, target);
  const auto mogrify = control::mogrify_like(prior, inputs.names, first.course.genes, changes);
  const auto influence = control::influence_like(prior, inputs.names, first.course.genes, changes, target.rowwise().mean());
  Table table({{"factor", "", ""}, {"place_guided", "1", "data-guided control"}, {"place_mogrify_like", "1", ""}, {"place_influence_like", "1", ""}, {"own_score", "1", "|log2 change| x -log10 adjusted p of its own gene; 0: not measured"}, {"network_score", "1", "Mogrify-like"}, {"influence", "1", "CellNet-like"}});
  Table shown({{"factor", "", ""}, {"guided", "place", ""}, {"Mogrify-like", "place", ""}, {"CellNet-like", "place", ""}});
  std::vector<std::size_t> order(inputs.names.size());
  for (std::size_t m = 0; m < order.size(); ++m) order[m] = m;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return ranking.places[a] < ranking.places[b]; });
  for (const auto m : order) {
    table.add_row({inputs.names[m], ranking.places[m], mogrify[m].place, influence[m].place, mogrify[m].gene, mogrify[m].network, influence[m].combined});
    if (ranking.places[m] <= 3 || mogrify[m].place <= 3 || influence[m].place <= 3 || std::find(settings.follow.begin(), settings.follow.end(), inputs.names[m]) != settings.follow.end()) shown.add_row({inputs.names[m], ranking.places[m], mogrify[m].place, influence[m].place});
  }
  fmt::print("\n{}\n", to_terminal(shown, "tables/other_scores.tsv"));
  run.add_table("other_scores", table, "Other recommenders on the same start, target and list of edges. They are like Mogrify and CellNet, not these programs: docs/control_factors.md says what differs.");
  for (const auto& name : settings.follow)
    if (const int m = inputs.index_of(name); m >= 0) run.add_answer(fmt::format("{}: place {:g} by data-guided control, {:g} Mogrify-like, {:g} CellNet-like.", name, ranking.places[static_cast<std::size_t>(m)], mogrify[static_cast<std::size_t>(m)].place, influence[static_cast<std::size_t>(m)].place));
}

}  // namespace hyped
