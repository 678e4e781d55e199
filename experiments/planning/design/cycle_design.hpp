// A cell-cycle fit with wells that could be added: setups with moved doses, plans, and the same experiment with the wells in it.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/control/next_experiment/cycle_candidates.hpp"
#include "experiments/cycle/cycle_fit.hpp"
#include "experiments/planning/design/design_plan.hpp"
#include "experiments/planning/design/design_report.hpp"

namespace hyped {

struct CycleDesignCandidate {
  control::WellPlan plan;
  std::string name;
  double cost = 0;
};

struct CycleDesign {
  CycleSetup setup;                              // the scenario's, with an arm for each moved dose
  std::vector<CycleDesignCandidate> candidates;
  std::vector<control::CycleQuantity> quantities;
  double cells = 0;                              // of an added well at the start
};

// Arms whose doses come later, with the events that share their times, under the name "dual, doses +6 h". InputError for unknown arms,
// inputs, samplings that end before an arm's last event.
// InputError with the line for an arm, input or class that the scenario does not have; costs nothing, and so comes before the fit.
void check_design_names(const DesignPlan& plan, const Scenario& scenario);
CycleDesign cycle_design_of(const DesignPlan& plan, const Scenario& scenario, const CycleFit& fitted);

// What the arms' inputs can tell apart: integrals of the inputs, for check_design. Words.
std::vector<std::string> inseparable_inputs(const CycleSetup& setup, double end_h);

// Refits of data drawn from the fitted process (bootstrap_parametric) of the existing wells, and of them with `count` of each candidate;
// and, `pilot` having made the data, of experiments simulated cell by cell and fitted anew. predicted: standard errors [quantity] before and
// with the design.
std::vector<ErrorCheck> check_cycle_design(const CycleDesign& design, const Scenario& scenario, const PhaseCounts& data, const CycleFit& fitted, const std::vector<int>& count,
                                           const std::vector<double>& predicted_before, const std::vector<double>& predicted_after, const DesignSettings& settings, bool pilot, std::uint64_t seed);

}  // namespace hyped
