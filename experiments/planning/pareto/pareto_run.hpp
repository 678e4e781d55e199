// `hyped control pareto`: how much dose buys how much effect.
#pragma once
#include "experiments/planning/plan/plan_case.hpp"

namespace hyped {

void run_pareto(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced);

}  // namespace hyped
