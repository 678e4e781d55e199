// Edges of a twin, in tables and words.
#include "experiments/grn/twin/identify_twin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/grn/twin/twin_edges.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/networks/evidence/input_design.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

constexpr int most_genes = 140;

void answer(RunDirectory& run, const std::string& text) {
  fmt::print("{}", to_terminal_paragraph("answer    ", text));
  run.add_answer(text);
}

void add_edges(RunDirectory& run, const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const EdgeCallScore& score) {
  Table table({{"edge", "", ""}, {"estimate", "1", "weight of the regulator's level, in units of the control's G1 cells"}, {"lower", "1", "95 %"}, {"upper", "1", ""}, {"z", "1", "standard deviations from no effect, of the refits"}, {"data_share", "1", "of the prior's variance that the data took away"}, {"null_share", "1", "where the prior outweighs the data"}, {"verdict", "", ""}, {"why", "", ""}, {"truth", "1", ""}, {"candidate", "", "there in truth, or only in the list of candidates"}, {"at_truth", "", "verdict by the information at the truth"}});
  Table shown({{"determined edge", "", ""}, {"estimate", "1", ""}, {"lower", "1", "95 %"}, {"upper", "1", ""}, {"z", "1", ""}, {"truth", "1", ""}});
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}, {"truth", "1", ""}});
  int held = 0, with_interval = 0, held_determined = 0;      // intervals that hold the truth
  for (std::size_t e = 0; e < fit.edges.size(); ++e) {
    const EdgeEvidence& one = fit.edges[e];
    const double truth = problem.truth[one.index];
    const bool inside = one.lower <= truth && truth <= one.upper;
    with_interval += std::isfinite(one.lower) && std::isfinite(one.upper);
    held += inside;
    held_determined += inside && one.verdict == EdgeVerdict::determined;
    table.add_row({one.name, one.estimate, cell_of(one.lower), cell_of(one.upper), one.z, one.data_share, one.null_share, std::string(to_string(one.verdict)), one.why, truth, std::string(problem.real[e] ? "real" : "false"), std::string(to_string(score.at_truth[e].verdict))});
    if (one.verdict == EdgeVerdict::determined) shown.add_row({one.name, one.estimate, cell_of(one.lower), cell_of(one.upper), one.z, truth});
    if (one.verdict == EdgeVerdict::determined && rows.rows().size() < 30) rows.add_row({std::string("weight of a determined edge [1]"), one.name, one.estimate, one.lower, one.upper, truth});
  }
  fmt::print("\n{}\n", to_terminal(shown, "tables/edges.tsv"));
  run.add_table("edges", table, "Candidate edges: fitted weight, how much of it comes from the data, the truth. The prior's share is 1 - data_share. " + verdict_rule());
  if (!rows.rows().empty()) report::add_figure(run, {"determined_edges", "Weights of the edges called determined with 95 % intervals; crosses: the truth.", "intervals", {{"rows", rows}}, {}, "answer"});
  run.add_result("edges", score.edges, "1");
  run.add_result("determined", score.determined, "1");
  run.add_result("determined_rightly", score.right, "1");
  run.add_result("identifiable_at_truth", score.identifiable, "1");
  run.add_result("identifiable_called", score.identifiable_called, "1");
  answer(run, fmt::format("Of {} {} {} determined ({} with the right sign), {} weakly determined, {} by prior only. The information at the truth identifies {}; {} of them {} called.", counted(score.edges, "candidate edge"), score.determined, agreed(score.determined, "is", "are"), score.right, score.weakly, score.prior_only, score.identifiable, score.identifiable_called, agreed(score.identifiable_called, "is", "are")));
  if (!fit.refits.outcome.ok()) run.add_warning(fmt::format("No refits ({}): intervals of edges are those of the information at the estimate, which are too narrow.", fit.refits.outcome.message));
  else run.add_note(fmt::format("Intervals, z and data shares of edges are those of {} to data and priors drawn anew about the fit{}.", counted(fit.refits.theta.rows(), "refit"), fit.refits.failed > 0 ? fmt::format("; {} more could not be made", fit.refits.failed) : std::string()));
  const auto lowest = std::min_element(fit.minima.begin(), fit.minima.end());
  const auto near = std::count_if(fit.minima.begin(), fit.minima.end(), [&](double m) { return m < *lowest + 4; });
  run.add_note(fmt::format("{}; first descents of {} ended within 4 of the lowest |r|^2, the others in other minima or on their way.", counted(fit.minima.size(), "start"), near));
  run.add_result("edge_intervals_that_hold", with_interval > 0 ? static_cast<double>(held) / with_interval : 0.0, "share of the 95 % intervals of edges");
  answer(run, fmt::format("95 % intervals hold the truth for {} of {}, and for {} of the {} determined.", held, counted(with_interval, "edge"), held_determined, score.determined));
  if (score.determined > 0 && held_determined < 0.9 * score.determined) run.add_warning("Intervals of the determined edges hold the truth less often than they say in this twin: read signs, and take sizes with care.");
}

// Integrals of the inputs over time, by arm.
void add_design(RunDirectory& run, const Scenario& scenario) {
  InputDesign design;
  std::vector<std::string> labels;
  for (const auto& one : scenario.cells->delivered) {
    design.inputs.push_back(one.gene + (one.kind == "sirna" ? " knock-down" : " from modified mRNA"));
    design.inputs.push_back(one.kind == "sirna" ? "siRNA delivery" : "mRNA delivery (lipofection, interferon)");
    labels.push_back(one.input);
  }
  for (const auto& [arm, inputs] : scenario.arm_inputs) design.arms.push_back(arm);
  design.amount = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(design.arms.size()), static_cast<Eigen::Index>(design.inputs.size()));
  for (std::size_t a = 0; a < design.arms.size(); ++a)
    for (const auto& input : scenario.arm_inputs.at(design.arms[a]))
      for (std::size_t k = 0; k < labels.size(); ++k)
        if (labels[k] == input) design.amount(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(2 * k)) = design.amount(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(2 * k + 1)) = 1;
  const DesignReport report = check_design(design);
  for (const auto* list : {&report.pairs, &report.combinations})
    for (const auto& one : *list) run.add_warning(one.text);
  run.add_result("design_rank", report.rank, "1");
}

void add_dual(RunDirectory& run, const Scenario& scenario, const CellsTwin& twin, TwinEdgeSettings settings) {
  settings.left_out_arms = {scenario.predict->held_out};
  const TwinEdgeProblem problem = twin_edge_problem(scenario, twin, settings);
  const TwinEdgeFit fit = fit_twin_edges(problem, {.thresholds = settings.thresholds, .refits = 0});
  if (!fit.fit.outcome.ok()) {
    run.add_warning("The fit without the held-out arm did not converge: " + fit.fit.outcome.message);
    return;
  }
  const DualPrediction dual = predict_dual(problem, fit, scenario.predict->control, scenario.predict->singles, scenario.predict->held_out);
  Table table({{"gene", "", ""}, {"measured", "ln", "log level of G1 cells of the held-out arm, control 0"}, {"measured_se", "ln", ""}, {"predicted", "ln", "by the network fitted to the other arms"}, {"lower", "ln", "95 %"}, {"upper", "ln", ""}, {"additive", "ln", "sum of the single arms' log folds"}});
  for (std::size_t g = 0; g < dual.genes.size(); ++g) {
    const auto i = static_cast<Eigen::Index>(g);
    table.add_row({dual.genes[g], dual.measured[i], dual.measured_se[i], dual.predicted[i], dual.predicted[i] - 1.96 * dual.predicted_sd[i], dual.predicted[i] + 1.96 * dual.predicted_sd[i], dual.additive[i]});
  }
  run.add_table("held_out", table, "The held-out arm, gene by gene.");
  run.add_result("network_rms", dual.network_error, "ln");
  run.add_result("additive_rms", dual.additive_error, "ln");
  answer(run, fmt::format("{} predicted from the other arms, {} that {}: rms error of the log {:.3f} by the network, {:.3f} by adding the single arms{}; {:.3f} if nothing changed. {} of {} {} in their 95 % interval.", scenario.predict->held_out, counted(dual.moving, "gene"), agreed(dual.moving, "moves", "move"), dual.network_error, dual.additive_error, dual.network_error < dual.additive_error ? "" : " (no better than additive)", dual.no_change_error, dual.covered, counted(dual.counted, "gene"), agreed(dual.covered, "lies", "lie")));
}

void add_non_additive(RunDirectory& run, const PredictSettings& predict, const TwinEdgeProblem& problem, const TwinEdgeFit& fit) {
  Table table({{"gene", "", ""}, {"estimate", "ln", "of the dual arm beyond the sum of the single arms' log folds"}, {"lower", "ln", "95 %"}, {"upper", "ln", ""}});
  int clear = 0;
  for (const auto& one : non_additive_parts(problem, fit, predict.control, predict.singles, predict.held_out)) {
    if (one.name == "MYOD1") continue;
    table.add_row({one.name, one.estimate, cell_of(one.lower), cell_of(one.upper)});
    clear += one.identified && (one.lower > 0 || one.upper < 0) ? 1 : 0;
  }
  run.add_table("non_additive", table, "Non-additive part of the dual arm by gene, with 95 % intervals.");
  run.add_result("non_additive_genes", clear, "1");
  answer(run, fmt::format("{} of {} {} a non-additive part whose 95 % interval excludes zero.", clear, counted(table.rows().size(), "gene"), agreed(clear, "has", "have")));
}

void add_profiles(RunDirectory& run, const Scenario& scenario, const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const std::vector<std::string>& profiles) {
  if (profiles.empty()) return;
  Table table({{"name", "", ""}, {"estimate", "1", ""}, {"lower", "1", "95 %, profile; empty: open"}, {"upper", "1", ""}, {"linear_lower", "1", "95 %, from the information"}, {"linear_upper", "1", ""}, {"outcome", "", ""}});
  for (const std::string& name : profiles) {
    NetworkFunctional functional;
    double sd = 0;
    if (const std::string head = "non-additive "; name.starts_with(head) && scenario.predict) {
      const auto gene = std::find(problem.genes.begin(), problem.genes.end(), name.substr(head.size()));
      if (gene == problem.genes.end()) throw InputError("--profile " + name, "is no gene of the fit", "give " + nearest_names(name.substr(head.size()), problem.genes));
      const int at = static_cast<int>(gene - problem.genes.begin());
      functional = non_additive_part(problem, at, scenario.predict->control, scenario.predict->singles, scenario.predict->held_out);
      sd = non_additive_parts(problem, fit, scenario.predict->control, scenario.predict->singles, scenario.predict->held_out)[static_cast<std::size_t>(at)].sd;
    } else {
      const auto names = problem.means->names();
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) throw InputError("--profile " + name, "is no parameter of the fit", "give " + nearest_names(name, names));
      const int at = static_cast<int>(found - names.begin());
      functional = element_of(at);
      sd = fit.evidence->sd(at);
    }
    const FunctionalProfile profile = profile_functional(*fit.means, fit.fit.theta, problem.means->lower(), problem.means->upper(), functional, sd);
    table.add_row({name, profile.estimate, profile.closed_below ? Cell(profile.lower) : Cell(), profile.closed_above ? Cell(profile.upper) : Cell(), cell_of(profile.estimate - 1.96 * sd), cell_of(profile.estimate + 1.96 * sd), profile.outcome.ok() ? std::string("ok") : profile.outcome.message});
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/profiles.tsv"));
  run.add_table("profiles", table, "Profile likelihood intervals (rise of |r|^2 by 3.84, priors included, errors of genes taken as independent) beside linear ones (errors correlated as measured).");
}

void add_delivery(RunDirectory& run, const Scenario& scenario, const CellsTwin& twin, TwinEdgeSettings settings, const TwinEdgeProblem& fitted, const TwinEdgeFit& fit) {
  settings.delivery_sd = 1;
  const TwinEdgeProblem open = twin_edge_problem(scenario, twin, settings);
  std::map<std::string, double> found;
  const auto names = fitted.means->names(), open_names = open.means->names();
  for (std::size_t k = 0; k < names.size(); ++k) found[names[k]] = fit.fit.theta[static_cast<Eigen::Index>(k)];
  Eigen::VectorXd theta = open.means->start();
  for (std::size_t k = 0; k < open_names.size(); ++k)
    if (const auto at = found.find(open_names[k]); at != found.end()) theta[static_cast<Eigen::Index>(k)] = at->second;
  Table table({{"delivery_sd", "1", "prior width of what delivery alone does to any gene, in units of weights"}, {"regulator", "", ""}, {"edges", "1", "candidates"}, {"determined", "1", ""}, {"mean_sd", "1", "of the edges' weights"}});
  for (const auto& row : under_delivery_priors(open, theta, {0, 0.1, 0.3, 1, 3}, settings.thresholds)) table.add_row({row.delivery_sd, row.input, std::int64_t{row.edges}, std::int64_t{row.determined}, row.mean_sd});
  fmt::print("\n{}\n", to_terminal(table, "tables/delivery_priors.tsv"));
  run.add_table("delivery_priors", table, "How many edges stay determined if delivery alone may move every gene: the design cannot tell, the prior decides (linearised about the fit).");
}

}  // namespace

void run_identify_twin(RunDirectory& run, const Scenario& scenario, std::uint64_t seed, const std::vector<std::string>& profiles) {
  run.set_title("Edges of " + scenario.name, "Which edges of the network would this design determine?");
  if (!scenario.cells) throw InputError(scenario.file.string(), "has no [cells]", "add its libraries, or use hyped_twin");
  if (scenario.cells->network_genes > most_genes) throw InputError(scenario.file.string(), fmt::format("network_genes is {}; at most {} are fitted here", scenario.cells->network_genes, most_genes), fmt::format("set network_genes = {} or fewer in [cells]", most_genes));
  add_design(run, scenario);
  const CellsTwin twin = simulate_cells_twin(scenario, seed);
  if (!twin.outcome.ok()) {
    run.set_outcome(twin.outcome);
    return;
  }
  TwinEdgeSettings settings;
  settings.seed = seed;
  const TwinEdgeProblem problem = twin_edge_problem(scenario, twin, settings);
  for (const auto& note : problem.notes) run.add_note(note);
  for (const auto& group : problem.means->groups()) run.add_note(fmt::format("{}: {}, {} of doses.", group.name, counted(group.cells, "cell"), counted(group.strata.size(), "stratum", "strata")));
  run.add_note(fmt::format("MYOD1's own equation is held: its counts are those of the delivered transcript. Genes differ between libraries by {:.2f} (sd of the logarithm, from genes outside the network).", problem.library_sd));
  const TwinEdgeFit fit = fit_twin_edges(problem, {.thresholds = settings.thresholds});
  if (!fit.fit.outcome.ok() || !fit.evidence) {
    run.set_outcome(fit.fit.outcome);
    return;
  }
  Table spectrum({{"rank", "1", ""}, {"eigenvalue", "1", "information of the data in units of the prior's; above 1 the data say more"}});
  const auto& values = fit.evidence->spectrum().eigenvalues;
  for (Eigen::Index k = 0; k < values.size(); ++k) spectrum.add_row({std::int64_t{k + 1}, std::max(0.0, values[k])});
  run.add_table("spectrum", spectrum, fmt::format("Spectrum of the information: {} of {} {} determined by the data rather than by priors.", fit.evidence->spectrum().determined, counted(values.size(), "direction"), agreed(fit.evidence->spectrum().determined, "is", "are")));
  run.add_result("determined_directions", fit.evidence->spectrum().determined, "1");
  run.add_result("parameters", static_cast<double>(values.size()), "1");
  add_edges(run, problem, fit, score_edges(problem, fit, settings.thresholds));
  if (scenario.predict) add_non_additive(run, *scenario.predict, problem, fit);
  add_profiles(run, scenario, problem, fit, profiles);
  add_delivery(run, scenario, twin, settings, problem, fit);
  if (scenario.predict) add_dual(run, scenario, twin, settings);
}

}  // namespace hyped
