// The run, and its answers in words.
#include "experiments/planning/plan/plan_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>

#include "libhyped/store/table.hpp"

namespace hyped {

void state_case(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan) {
  run.set_title(scenario.title, scenario.question);
  run.add_setting("scenario", scenario.text);
  run.add_setting("distance", plan.problem->target.words());
  run.add_setting("risk", control::to_words(scenario.risk) + (scenario.price > 0 ? fmt::format(", and {:.4g} for one unit of dose", scenario.price) : ""));
  run.add_setting("members", fmt::format("{} to find the plan, {} others to report it", plan.halves.optimise.size(), plan.halves.report.size()));
  for (const auto& [name, value] : plan.settings) run.add_setting(name, value);
  for (const auto& note : plan.notes) run.add_note(note);
  for (const auto& warning : plan.warnings) run.add_warning(warning);
  std::fprintf(stdout, "%s", to_terminal_paragraph("distance  ", plan.problem->target.words()).c_str());
  for (const auto& note : plan.notes) std::fprintf(stdout, "%s", to_terminal_paragraph("ensemble  ", note).c_str());
}

PlanOutcome assess_plan(const PlanScenario& scenario, const PlanCase& plan, control::PlanSearch search) {
  PlanOutcome out;
  out.search = std::move(search);
  out.plan = control::record_of(*plan.problem, "plan", out.search.best.pulses, plan.halves.report, scenario.within);
  for (const auto& reference : plan.references) {
    out.references.push_back(control::record_of(*plan.problem, reference.name, reference.pulses, plan.halves.report, scenario.within));
    if (out.plan.outcome.ok() && out.references.back().outcome.ok()) out.contrasts.push_back(control::contrast(out.plan, out.references.back()));
  }
  if (plan.centre >= 0) {
    const std::vector<int> centre{plan.centre};
    out.centre_distance = control::ensemble_answer(*plan.system, plan.problem->target, centre, out.search.best.pulses).distances[0];
  }
  return out;
}

void write_plan_answers(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan, const PlanOutcome& found) {
  const auto& best = found.search.best;
  run.add_answer(fmt::format("Plan: {}.", pulse_words(plan, best.pulses)));
  run.add_answer(fmt::format("Distance of one more member, not used to find the plan: {:.4g} (90 % range {:.4g} to {:.4g}); the plan's own half says {:.4g} for the {}.", found.plan.mean, found.plan.range.lower, found.plan.range.upper, best.cost, control::to_words(scenario.risk)));
  bool beaten = true;
  for (const auto& c : found.contrasts) {
    run.add_answer(fmt::format("Against '{}': nearer to the target with chance {:.2f}; it gains {:.4g} ({:.4g} to {:.4g}, 90 % of members).", c.other, c.chance, c.gain, c.lower, c.upper));
    if (c.other.rfind("protocol", 0) == 0 && c.chance < 0.9) {
      beaten = false;
      run.add_answer(fmt::format("No plan within these limits beats the {} for sure: the best one does with chance {:.2f}.", c.other, c.chance));
    }
  }
  run.add_result("beats_protocol", beaten && plan.references.size() > 1 ? "yes" : plan.references.size() > 1 ? "no" : "no protocol named");
  if (scenario.within > 0) {
    run.add_answer(fmt::format("Within {:.4g} of the target: {:.0f} % of the reporting members.", scenario.within, 100 * found.plan.reached));
    run.add_result("reached", found.plan.reached, "share of members");
    if (found.plan.reached < 0.05) {
      const Eigen::VectorXd nearest = plan.problem->target.seen(found.plan.quantities.transpose() * found.plan.weights / found.plan.weights.sum());
      std::vector<std::string> words;
      for (std::size_t t = 0; t < plan.problem->target.terms().size() && t < 8; ++t) words.push_back(fmt::format("{} {:.4g} (wanted {:.4g})", plan.problem->target.terms()[t].name, nearest[static_cast<Eigen::Index>(t)], plan.problem->target.terms()[t].value));
      run.add_warning(fmt::format("The target is out of reach within these limits. The nearest reachable point: {}.", fmt::join(words, ", ")));
    }
  }
  int supported = 0, parts = 0;
  for (const auto& row : support_of(plan, best.pulses)) ++parts, supported += row.supported;
  if (parts > supported) run.add_warning(fmt::format("{} of {} parts of the plan lie outside what was measured (tables/support.tsv): they rest on {}.", parts - supported, parts, plan.rests_on));
  run.add_result("distance", found.plan.mean, "mean over reporting members");
  run.add_result("cost", best.cost, "over the plan's own half");
  if (plan.centre >= 0) run.add_result("distance_of_centre", found.centre_distance, "at the fitted values");
  if (!best.ended.empty()) run.add_note("The last solve ended early: " + best.ended);
}

PlanOutcome run_plan(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced) {
  const std::uint64_t seed = run.summary().seed;
  const PlanCase plan = make_plan_case(scenario, source, forced, seed);
  state_case(run, scenario, plan);
  PlanOutcome found = assess_plan(scenario, plan, search_plan(scenario, plan, *plan.problem, seed));
  if (!found.plan.outcome.ok()) {
    run.set_outcome(found.plan.outcome);
    return found;
  }
  write_plan_answers(run, scenario, plan, found);
  write_plan_tables(run, plan, found);
  write_plan_figures(run, plan, found);
  const std::string how = plan.write_schedule(run, "plan", found.search.best.pulses);
  run.add_note("The plan as a schedule file: " + how);
  for (const auto& answer : run.summary().answers) std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
  std::fprintf(stdout, "%s", to_terminal_paragraph("schedule  ", how).c_str());
  return found;
}

}  // namespace hyped
