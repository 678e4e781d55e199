// `hyped control plan`: search, honest record over members that were not searched, comparison, support by data, schedule file.
#pragma once
#include <optional>

#include "experiments/control/ensembles/reachability.hpp"
#include "experiments/planning/plan/plan_case.hpp"

namespace hyped {

struct PlanOutcome {
  control::PlanSearch search;
  control::PlanRecord plan;                          // over the reporting members
  std::vector<control::PlanRecord> references;
  std::vector<control::PlanContrast> contrasts;      // against each reference
  control::MemberPlans own;                          // of the reporting members
  control::MemberReach reach;                        // what they could reach with plans of their own, doses for free
  std::optional<control::BeatingPlan> beating;       // where the plan does not beat the protocol for sure: the one most likely to
  std::vector<std::string> not_simulated;            // references, with the reason
  double centre_distance = 0;                        // of the fitted values themselves, under the plan
};
PlanOutcome run_plan(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced);

// --- parts ---
void state_case(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan);
PlanOutcome assess_plan(const PlanScenario& scenario, const PlanCase& plan, control::PlanSearch search, std::uint64_t seed);
inline constexpr double sure = 0.9;                  // a chance from which on a plan is said to beat another one
void write_plan_tables(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found);
void write_plan_figures(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found);
void write_plan_answers(RunDirectory& run, const PlanScenario& scenario, const PlanCase& plan, const PlanOutcome& found);

}  // namespace hyped
