// Cells of each condition as a cloud in the components of the measured cells.
#include "experiments/benchmark/distance/cell_distances.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "experiments/benchmark/score/prediction_file.hpp"
#include "experiments/cells/cell_columns.hpp"
#include "experiments/cells/expression_input.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/embedding/principal_components.hpp"
#include "libhyped/expression/matrix_survey.hpp"
#include "libhyped/score/dialects/scored_pair.hpp"
#include "libhyped/score/cells/cell_scores.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

constexpr std::int64_t fewest_predicted = 4;      // cells of a condition

struct Cells {
  SparseRows rows;          // [N x G]
  CellGroups groups;
  Eigen::MatrixXd place;    // [N x D]
};

std::vector<int> members(const CellGroups& groups, int k) {
  std::vector<int> out;
  for (std::size_t c = 0; c < groups.of_cell.size(); ++c)
    if (groups.of_cell[c] == k) out.push_back(static_cast<int>(c));
  return out;
}

Eigen::MatrixXd cloud(const Cells& cells, int k) {
  const std::vector<int> rows = members(cells.groups, k);
  Eigen::MatrixXd out(static_cast<Eigen::Index>(rows.size()), cells.place.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = cells.place.row(rows[i]);
  return out;
}

// (x - mean) times the loadings; no components: the values themselves.
Eigen::MatrixXd placed(const SparseRows& rows, const std::optional<Pca>& pca) {
  Eigen::MatrixXd out(rows.rows, pca ? pca->loadings.cols() : rows.columns);
  out.setZero();
  if (pca) out.rowwise() -= (pca->loadings.transpose() * pca->mean).transpose();
  for (int c = 0; c < rows.rows; ++c)
    for (std::size_t i = 0; i < rows.columns_of(c).size(); ++i) {
      const double value = static_cast<double>(rows.values_of(c)[i]);
      if (pca) out.row(c) += value * pca->loadings.row(rows.columns_of(c)[i]);
      else out(c, rows.columns_of(c)[i]) = value;
    }
  return out;
}

Cells cells_of(const ExpressionInput& input, const std::string& by, std::int64_t least) {
  Cells out{transposed(input.by_gene), groups_by(input.data.obs, by, {}, input.where), {}};
  require_cells(out.groups, least, fmt::format("{}, column {}", input.where, by));
  return out;
}

// The prediction as `hyped bench score` reads it: counts are normalised as the measured ones were, logarithms are taken as they are, genes are put in the measured
// order. InputError: means without cells, other genes, logarithms of another total.
Cells predicted_cells(RunDirectory& run, const CellDistanceSettings& settings, const ExpressionInput& input, const Cells& measured) {
  SideFile side = read_cells_side(settings.against, settings.against_matrix, settings.against_by.empty() ? settings.by : settings.against_by, settings.control, true);
  say(run, "predicted", side.words);
  if (side.of_means) throw InputError(side.where, "has one row for each condition: means, no cells", "distances are between cells; score means with hyped bench score");
  std::vector<int> columns;
  std::unordered_map<std::string, int> at;
  for (std::size_t g = 0; g < side.genes.size(); ++g) at[side.genes[g]] = static_cast<int>(g);
  for (const auto& gene : input.genes) {
    const auto found = at.find(gene);
    if (found == at.end()) throw InputError(side.where, fmt::format("has no gene '{}'; the measured cells have {} genes, the predicted {}", gene, input.genes.size(), side.genes.size()), "write the prediction with the genes of the measured file");
    columns.push_back(found->second);
  }
  if (side.genes.size() > input.genes.size()) run.add_note(fmt::format("{} genes of the prediction are not measured and take no part.", side.genes.size() - input.genes.size()));
  MatrixSurveyor surveyor;
  surveyor.see(0, measured.rows);
  const double total = surveyor.finish().log_target;      // 0: cells differ
  if (side.scale == CellScale::logs && side.log_target > 0 && total > 0 && std::abs(side.log_target / total - 1) > 0.01)
    throw InputError(side.where, fmt::format("holds logarithms of counts per {:.6g}, and the measured cells are per {:.6g}", side.log_target, total), "normalise both to the same total (--target for counts)");
  const double target = total > 0 ? total : settings.target;
  if (side.scale == CellScale::counts) say(run, "predicted", fmt::format("counts became ln(1 + counts per {:.6g})", target));
  ScoredCells cells{std::move(side.rows), group_cells(side.labels), side.scale};
  Cells out{columns_of(logs_of(cells, target), columns), std::move(cells.groups), {}};
  double level = 0, mine = 0;
  for (const float v : out.rows.value) level += static_cast<double>(v) / out.rows.rows;
  for (const float v : measured.rows.value) mine += static_cast<double>(v) / measured.rows.rows;
  if (!(level > 0.5 * mine && level < 2 * mine)) throw InputError(side.where, fmt::format("is on another scale: its mean expression is {:.3g} of the measured", level / mine), "give both as counts, or both as ln(1 + counts per the same total)");
  return out;
}

void add_scores(RunDirectory& run, const Cells& measured, const Cells& predicted, int control, const CellDistanceSettings& settings, const std::string& space) {
  Table table({{"condition", "", ""}, {"distance", "", ""}, {"to_prediction", "", "d(truth, predicted)"}, {"to_prediction_se", "", "over cells of these cultures"}, {"to_control", "", "d(truth, control)"}, {"ratio", "1", "below 1: closer than the control"}, {"ratio_se", "1", "delta method"}, {"undefined", "", "why there is no ratio"}, {"estimator", "", ""}});
  int closer = 0, told = 0;
  std::vector<std::string> words, absent;
  const auto sizes = predicted.groups.sizes();
  for (int k = 0; k < measured.groups.count(); ++k) {
    const std::string& name = measured.groups.names[static_cast<std::size_t>(k)];
    if (k == control) continue;
    const auto at = std::find(predicted.groups.names.begin(), predicted.groups.names.end(), name);
    if (at == predicted.groups.names.end() || sizes[static_cast<std::size_t>(at - predicted.groups.names.begin())] < fewest_predicted) {
      absent.push_back(name);
      continue;
    }
    const CellScores found = cell_scores({cloud(measured, k), cloud(predicted, static_cast<int>(at - predicted.groups.names.begin())), cloud(measured, control), space}, {.gamma = {}, .seed = settings.seed});
    words = found.words;
    for (const CellScore& s : found.scores) {
      table.add_row({name, s.id, cell_of(s.value), s.se ? cell_of(*s.se) : Cell{}, cell_of(s.to_control), s.ratio.value ? cell_of(*s.ratio.value) : Cell{}, s.ratio_se ? cell_of(*s.ratio_se) : Cell{}, s.ratio.undefined_because, s.estimator});
      if (s.id == "energy" && s.ratio.value) ++told, closer += *s.ratio.value < 1;
    }
  }
  for (const auto& w : words) run.add_note(w);
  if (!absent.empty()) run.add_warning(fmt::format("{} conditions have fewer than {} predicted cells and no score; the first is {}.", absent.size(), fewest_predicted, absent.front()));
  fmt::print("\n{}\n", to_terminal(table, "tables/scores.tsv"));
  run.add_table("scores", table, "Distances of measured from predicted cells and from the control. A ratio of 0 is perfect, 1 is no change.");
  run.add_answer(fmt::format("The prediction is closer to the measured cells than the control is in {} of {} conditions that can be told from the control (energy distance).", closer, told));
}

}  // namespace

void run_cell_distances(RunDirectory& run, const std::filesystem::path& file, const CellDistanceSettings& settings) {
  run.set_title("Distances of cells of " + file.filename().string(), "How far are the cells of each condition from the control, and from predicted cells, as distributions?");
  run.add_input(file);
  const ExpressionInput input = read_expression(file, {ExpressionUse::log_values, settings.matrix, settings.target});
  state_input(run, input);
  Cells measured = cells_of(input, settings.by, settings.least_cells);
  const int control = measured.groups.index_of(settings.control, fmt::format("{}, column {}", input.where, settings.by));
  std::optional<Cells> predicted;      // read before anything is printed: a file that is refused is refused at once
  if (!settings.against.empty()) {
    run.add_input(settings.against);
    predicted = predicted_cells(run, settings, input, measured);
    const auto sizes = predicted->groups.sizes();
    bool any = false;
    for (int k = 0; k < predicted->groups.count(); ++k) any = any || (sizes[static_cast<std::size_t>(k)] >= fewest_predicted && k < predicted->groups.count() && predicted->groups.names[static_cast<std::size_t>(k)] != settings.control && std::count(measured.groups.names.begin(), measured.groups.names.end(), predicted->groups.names[static_cast<std::size_t>(k)]));
    if (!any) throw InputError(settings.against.string(), fmt::format("predicts none of the measured conditions with {} cells or more", fewest_predicted), "labels must be the same on both sides (--against-by names the prediction's column)");
  }
  std::optional<Pca> pca;
  if (settings.components > 0) {
    const int most = std::min(measured.rows.rows, measured.rows.columns) - 1;
    pca = principal_components(measured.rows, {.components = std::min(settings.components, most), .seed = settings.seed});
    if (!pca->outcome.ok()) run.set_outcome(pca->outcome);
  }
  const std::string space = pca ? fmt::format("{} principal components of the measured cells ({:.0f} % of the variance)", pca->loadings.cols(), 100 * pca->variance_share.sum()) : fmt::format("all {} genes", measured.rows.columns);
  measured.place = placed(measured.rows, pca);
  const Eigen::MatrixXd base = cloud(measured, control);
  const PairMeasure energy, kernel{PairMeasure::Kind::gaussian, gaussian_kernel_around(median_heuristic_gamma(base, settings.seed), 2).gamma};
  say(run, "estimator", fmt::format("energy, Euclid, U-statistic, {}; {}, U-statistic, the same space", space, kernel.words()));
  say(run, "test", fmt::format("{} permutations of cells between a condition and the control, p = (1 + those at least as large) / (1 + permutations), Holm-Sidak over conditions", settings.permutations));
  run.add_warning("Cells are exchanged as if they were independent. Cells of one culture are not: a small p says that the two samples differ, not that other cultures would.");
  Table table({{"condition", "", ""}, {"cells", "1", ""}, {"energy", "ln", "U-statistic, may be negative"}, {"energy_se", "ln", "over cells; too small where there is no difference"}, {"energy_v", "ln", "V-statistic (cell-eval, pertpy's test)"}, {"p", "1", "permutations"}, {"p_error", "1", "Monte-Carlo"}, {"p_adjusted", "1", "Holm-Sidak"}, {"mmd_squared", "1", ""}, {"mmd_squared_se", "1", ""}, {"gene_energy", "ln", "mean over genes, on a line"}, {"gene_energy_se", "ln", ""}, {"gene_w1", "ln", "mean over genes"}, {"gene_w1_se", "ln", ""}});
  Table parts({{"condition", "", ""}, {"mean", "ln^2", "squared distance of means, unbiased"}, {"variance", "ln^4", "of variances, squared, unbiased"}, {"covariance", "ln^4", "of covariances, squared, unbiased"}, {"marginal_energy", "ln", "sum over coordinates"}, {"rank_energy", "1", "of ranks: dependence alone"}});
  struct Row {
    std::string name;
    std::int64_t cells;
    TwoSamples energy, kernel;
    double v;
    PermutationTest test;
    GeneDistances genes;
  };
  std::vector<Row> rows;
  std::vector<double> p;
  const SparseRows control_rows = rows_of(measured.rows, members(measured.groups, control));
  for (int k = 0; k < measured.groups.count(); ++k) {
    if (k == control) continue;
    const Eigen::MatrixXd here = cloud(measured, k);
    Row row{measured.groups.names[static_cast<std::size_t>(k)], here.rows(), two_samples(here, base, energy), two_samples(here, base, kernel), pair_means(here, base, energy, EnergyPairs::with_self).distance(),
            permutation_test(here, base, energy, {.permutations = settings.permutations, .seed = settings.seed, .comparison = static_cast<std::uint32_t>(k)}), gene_distances(rows_of(measured.rows, members(measured.groups, k)), control_rows)};
    p.push_back(row.test.p);
    const DifferenceParts d = difference_parts(here, base);
    parts.add_row({row.name, d.mean, d.variance, d.covariance, d.marginal_energy, d.rank_energy});
    rows.push_back(std::move(row));
  }
  const std::vector<double> adjusted = holm_sidak(p);
  int different = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    different += adjusted[i] < 0.05;
    table.add_row({r.name, r.cells, r.energy.statistic, r.energy.se, r.v, r.test.p, r.test.p_error, adjusted[i], r.kernel.statistic, r.kernel.se, r.genes.mean_energy, r.genes.energy_se, r.genes.mean_w1, r.genes.w1_se});
  }
  Table shown({{"condition", "", ""}, {"cells", "1", ""}, {"energy", "ln", "U-statistic, may be negative"}, {"energy_se", "ln", ""}, {"p", "1", ""}, {"p_adjusted", "1", "Holm-Sidak: what the answer counts"}, {"mmd_squared", "1", ""}, {"mmd_squared_se", "1", ""}});
  Table bars({{"panel", "", ""}, {"name", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %"}, {"upper", "", "95 %"}, {"null_lower", "", "95 % of permutations"}, {"null_upper", "", "95 % of permutations"}});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    shown.add_row({r.name, r.cells, r.energy.statistic, r.energy.se, r.test.p, adjusted[i], r.kernel.statistic, r.kernel.se});
    if (i < 60) bars.add_row({std::string("energy distance from ") + settings.control + " [ln]", r.name, r.energy.statistic, r.energy.statistic - 1.96 * r.energy.se, r.energy.statistic + 1.96 * r.energy.se, r.test.null_lower, r.test.null_upper});
  }
  fmt::print("\n{}\n", to_terminal(shown, "tables/distances.tsv"));
  report::add_figure(run, {"distances", fmt::format("Energy distance of the cells of each condition{} from those of {}, in {}. Grey: 95 % of {} permutations of cells between the two; a bar within it is no difference. Bars are 95 % over cells of these cultures.", rows.size() > 60 ? " (the first 60)" : "", settings.control, space, settings.permutations), "distances", {{"rows", bars}}, {}, "answer"});
  run.add_table("distances", table, fmt::format("Distances of each condition's cells from {}'s. Energy and MMD in {}; gene distances on log-normalised expression.", settings.control, space));
  run.add_table("parts", parts, fmt::format("What of the difference from {} is means, variances and dependence, in {}. Unbiased: may be negative where there is none.", settings.control, space));
  run.add_answer(fmt::format("{} of {} conditions differ from {} at 5 % (energy distance, permutations, Holm-Sidak).", different, rows.size(), settings.control));
  if (predicted) {
    predicted->place = placed(predicted->rows, pca);
    add_scores(run, measured, *predicted, control, settings, space);
  }
  for (const auto& answer : run.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
}

}  // namespace hyped
