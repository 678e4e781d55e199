// The tables and words of a fit.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/cycle/cycle_fit.hpp"
#include "experiments/cycle/design_checks.hpp"
#include "fitting/linearised_wells.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

std::optional<double> truth_of(const Truth& truth, const std::string& name) {
  const auto found = truth.find(name.substr(0, name.find('@')));
  return found == truth.end() ? std::nullopt : std::optional<double>(found->second);
}

Table parameter_table(const CycleFit& fitted, const Truth& truth, bool brief) {
  std::vector<Column> columns{{"name", "", ""}, {"unit", "", ""}, {"estimate", "", "at the optimum, natural units"},
                              {"lower", "", "95 % interval from the process covariance and wells"}, {"upper", "", ""}};
  if (!truth.empty()) columns.push_back({"truth", "", "value the twin was made with"});
  columns.push_back({"how", "", "what determines it"});
  if (!brief) {
    columns.push_back({"degrees", "", "of the t quantile behind the interval (Satterthwaite): how far its standard error rests on few wells; empty: normal quantile"});
    columns.push_back({"independent_ratio", "", "standard error that independent frames would have claimed / the one here"});
    columns.push_back({"mean_duration_h", "h", "1 / rate, for exit rates"});
    columns.push_back({"meaning", "", ""});
  }
  Table table(columns);
  for (const FittedParameter& p : fitted.fit.parameters) {
    std::vector<Cell> row{p.name, p.unit, p.estimate};
    row.push_back(p.identified ? cell_of(p.lower) : Cell{});
    row.push_back(p.identified ? cell_of(p.upper) : Cell{});
    if (!truth.empty()) {
      const auto value = truth_of(truth, p.name);
      row.push_back(value ? cell_of(*value) : Cell{});
    }
    row.push_back(p.how);
    if (!brief) {
      row.push_back(p.identified && p.degrees < 1e5 ? cell_of(p.degrees) : Cell{});
      row.push_back(p.identified && p.sd > 0 && p.independent_sd > 0 ? cell_of(p.independent_sd / p.sd) : Cell{});
      row.push_back(p.meaning.rfind("1 / ", 0) == 0 && p.estimate > 0 ? cell_of(1 / p.estimate) : Cell{});
      row.push_back(p.meaning);
    }
    table.add_row(std::move(row));
  }
  return table;
}

}  // namespace

std::string terminal_summary(const CycleFit& fitted, const Truth& truth, const std::string& rest) {
  return to_terminal(parameter_table(fitted, truth, true), rest);
}

void write_fit_tables(RunDirectory& run, const CycleFit& fitted, const Truth& truth) {
  const ProcessFit& fit = fitted.fit;
  const CycleProblem& problem = *fitted.problem;
  run.add_table("parameters", parameter_table(fitted, truth, false), "Estimates with 95 % intervals. The interval is Wald's on the search scale with the covariance of the branching process, the spread between wells, and a t quantile.");

  Table components({{"name", "", ""}, {"value", "", "coefficient of its part of the covariance"}, {"sd", "", "REML standard error"}, {"root", "", "square root: a standard deviation of log rates for well effects"}, {"how", "", ""}});
  for (std::size_t k = 0; k < fit.components.size(); ++k) {
    const auto& c = fit.components[k];
    const double sd = fit.component_sd.size() > static_cast<int>(k) ? fit.component_sd[static_cast<int>(k)] : 0;
    components.add_row({c.name, c.value, c.free && sd > 0 ? cell_of(sd) : Cell{}, k >= 3 && c.name != "migration_variance" ? cell_of(std::sqrt(c.value)) : Cell{}, std::string(!c.free ? k < first_random_component ? "fixed" : "assumed" : c.value <= 0 ? "estimated: 0, at its bound" : "estimated")});
  }
  run.add_table("variance_components", components, "What the counts scatter by: demographic noise (unit_variance), sisters dividing together, detection of nuclei, differences between wells, and cells that move in and out of the field (migration_variance, per cell and hour).");

  if (!fit.between_to_demographic.empty()) {
    Table spread({{"rate", "", ""}, {"between_to_demographic", "", "sd between wells / sd that one well's own cells leave"}});
    for (std::size_t r = 0; r < fit.between_to_demographic.size(); ++r)
      spread.add_row({problem.random_parameters()[r], fit.between_to_demographic[r]});
    run.add_table("well_spread", spread, "Spread of each rate between wells against the demographic one of a single well.");
  }

  Table wells({{"condition", "", ""}, {"well", "", ""}, {"scale", problem.quantity() == Quantity::count ? "cells" : "1", "fitted cells at the start, all classes"}, {"frames", "", ""}, {"first_h", "h", ""}, {"last_h", "h", ""}, {"mean_square", "", "of the whitened residuals; 1 is right"}});
  for (std::size_t w = 0; w < problem.wells().size(); ++w) {
    const Well& well = problem.wells()[w];
    const auto& times = problem.units()[well.unit].times_h;
    double scale = fit.scales[w];
    if (problem.density()) {
      const int founder = problem.founder_parameter(well.unit);
      scale = problem.space().natural(founder, fit.theta[founder]);
    }
    wells.add_row({well.condition, well.name, cell_of(scale), static_cast<std::int64_t>(times.size()), times.front(), times.back(), w < fit.whitened.size() ? cell_of(fit.whitened[w].squaredNorm() / static_cast<double>(fit.whitened[w].size())) : Cell{}});
  }
  run.add_table("wells", wells, "Wells used, with their fitted numbers of cells.");

  Table starts({{"rank", "", ""}, {"cost", "", "sum of squares of the first, plainly weighted fit"}, {"gradient", "", "largest entry at the end"}, {"iterations", "", ""}, {"outcome", "", ""}});
  auto sorted = fit.starts;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.sum_of_squares < b.sum_of_squares; });
  for (std::size_t i = 0; i < sorted.size(); ++i)
    starts.add_row({static_cast<std::int64_t>(i + 1), cell_of(sorted[i].sum_of_squares), cell_of(sorted[i].gradient_norm), static_cast<std::int64_t>(sorted[i].iterations), std::string(to_string(sorted[i].outcome.status))});
  run.add_table("starts", starts, "Local fits from a low-discrepancy design of starts, best first.");

  // a column for what is not identified only where something is not
  std::vector<Column> columns{{"eigenvalue", "", "Fisher information, parameters scaled by the width of their bounds"}};
  const auto& null = fit.identifiability.null;
  if (!null.empty()) columns.push_back({"not_identified", "", "direction of the eigenvalue, if the data do not determine it"});
  Table spectrum(columns);
  for (int e = 0; e < fit.identifiability.eigenvalues.size(); ++e) {
    std::vector<Cell> row{cell_of(fit.identifiability.eigenvalues[e])};
    if (!null.empty()) row.push_back(e < static_cast<int>(null.size()) ? null[static_cast<std::size_t>(e)].text : std::string());
    spectrum.add_row(std::move(row));
  }
  run.add_table("information", spectrum, "Spectrum of the Fisher information under the process covariance.");
}

void write_fit_words(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted, const PhaseCounts& data) {
  const ProcessFit& fit = fitted.fit;
  const CycleProblem& problem = *fitted.problem;
  run.add_setting("model", problem.setup().model);
  run.add_setting("reporter", std::string(to_string(problem.setup().map.reporter)));
  std::string map;
  for (const auto& seen : problem.setup().map.classes) {
    std::string phases;
    for (const auto& phase : seen.phases) phases += (phases.empty() ? "" : " + ") + phase;
    map += fmt::format("{}{} = {}", map.empty() ? "" : "; ", seen.name, phases.empty() ? "cells whose reporter is not seen" : phases);
  }
  run.add_setting("class map", map);
  run.add_setting("time axis", data.time_axis);
  run.add_setting("method", fit.method);
  run.add_setting("likelihood", problem.density() ? "generalised least squares, linear-noise covariance of each well, wells random" : "generalised least squares, exact covariance of the branching process, wells random (REML)");
  run.add_setting("block_h", fmt::format("{}", problem.setup().block_h));
  for (const auto& note : data.notes) run.add_note(note);
  run.add_result("minus_two_log_likelihood", fit.minus_two_log_likelihood, "1");
  run.add_result("data_count", fit.data_count, "block averages");
  run.add_result("rounds", fit.rounds, "1");
  for (const FittedParameter& p : fit.parameters) {
    run.add_result(p.name, p.estimate, p.unit);
    if (!p.identified) continue;
    run.add_result(p.name + ".lower", p.lower, p.unit);
    run.add_result(p.name + ".upper", p.upper, p.unit);
  }
  const auto doubts = design_doubts(problem.setup(), data);
  const std::string caveat = doubts.empty() ? "" : fmt::format("; but {}", fmt::join(doubts, ", and "));
  for (const FittedParameter& p : fit.parameters) {
    if (!p.identified || p.name.find("cells@") == 0 || !is_shown(scenario, p.name)) continue;
    if (p.meaning.rfind("log-fold", 0) == 0)
      run.add_answer(fmt::format("{}: rate x {:.3g} at full input, 95 % [{:.3g}, {:.3g}]{}{}.", p.name, std::exp(p.estimate), std::exp(p.lower), std::exp(p.upper), p.lower <= 0 && p.upper >= 0 ? " (no effect is not excluded)" : "", caveat));
    else if (p.meaning.rfind("1 / ", 0) == 0)
      run.add_answer(fmt::format("{}: mean {} {:.3g} h, 95 % [{:.3g}, {:.3g}].", p.name, p.meaning.substr(p.meaning.rfind("mean") + 5), 1 / p.estimate, 1 / p.upper, 1 / p.lower));
  }
  for (std::size_t r = 0; r < fit.between_to_demographic.size(); ++r)
    run.add_result("between_to_demographic." + problem.random_parameters()[r], fit.between_to_demographic[r], "1");
  double lowest = 1, highest = 0;
  for (const FittedParameter& p : fit.parameters)
    if (p.identified && p.sd > 0 && p.independent_sd > 0) {
      lowest = std::min(lowest, p.independent_sd / p.sd);
      highest = std::max(highest, p.independent_sd / p.sd);
    }
  if (highest > 0)
    run.add_note(fmt::format("Independent frames would have claimed standard errors {:.2g} to {:.2g} times those given here: the same cells are counted in every frame.", lowest, highest));
  std::map<std::string, int> wells;
  for (const Well& well : problem.wells()) ++wells[well.condition];
  for (const auto& [condition, count] : wells)
    if (count == 1) run.add_warning(fmt::format("Arm '{}' has one well: its difference from other arms cannot be told from a difference between wells; intervals rest on the spread of the other arms, if any.", condition));
  double best = fit.starts.front().sum_of_squares;
  for (const StartRecord& start : fit.starts) best = std::min(best, start.sum_of_squares);
  const auto worse = std::count_if(fit.starts.begin(), fit.starts.end(), [&](const StartRecord& start) { return !(start.sum_of_squares <= best * (1 + 1e-4) + 1e-3); });
  if (worse > 0) run.add_note(fmt::format("{} of {} starts ended in a worse optimum than the best (table starts); the best is used.", worse, fit.starts.size()));
  if (fit.refitted_arms > 0)
    run.add_note(fmt::format("{} arms found a better optimum when each was fitted alone from several starts; all parameters were then fitted again from there.", fit.refitted_arms));
  for (const RandomEffectGroup& group : problem.setup().random_effects)
    if (group.assumed_sd)
      run.add_warning(fmt::format("ASSUMPTION: rates differ between wells with a standard deviation of {:.3g} (log), which these data cannot estimate; it is in every interval. From: {}.", *group.assumed_sd, group.assumed_from));
  for (const NullDirection& null : fit.identifiability.null) run.add_warning("Not identifiable: the data do not determine " + null.text + "; no standard error is given for it.");
  for (const FittedParameter& p : fit.parameters)
    if (p.how.rfind("at ", 0) == 0) run.add_warning(fmt::format("{} ended {} ({:.4g} {}).", p.name, p.how, p.estimate, p.unit));
  run.set_outcome(fit.outcome);
}

void write_failed_solves(RunDirectory& run, const FailedSolves& failed) {
  if (failed.reasons.empty()) return;
  Table table({{"where", "", "what was being fitted"}, {"status", "", ""}, {"reason", "", ""}, {"time_h", "h", "where the solver stopped"}, {"parameters", "", "natural units"}, {"state", "", "last good state of the solver"}});
  for (const FailedSolve& f : failed.first) {
    std::string at, state;
    for (std::size_t i = 0; i < f.names.size(); ++i) at += fmt::format("{}{}={:.6g}", i == 0 ? "" : " ", f.names[i], f.parameters[static_cast<Eigen::Index>(i)]);
    for (const double value : f.outcome.state) state += fmt::format("{}{:.6g}", state.empty() ? "" : " ", value);
    table.add_row({f.where, std::string(to_string(f.outcome.status)), f.outcome.message, cell_of(f.outcome.time_h), at, state});
  }
  int count = 0;
  for (const auto& [reason, found] : failed.reasons) {
    count += found.count;
    run.add_note(fmt::format("{} of {} evaluations of the model failed: {}, first in {} (times, states and parameters in table failed_solves); the fits stepped around them.", found.count, failed.evaluations, reason, found.where));
  }
  run.add_table("failed_solves", table, fmt::format("Points at which the model could not be solved, {} of {}: at most {} of one start, profile or refit, {} in all.", failed.first.size(), count, SolveLog::kept, FailedSolves::kept));
}

}  // namespace hyped
