// `hyped control plan` with inputs of free shape: levels over time by optimal control of the fitted values, judged over the ensemble.
#pragma once
#include "experiments/planning/plan/plan_run.hpp"

namespace hyped {

// Grid first, then the structure (which stretches lie at which bound) with exact switching times, then Pontryagin's conditions with adjoints of
// their own. The schedule file holds the levels as steps. Members did not find the course: all of them report it.
PlanOutcome run_course(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced);

}  // namespace hyped
