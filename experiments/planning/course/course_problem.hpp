// A fitted cell cycle at one member's values as an optimal control problem in continuous time: levels of the inputs are the controls.
#pragma once
#include "experiments/control/courses/control_course.hpp"
#include "experiments/control/courses/optimal_control_problem.hpp"
#include "experiments/planning/plan/plan_scenario.hpp"
#include "experiments/planning/systems/cycle_system.hpp"

namespace hyped {

// States: cells in every stage, per founder; then the dose given so far of each input whose total is limited. Cost: the target's mean square at the
// harvest, for held terms its mean over the time, plus price * level * hours. Limits on quantities at the harvest are terminal constraints. Derivatives
// are the model's own. `system` must outlive it. InputError: terms and limits at other times, over members, one at a dosing; no finite amounts.
control::OptimalControlProblem course_problem(const PlanScenario& scenario, const CycleSystem& system, int member);

// Steps that hold the mean level of each interval, alike neighbours put together; levels below `least` (share of the range) are none.
std::vector<control::Pulse> pulses_of_course(const control::ControlCourse& course, const control::OptimalControlProblem& problem, double least = 1e-9);

}  // namespace hyped
