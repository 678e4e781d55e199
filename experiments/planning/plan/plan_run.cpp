// The run, and its answers in words.
#include "experiments/planning/plan/plan_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "experiments/control/ensembles/pareto_front.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

bool is_protocol(const std::string& name) { return name.rfind("protocol", 0) == 0; }

}  // namespace

void state_case(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan) {
  run.set_title(scenario.title, scenario.question);
  run.add_setting("scenario", scenario.text);
  run.add_setting("distance", plan.problem->target.words());
  run.add_setting("risk", control::to_words(scenario.risk) + (scenario.price > 0 ? fmt::format(", and {:.4g} for one unit of dose", scenario.price) : ""));
  run.add_setting("members", fmt::format("{} to find the plan, {} others to report it", plan.halves.optimise.size(), plan.halves.report.size()));
  for (const auto& [name, value] : plan.settings) run.add_setting(name, value);
  for (const auto& note : plan.notes) run.add_note(note);
  for (const auto& warning : plan.warnings) run.add_warning(warning);
  Eigen::VectorXd weights(static_cast<Eigen::Index>(plan.halves.report.size()));
  for (Eigen::Index m = 0; m < weights.size(); ++m) weights[m] = plan.system->weight(plan.halves.report[static_cast<std::size_t>(m)]);
  const double effective = control::effective_count(weights), promised = 1 - 2 / (effective + 1);
  if (promised < 0.9 - 1e-9)
    run.add_warning(fmt::format("{} members report the plan{}: they can promise ranges of {:.0f} %, not of 90 %. 38 in [ensemble] members give 90 % where they weigh alike.", weights.size(),
                                effective < static_cast<double>(weights.size()) - 0.5 ? fmt::format(", {:.1f} in effect", effective) : "", 100 * std::max(0.0, promised)));
  std::fprintf(stdout, "%s", to_terminal_paragraph("distance  ", plan.problem->target.words()).c_str());
  for (const auto& note : plan.notes) std::fprintf(stdout, "%s", to_terminal_paragraph("ensemble  ", note).c_str());
}

PlanOutcome assess_plan(const PlanScenario& scenario, const PlanCase& plan, control::PlanSearch search, std::uint64_t seed) {
  PlanOutcome out;
  out.search = std::move(search);
  out.plan = control::record_of(*plan.problem, "plan", out.search.best.pulses, plan.halves.report, scenario.within);
  if (!out.plan.outcome.ok()) return out;
  for (const auto& reference : plan.references) {
    out.references.push_back(control::record_of(*plan.problem, reference.name, reference.pulses, plan.halves.report, scenario.within));
    const control::PlanRecord& record = out.references.back();
    if (record.outcome.ok()) out.contrasts.push_back(control::contrast(out.plan, record));
    else out.not_simulated.push_back(fmt::format("'{}': {}", reference.name, record.outcome.message));
    const bool could_be_sure = control::succession(1, control::effective_count(out.plan.weights)) >= sure;
    if (is_protocol(reference.name) && record.outcome.ok() && could_be_sure && out.contrasts.back().chance < sure) {
      control::PlanSearchOptions options = scenario.search;
      options.seed = seed;
      out.beating = control::plan_that_beats(*plan.problem, record, {out.search.best.pulses}, plan.halves.report, options);
    }
  }
  out.own = control::member_plans(*plan.problem, out.search, plan.halves.report);
  out.reach = control::reach_of_members(*plan.problem, out.search, plan.halves.report, scenario.within);
  if (plan.structures_differ) {
    out.plan.range = control::range_with_open_reach(*plan.problem, out.plan, out.own);
    for (auto& reference : out.references)
      if (reference.outcome.ok()) reference.range = control::range_with_open_reach(*plan.problem, reference, out.own);
  }
  if (plan.centre >= 0) {
    const std::vector<int> centre{plan.centre};
    const auto answer = control::ensemble_answer(*plan.system, plan.problem->target, centre, out.search.best.pulses);
    out.centre_distance = answer.outcome.ok() ? answer.distances[0] : std::numeric_limits<double>::quiet_NaN();
  }
  return out;
}

namespace {

// Against the protocol: yes, no after a search that looked for a plan that does, or not known.
void answer_protocol(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  if (plan.references.size() < 2) return run.add_result("beats_protocol", std::string("no protocol named"));
  const auto c = std::find_if(found.contrasts.begin(), found.contrasts.end(), [](const auto& one) { return is_protocol(one.other); });
  if (c == found.contrasts.end()) return run.add_result("beats_protocol", std::string("unknown"));
  if (c->chance >= sure) return run.add_result("beats_protocol", std::string("yes"));
  if (const double most = control::succession(1, control::effective_count(found.plan.weights)); most < sure) {
    run.add_answer(fmt::format("Whether the {} is beaten cannot be sure: {} members can say {:.2f} at the most, and say {:.2f}.", c->other, found.plan.weights.size(), most, c->chance));
    return run.add_result("beats_protocol", std::string("unknown"));
  }
  run.add_answer(fmt::format("This plan does not beat the {} for sure: it does with chance {:.2f}.", c->other, c->chance));
  if (!found.beating) return run.add_result("beats_protocol", std::string("unknown"));
  const auto& best = *found.beating;
  run.add_result("greatest_chance_to_beat_protocol", std::max(best.contrast.chance, c->chance), "of this plan and of one found for that");
  if (best.contrast.chance >= sure) {
    run.add_answer(fmt::format("Another plan does, with chance {:.2f} (a search for just that): {}; mean distance {:.4g}.", best.contrast.chance, pulse_words(plan, best.plan.pulses), best.record.mean));
    return run.add_result("beats_protocol", std::string("another plan does"));
  }
  run.add_answer(best.contrast.chance > c->chance ? fmt::format("No plan that was found within these limits beats the {} for sure: a search for the greatest chance to, doses for free, ends at {:.2f} ({}).", c->other, best.contrast.chance, pulse_words(plan, best.plan.pulses))
                                                  : fmt::format("No plan that was found within these limits beats the {} for sure: a search for the greatest chance to, doses for free, finds none with a greater one than this plan's.", c->other));
  run.add_result("beats_protocol", std::string("no"));
}

// Out of reach is what each member's own best plan says, not the spread between members.
void answer_reach(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan, const PlanOutcome& found) {
  const control::MemberReach& reach = found.reach;
  const auto& terms = plan.problem->target.terms();
  const double nearest = control::smooth_quantile(reach.distances, reach.weights, 0.5);
  const auto point = [&] {
    const Eigen::VectorXd seen = plan.problem->target.seen(reach.quantities.transpose() * reach.weights / reach.weights.sum());
    std::vector<std::string> words;
    for (std::size_t t = 0; t < terms.size() && t < 8; ++t) words.push_back(fmt::format("{} {:.4g} (wanted {:.4g})", terms[t].name, seen[static_cast<Eigen::Index>(t)], terms[t].value));
    return fmt::format("median distance {:.4g}; on average {}", nearest, fmt::join(words, ", "));
  };
  run.add_result("nearest_of_members", nearest, "median distance of the members' own best plans");
  if (!(scenario.within > 0)) {
    if (nearest > 1e-3) run.add_answer(fmt::format("With a plan of its own for each member the nearest is: {}. [target] within says from where on that counts as reached.", point()));
    return;
  }
  run.add_answer(fmt::format("Within {:.4g} of the target: {:.0f} % of the reporting members under this plan, {:.0f} % if each had its own.", scenario.within, 100 * found.plan.reached, 100 * reach.share));
  run.add_result("reached", found.plan.reached, "share of members");
  run.add_result("reached_by_own_plans", reach.share, "share of members");
  if (reach.share == 0) run.add_warning(fmt::format("The target is out of reach within these limits: no plan that was found for any single member comes within {:.4g}. The nearest reachable point: {}.", scenario.within, point()));
  else if (reach.share < 0.5) run.add_warning(fmt::format("Most members cannot reach the target within these limits, even with a plan of their own ({:.0f} % can). The nearest reachable point: {}.", 100 * reach.share, point()));
  else if (found.plan.reached < 0.05) run.add_warning(fmt::format("{:.0f} % of members could reach the target, each with its own plan; under one plan for all {:.0f} % do: the members differ by more than {:.4g}.", 100 * reach.share, 100 * found.plan.reached, scenario.within));
}

}  // namespace

void write_plan_answers(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan, const PlanOutcome& found) {
  const auto& best = found.search.best;
  run.add_answer(fmt::format("Plan: {}.", pulse_words(plan, best.pulses)));
  const bool share = scenario.risk.measure == control::RiskMeasure::reach;
  const double risk = best.cost - scenario.price * control::total_of(best.pulses);      // of the distance alone
  run.add_answer(fmt::format("Distance of one more member, not used to find the plan: {:.4g} ({} {:.4g} to {:.4g}); the plan's own half says {:.4g} for the {}.", found.plan.mean, plan.structures_differ ? "5 to 95 % with an open lower end" : control::range_words(found.plan.range.level),
                             found.plan.range.lower, found.plan.range.upper, share ? -risk : risk, control::to_words(scenario.risk)));
  if (plan.structures_differ) run.add_note("Ranges of distances: members are networks of different structure. The lower end is open: it counts only what a better plan would gain in a member, as true cells may reach what no plan of a member reaches; the upper end is the members' own.");
  for (const auto& c : found.contrasts) run.add_answer(fmt::format("Against '{}': nearer to the target with chance {:.2f}; it gains {:.4g} ({} {:.4g} to {:.4g}).", c.other, c.chance, c.gain, control::range_words(c.level), c.lower, c.upper));
  for (const auto& reason : found.not_simulated) run.add_warning("What the plan is to be compared with could not be simulated: " + reason);
  answer_protocol(run, plan, found);
  answer_reach(run, scenario, plan, found);
  for (const auto& kept : limits_kept(plan, found.plan))
    if (!kept.kept) run.add_warning(fmt::format("The limit '{}' was asked of {}; over the members that did not find the plan it is kept by {:.0f} %, mean {:.4g}.", kept.name, kept.words, 100 * kept.share, kept.mean));
  int supported = 0, parts = 0;
  for (const auto& row : support_of(plan, best.pulses)) ++parts, supported += row.supported;
  if (parts > supported) run.add_warning(fmt::format("{} of {} parts of the plan lie outside what was measured (tables/support.tsv): they rest on {}.", parts - supported, parts, plan.rests_on));
  run.add_result("distance", found.plan.mean, "mean over reporting members");
  run.add_result("cost", best.cost, scenario.price > 0 ? "over the plan's own half, with the price of its doses" : "over the plan's own half");
  if (plan.centre >= 0 && std::isfinite(found.centre_distance)) run.add_result("distance_of_centre", found.centre_distance, "at the fitted values");
  if (!best.ended.empty()) run.add_note("The last solve ended early: " + best.ended);
}

PlanOutcome run_plan(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced) {
  const std::uint64_t seed = run.summary().seed;
  const PlanCase plan = make_plan_case(scenario, source, forced, seed);
  state_case(run, scenario, plan);
  PlanOutcome found = assess_plan(scenario, plan, search_plan(scenario, plan, *plan.problem, seed), seed);
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
