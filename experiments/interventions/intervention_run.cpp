// Tables in, predictions and their words out.
#include "experiments/interventions/intervention_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "experiments/interventions/intervention_figures.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/ingest/networks/read_edge_list.hpp"
#include "libhyped/score/edge_ranking.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

int gene_named(const std::vector<std::string>& genes, const std::string& name, const std::string& where) {
  const auto found = std::find(genes.begin(), genes.end(), name);
  if (found == genes.end()) throw InputError(where, "'" + name + "' is no gene of the table", "nearest: " + nearest_names(name, genes));
  return static_cast<int>(found - genes.begin());
}

double median_of(Eigen::VectorXd values) {
  std::sort(values.data(), values.data() + values.size());
  return 0.5 * (values[(values.size() - 1) / 2] + values[values.size() / 2]);
}

std::vector<std::string> genes_without_edge(const std::vector<std::string>& genes, const std::vector<SignedEdge>& edges) {
  std::vector<std::string> out;
  for (int g = 0; g < static_cast<int>(genes.size()); ++g)
    if (std::none_of(edges.begin(), edges.end(), [&](const SignedEdge& e) { return e.from == g || e.to == g; })) out.push_back(genes[static_cast<std::size_t>(g)]);
  return out;
}

}  // namespace

void run_knockout_edges(RunDirectory& run, const KnockoutSettings& settings) {
  run.set_title("Edges from knock-outs", "Which edges do the levels after single interventions support?");
  const LevelTable knockouts = read_level_table(settings.knockouts);
  run.add_input(settings.knockouts);
  const auto genes = static_cast<Eigen::Index>(knockouts.genes.size());
  if (knockouts.levels.rows() != genes) throw InputError(settings.knockouts, fmt::format("has {} rows for {} genes", knockouts.levels.rows(), genes), "row i is the knock-out of gene i");
  InterventionData data;
  data.genes = knockouts.genes;
  data.levels = knockouts.levels;
  for (int g = 0; g < genes; ++g) data.target.push_back(g), data.remaining.push_back(0);
  const auto same_genes = [&](const std::vector<std::string>& other, const std::string& file) {
    if (other != knockouts.genes) throw InputError(file, "has not the genes of the knock-out table in their order");
  };
  if (!settings.knockdowns.empty()) {
    const LevelTable more = read_level_table(settings.knockdowns);
    run.add_input(settings.knockdowns);
    same_genes(more.genes, settings.knockdowns);
    if (more.levels.rows() != genes) throw InputError(settings.knockdowns, fmt::format("has {} rows for {} genes", more.levels.rows(), genes));
    data.levels.conservativeResize(2 * genes, genes);
    data.levels.bottomRows(genes) = more.levels;
    for (int g = 0; g < genes; ++g) data.target.push_back(g), data.remaining.push_back(0.5);
  }
  InterventionOptions options;
  options.steps = settings.steps, options.seed = settings.seed;
  if (!settings.series.empty()) {
    const SeriesTable series = read_series_table(settings.series, settings.rows_each);
    run.add_input(settings.series);
    same_genes(series.genes, settings.series);
    const Eigen::Index late = std::max(1, settings.rows_each / 5);
    Eigen::MatrixXd rest(static_cast<Eigen::Index>(series.series.size()) * (1 + late), genes);
    for (std::size_t s = 0; s < series.series.size(); ++s) rest.middleRows(static_cast<Eigen::Index>(s) * (1 + late), 1 + late) << series.series[s].row(0), series.series[s].bottomRows(late);
    data.wild_type = rest.colwise().mean().transpose();
    const LevelNoise noise = noise_of_replicates(rest);
    options.noise_absolute = noise.absolute, options.noise_relative = noise.relative;
    run.add_setting("wild type", fmt::format("mean of {} rows: the first and the last {} of each time series", rest.rows(), late));
    run.add_setting("noise", fmt::format("sd = hypot({:.3g}, {:.3g} level), from the same rows", noise.absolute, noise.relative));
  } else {
    data.wild_type.resize(genes);
    for (Eigen::Index g = 0; g < genes; ++g) data.wild_type[g] = median_of(knockouts.levels.col(g));
    run.add_warning(fmt::format("No time series: the wild type is the median over knock-outs, and the noise is assumed to be hypot({}, {} level).", options.noise_absolute, options.noise_relative));
  }
  const EdgePosterior posterior = intervention_network(data, options);
  const Eigen::MatrixXd z = knockout_zscores(knockouts.levels);
  struct Row {
    Eigen::Index from, to;
  };
  std::vector<Row> order;
  for (Eigen::Index from = 0; from < genes; ++from)
    for (Eigen::Index to = 0; to < genes; ++to)
      if (from != to) order.push_back({from, to});
  std::stable_sort(order.begin(), order.end(), [&](const Row& a, const Row& b) { return posterior.probability(a.from, a.to) > posterior.probability(b.from, b.to); });
  Table table({{"regulator", "", ""}, {"target", "", ""}, {"probability", "1", "posterior, of an edge"}, {"effect", "1", "relative change of the target per relative change of the regulator, if there is an edge"}, {"effect_sd", "1", ""}, {"z_score", "1", "of the knock-out alone, the baseline"}});
  int clear = 0;
  for (const Row& r : order) {
    const double probability = posterior.probability(r.from, r.to);
    clear += probability > 0.9;
    table.add_row({knockouts.genes[static_cast<std::size_t>(r.from)], knockouts.genes[static_cast<std::size_t>(r.to)], probability, probability > 0 ? Cell(posterior.effect(r.from, r.to)) : Cell(), probability > 0 ? Cell(posterior.effect_sd(r.from, r.to)) : Cell(), z(r.from, r.to)});
  }
  run.add_table("edges", table, "Pairs of genes by the posterior probability of an edge.");
  run.add_result("clear_edges", clear, "edges with a probability above 0.9");
  run.add_result("chains_differ", posterior.disagreement, "largest standard error of a probability between chains");
  run.add_answer(fmt::format("{} of {} {} a posterior probability above 0.9.", clear, counted(order.size(), "possible edge"), agreed(clear, "has", "have")));
  if (posterior.disagreement > 0.1) run.add_warning(fmt::format("Chains differ by {:.2f} in an edge's probability: several networks explain the data about as well.", posterior.disagreement));
  std::optional<GoldStandard> true_edges;
  if (!settings.gold.empty()) true_edges = read_gold_standard(settings.gold, knockouts.genes);
  draw_knockout_edges(run, knockouts.genes, posterior, z, true_edges);
  if (!true_edges) return;
  const GoldStandard& gold = *true_edges;
  run.add_input(settings.gold);
  const RankedEdges mine = score_edges(posterior.probability, gold.present), simple = score_edges(z, gold.present);
  run.add_result("average_precision", mine.average_precision, "1");
  run.add_result("average_precision_z_score", simple.average_precision, "1");
  run.add_answer(fmt::format("Against {}: average precision {:.3f} (z-score {:.3f}), DREAM's AUPR {:.3f} ({:.3f}), AUROC {:.3f} ({:.3f}).", counted(mine.edges, "true edge"), mine.average_precision, simple.average_precision, mine.dream_aupr, simple.dream_aupr, mine.auroc, simple.auroc));
}

void run_dual_arm(RunDirectory& run, DualArmSettings settings) {
  run.set_title("The dual arm from the singles", "What do both doses together do, and how sure is it?");
  const std::vector<std::pair<std::string, std::string>> roles = {{"--ctrl", settings.ctrl}, {"--si", settings.si}, {"--mm", settings.mm}, {"--both", settings.both}};
  for (std::size_t a = 0; a < roles.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (roles[a].second == roles[b].second) throw InputError(roles[a].first + " " + roles[a].second, "is also given as " + roles[b].first, "name a condition of its own for each");
  if (settings.doses.wash_h >= settings.end_h || settings.doses.delivery_h >= settings.end_h)
    throw InputError(fmt::format("--end-h {}", settings.end_h), fmt::format("cells are taken before the wash ({} h) or the delivery ({} h)", settings.doses.wash_h, settings.doses.delivery_h), "give times in hours since the siRNA");
  const ConditionCounts cells = read_condition_counts(settings.cells, settings.metadata);
  run.add_input(settings.cells);
  settings.doses.silenced = gene_named(cells.genes, settings.silenced, "the silenced gene");
  settings.doses.delivered = gene_named(cells.genes, settings.delivered, "the delivered gene");
  const PriorEdges list = read_edge_list(settings.edges);
  const PlacedEdges placed = place_edges(list, cells.genes);
  for (const auto& note : list.notes) run.add_note(note);
  for (const auto& note : placed.notes) run.add_note(note);
  if (placed.dropped > 0) run.add_warning(fmt::format("{} of {} left out, with genes that are not in the table (see the notes).", placed.dropped, counted(list.edges.size(), "edge")));
  if (placed.edges.empty()) throw InputError(settings.edges, "holds no edge between two genes of the table", "check that both name genes in the same way");
  EdgeList known{{}, settings.precision, settings.recall};
  for (const auto& edge : placed.edges) known.edges.push_back({edge.from, edge.to, edge.sign});
  run.add_input(settings.edges);
  const auto depth_of = [&](double given) { return given > 0 ? given : settings.depth; };
  SingleArms arms = single_arms(cells.genes, cells.of(settings.ctrl), cells.of(settings.si), cells.of(settings.mm), {settings.depth, depth_of(settings.depth_si), depth_of(settings.depth_mm)}, settings.doses);
  for (const auto& doubt : depth_doubts(arms)) run.add_warning(doubt + "; give it (--depth-si, --depth-mm).");
  run.add_setting("genes", fmt::format("{} columns of the cells: {}", cells.genes.size(), fmt::join(cells.genes, ", ")));
  if (const auto alone = genes_without_edge(cells.genes, known.edges); !alone.empty())
    run.add_warning(fmt::format("Columns without an edge in the list are taken for genes: {}. Name those that are none with --metadata.", fmt::join(alone, ", ")));
  arms.end_h = settings.end_h;
  const DualArmPrediction prediction = predict_dual_arm(arms, known, settings.fit);
  run.add_setting("edge list", fmt::format("{}; taken to be right in {:.0f} % and to hold {:.0f} % of all", counted(known.edges.size(), "edge"), 100 * known.precision, 100 * known.recall));
  run.add_setting("doses", fmt::format("siRNA against {} (strength {}) until {} h, then halved every {} h; mRNA of {} (dose {}) at {} h, halved every {} h; cells at {} h", settings.silenced, settings.doses.strength, settings.doses.wash_h,
                                       settings.doses.sirna_half_life_h, settings.delivered, settings.doses.dose, settings.doses.delivery_h, settings.doses.delivered_half_life_h, settings.end_h));
  run.add_setting("depth", fmt::format("counts at level 1, a gene's greatest level: {} in the control, {} with the siRNA, {} with the mRNA, {} with both", settings.depth, depth_of(settings.depth_si), depth_of(settings.depth_mm), depth_of(settings.depth_both)));
  if (prediction.mean.size() == 0) {
    run.set_outcome(prediction.outcome);
    return;
  }
  const bool known_truth = std::find(cells.condition.begin(), cells.condition.end(), settings.both) != cells.condition.end();
  const Eigen::VectorXd truth = known_truth ? Eigen::VectorXd(cells.of(settings.both).colwise().mean().transpose() / depth_of(settings.depth_both)) : Eigen::VectorXd();
  Table table({{"gene", "", ""}, {"ctrl", "relative", "mean of the cells"}, {"si", "relative", ""}, {"mm", "relative", ""}, {"predicted", "relative", "both doses"}, {"lower", "relative", "95 % interval"}, {"upper", "relative", ""}, {"additive", "relative", "si + mm - ctrl"}, {"overlap_corrected", "relative", ""}, {"measured", "relative", "both doses, where measured"}});
  std::array<Eigen::VectorXd, 4> simple;
  for (std::size_t b = 0; b < 4; ++b) simple[b] = baseline_prediction(dual_arm_baselines[b], arms);
  double error = 0, genes = 0;
  std::array<double, 4> errors{};
  int beyond = 0, covered = 0;
  for (std::size_t g = 0; g < cells.genes.size(); ++g) {
    const auto i = static_cast<Eigen::Index>(g);
    table.add_row({cells.genes[g], arms.ctrl[i], arms.si[i], arms.mm[i], prediction.mean[i], prediction.lower[i], prediction.upper[i], simple[1][i], simple[2][i], known_truth ? Cell(truth[i]) : Cell()});
    if (static_cast<int>(g) == settings.doses.silenced || static_cast<int>(g) == settings.doses.delivered) continue;
    beyond += simple[1][i] < prediction.lower[i] || simple[1][i] > prediction.upper[i];
    if (!known_truth) continue;
    ++genes;
    error += std::pow(prediction.mean[i] - truth[i], 2);
    covered += truth[i] >= prediction.lower[i] && truth[i] <= prediction.upper[i];
    for (std::size_t b = 0; b < 4; ++b) errors[b] += std::pow(simple[b][i] - truth[i], 2);
  }
  run.add_table("dual_arm", table, "Mean levels of the arm with both doses, predicted from the others.");
  draw_dual_arm(run, cells.genes, arms, prediction, truth);
  run.add_note("Intervals: " + prediction.words + ".");
  run.add_answer(fmt::format("{} of {} genes without a dose have an interval that leaves the additive prediction out (its own sampling error is not counted).", beyond, cells.genes.size() - 2));
  if (prediction.best_misfit > 1.5) run.add_warning(fmt::format("No drawn network explains the single arms: the best misfit is {:.1f} per measured mean. Intervals are widened for it.", prediction.best_misfit));
  if (!known_truth) return;
  run.add_result("rmse", std::sqrt(error / genes), "relative");
  run.add_answer(fmt::format("Against the measured arm (genes without a dose): RMSE {:.4f}; no change {:.4f}, additive {:.4f}, overlap corrected {:.4f}, same as mm {:.4f}; {} of {} measured means lie in their intervals.", std::sqrt(error / genes),
                             std::sqrt(errors[0] / genes), std::sqrt(errors[1] / genes), std::sqrt(errors[2] / genes), std::sqrt(errors[3] / genes), covered, static_cast<int>(genes)));
}

}  // namespace hyped
