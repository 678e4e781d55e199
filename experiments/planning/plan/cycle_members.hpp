// An ensemble of a cell-cycle model: draws from what a fit or a sampler left, with the kinetics of the carriers drawn from their priors.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "experiments/planning/plan/plan_scenario.hpp"
#include "experiments/planning/systems/cycle_system.hpp"

namespace hyped {

struct CycleEnsemble {
  std::vector<CycleMember> members;                // the last one is the centre: the fitted values, kinetics of the scenario
  std::map<std::string, double> values;            // of the centre, by fitted name
  std::vector<std::string> notes, warnings;
};

// run.h5 of `hyped cycle fit`: normal draws on the search scale with the fit's covariance, cut at the bounds; of `hyped cycle sample`: draws of the
// chains, evenly taken. Kinetics: log-normal about the scenario's values, their prior ranges taken as 95 %; the effects of an
// input are divided by how its mean active input over the fit changes, the first-order condition that the drawn kinetics still
// explain the arms that were measured. InputError as in make_plan_case.
CycleEnsemble cycle_members(const PlanScenario& plan, const Scenario& base, const std::string& source, bool forced, std::uint64_t seed);

}  // namespace hyped
