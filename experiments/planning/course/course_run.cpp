// Solving, checking, telling.
#include "experiments/planning/course/course_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/control/courses/course_trajectory.hpp"
#include "experiments/control/courses/switching_structure.hpp"
#include "experiments/planning/course/course_problem.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

using namespace control;

const char* level_words(ControlLevel level) { return level == ControlLevel::lower ? "lower bound" : level == ControlLevel::upper ? "upper bound" : "between"; }

void structure_table(RunDirectory& run, const OptimalControlProblem& problem, const RefinedControl& found) {
  Table table({{"input", "", ""}, {"from_h", "h", ""}, {"until_h", "h", ""}, {"level", "", "at a bound, or between them"}});
  for (std::size_t u = 0; u < problem.controls.size(); ++u)
    for (const StructureArc& arc : found.structure.arcs) table.add_row({problem.controls[u], arc.from, arc.until, std::string(level_words(arc.levels[u]))});
  run.add_table("structure", table, "Stretches of the course at and between the bounds of each input: found, with switching times as unknowns of their own.");
}

// Adjoints, switching functions and the Hamiltonian along the course; the figure shows what decides: level down where dH/du is above 0.
void conditions(RunDirectory& run, const OptimalControlProblem& problem, const RefinedControl& found, double tolerance) {
  const FirstOrderReport& report = found.report;
  if (!report.outcome.ok()) return run.add_warning("Pontryagin's conditions were not checked: " + report.outcome.message);
  Table table({{"input", "", ""}, {"time_h", "h", ""}, {"level", "", ""}, {"dH_du", "", "switching function"}, {"hamiltonian", "", ""}});
  Table drawn({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (std::size_t u = 0; u < problem.controls.size(); ++u) {
    const auto column = static_cast<Eigen::Index>(u);
    const double size = std::max(report.switching.col(column).cwiseAbs().maxCoeff(), 1e-300);
    for (std::size_t m = 0; m < report.times.size(); ++m) {
      const auto row = static_cast<Eigen::Index>(m);
      table.add_row({problem.controls[u], report.times[m], report.controls(row, column), report.switching(row, column), report.hamiltonian[row]});
      const double slope = report.switching(row, column) / size, level = report.controls(row, column) / std::max(problem.control_upper[column], 1e-300);
      drawn.add_row({problem.controls[u], std::string("switching function dH/du over its largest"), report.times[m], slope, slope, slope});
      drawn.add_row({problem.controls[u], std::string("level over its most"), report.times[m], level, level, level});
    }
  }
  run.add_table("conditions", table, "Pontryagin's conditions along the course, with adjoints integrated backward anew.");
  report::add_figure(run, {"conditions", "Levels and what decides them: the Hamiltonian's slope by the level, above 0 where it should be down.", "time_course", {{"model", drawn}}, {{"y_label", "relative [1]"}, {"band_label", "dH/du above 0: lower bound"}}, "answer"});
  const std::pair<const char*, double> parts[] = {{"pontryagin_adjoints", report.adjoint_gap}, {"pontryagin_hamiltonian_spread", report.hamiltonian_spread}, {"pontryagin_sign", report.sign_violation}, {"pontryagin_minimum", report.minimum_gap}};
  double worst = 0;
  for (const auto& [name, value] : parts) run.add_result(name, value, "relative residual"), worst = std::max(worst, value);
  if (worst <= tolerance) run.add_answer(fmt::format("Pontryagin's first-order conditions hold to {:.1e}: adjoints {:.1e}, Hamiltonian constant to {:.1e}, sign of dH/du {:.1e}, no other level lowers H by more than {:.1e}.", worst, report.adjoint_gap, report.hamiltonian_spread, report.sign_violation, report.minimum_gap));
  else run.add_warning(fmt::format("Pontryagin's conditions are met to {:.1e} only (adjoints {:.1e}, Hamiltonian {:.1e}, sign of dH/du {:.1e}, minimum {:.1e}; {:.1e} was asked for): give more [course] intervals or starts.", worst, report.adjoint_gap, report.hamiltonian_spread, report.sign_violation, report.minimum_gap, tolerance));
}

}  // namespace

PlanOutcome run_course(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced) {
  const std::uint64_t seed = run.summary().seed;
  if (scenario.kind != "cycle") throw InputError(scenario.file.string(), "levels over time are planned for cell cycles", "give pulses to the inputs of a network");
  if (!scenario.protocol.empty()) throw InputError(scenario.file.string(), "a course of levels has no carriers, so that no protocol of doses can be compared with it", "leave protocol out");
  PlanCase plan = make_plan_case(scenario, source, forced, seed);
  plan.halves.report.clear();
  for (int m = 0; m < plan.centre; ++m) plan.halves.report.push_back(m);
  plan.halves.optimise = {plan.centre};
  plan.rests_on = "levels that act at once, whatever carries them";
  plan.measured.clear();
  const auto& system = dynamic_cast<const CycleSystem&>(*plan.system);
  const OptimalControlProblem problem = course_problem(scenario, system, plan.centre);
  state_case(run, scenario, plan);
  run.add_note("Inputs of free shape: their levels act at once, between their bounds at all times; the course is found at the fitted values, and all members, none of which found it, report it.");

  OptimalControlOptions grid;
  grid.transcription = scenario.course.shooting ? Transcription::multiple_shooting : Transcription::collocation;
  grid.intervals = scenario.course.intervals, grid.starts = scenario.course.starts, grid.seed = seed;
  grid.limited_memory = problem.states.size() > 60;
  StructureOptions refine;
  refine.solver = grid;
  refine.solver.program.tolerance = 1e-10;
  refine.intervals = std::max(40, scenario.course.intervals);      // steps of the schedule file stand for what is smooth between the bounds
  const ControlSolution on_grid = solve_optimal_control(problem, grid);
  PlanOutcome out;
  if (!on_grid.outcome.ok()) {
    if (!on_grid.program.violated.empty()) throw InputError("constraints", "no course that was found keeps them all: " + on_grid.outcome.message, "loosen one of these");
    run.set_outcome(on_grid.outcome);
    return out;
  }
  const RefinedControl found = refine_structure(problem, find_structure(problem, on_grid.course), on_grid, refine);
  const bool refined = found.outcome.ok() && found.solution.cost <= on_grid.cost + 1e-9;
  if (!refined) run.add_warning("The structure read off the grid could not be made exact (" + (found.outcome.ok() ? std::string("its cost is above that of the grid") : found.outcome.message) + "): levels are those of the grid.");
  const ControlSolution& solution = refined ? found.solution : on_grid;
  int alike = 0;
  for (const double cost : on_grid.start_costs) alike += std::abs(cost - on_grid.cost) <= 1e-5 * std::max(1e-6, std::abs(on_grid.cost));
  run.add_setting("course", fmt::format("{}; {} of {} starts end at the same cost", solution.method, alike, on_grid.start_costs.size()));
  const CourseTrajectory again = follow_course(problem, solution.states.row(0).transpose(), solution.course);
  if (refined) {
    run.add_answer("Structure: " + found.structure.words(problem) + fmt::format(" ({} arcs, {} round{}).", found.structure.arcs.size(), found.rounds, found.rounds == 1 ? "" : "s"));
    structure_table(run, problem, found);
    conditions(run, problem, found, scenario.course.tolerance);
  }

  out.search.best.pulses = pulses_of_course(solution.course, problem);
  out.search.best.cost = solution.cost;
  const double span_h = scenario.harvest_h - problem.start_time;
  const bool held_back = std::any_of(scenario.inputs.begin(), scenario.inputs.end(), [&](const auto& input) { return input.total < input.highest * span_h; });      // totals are of level times hours
  plan.references = {{"no input", {}}, {held_back ? "all that the totals allow, evenly" : "all at their most", {}}};
  for (int i = 0; i < static_cast<int>(scenario.inputs.size()); ++i) {
    const InputLimits& input = scenario.inputs[static_cast<std::size_t>(i)];
    plan.references[1].pulses.push_back({i, std::min(input.highest, input.total / span_h), problem.start_time, scenario.harvest_h});
  }
  out.plan = record_of(*plan.problem, "plan", out.search.best.pulses, plan.halves.report, scenario.within);
  if (!out.plan.outcome.ok()) {
    run.set_outcome(out.plan.outcome);
    return out;
  }
  for (const auto& reference : plan.references) {
    out.references.push_back(record_of(*plan.problem, reference.name, reference.pulses, plan.halves.report, scenario.within));
    if (out.references.back().outcome.ok()) out.contrasts.push_back(contrast(out.plan, out.references.back()));
    else run.add_warning(fmt::format("'{}' cannot be simulated: {}", reference.name, out.references.back().outcome.message));
  }
  const std::vector<int> centre{plan.centre};
  const EnsembleAnswer there = ensemble_answer(*plan.system, plan.problem->target, centre, out.search.best.pulses);
  out.centre_distance = there.outcome.ok() ? there.distances[0] : std::numeric_limits<double>::quiet_NaN();
  run.add_answer(fmt::format("Distance of one more member: {:.4g} ({} {:.4g} to {:.4g}); at the fitted values {:.4g}.", out.plan.mean, range_words(out.plan.range.level), out.plan.range.lower, out.plan.range.upper, out.centre_distance));
  for (const auto& c : out.contrasts) run.add_answer(fmt::format("Against '{}': nearer to the target with chance {:.2f}; it gains {:.4g} ({} {:.4g} to {:.4g}).", c.other, c.chance, c.gain, range_words(c.level), c.lower, c.upper));
  for (const auto& kept : limits_kept(plan, out.plan))
    if (!kept.kept) run.add_warning(fmt::format("The limit '{}' holds at the fitted values; over the members {:.0f} % keep it, mean {:.4g}.", kept.name, 100 * kept.share, kept.mean));
  run.add_result("distance", out.plan.mean, "mean over members");
  run.add_result("distance_of_centre", out.centre_distance, "at the fitted values");
  run.add_result("cost", solution.cost, "mean square distance, and the price of the levels");
  if (again.outcome.ok()) run.add_result("cost_followed", again.cost, "of the same course, integrated anew");
  if (again.outcome.ok() && std::abs(again.cost - solution.cost) > 1e-4 * std::max(std::abs(solution.cost), 1e-6)) run.add_warning(fmt::format("Followed anew the course costs {:.6g}, the solver says {:.6g}: give more [course] intervals.", again.cost, solution.cost));
  Table steps({{"input", "", ""}, {"level", "", ""}, {"from_h", "h", ""}, {"until_h", "h", ""}});
  for (const Pulse& pulse : out.search.best.pulses) steps.add_row({scenario.inputs[static_cast<std::size_t>(pulse.input)].name, pulse.amount, pulse.start_h, pulse.until_h});
  run.add_table("plan", steps, "Levels as steps, as the schedule file has them.");
  write_plan_figures(run, plan, out);
  const std::string how = plan.write_schedule(run, "plan", out.search.best.pulses);
  run.add_note("The plan as a schedule file: " + how);
  for (const auto& answer : run.summary().answers) std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
  std::fprintf(stdout, "%s", to_terminal_paragraph("schedule  ", how).c_str());
  return out;
}

}  // namespace hyped
