// Dose against effect: the best plan under every cap on the total dose.
#pragma once
#include <functional>
#include <vector>

#include "experiments/control/ensembles/plan_assessment.hpp"

namespace hyped::control {

struct ParetoPoint {
  double cap = 0, total = 0;       // allowed and used, units of dose over all inputs
  FoundPlan plan;
  PlanRecord record;               // over the reporting members
};

// Caps evenly from 0 to the most that limits allow, each solve started from the plans of its neighbours too. A plan under a smaller cap is
// allowed under a larger one: costs over the plan's own half never rise with the cap (a search that ends higher takes the neighbour's plan).
// `search`: a whole search of a problem with warm starts. InputError of the search where even a cap has no feasible plan is passed on only
// if no cap has one.
std::vector<ParetoPoint> pareto_front(const PlanProblem& problem, int points, const std::vector<int>& report, double within,
                                      const std::function<PlanSearch(const PlanProblem&, std::vector<std::vector<Pulse>>)>& search);

// The most total dose that the inputs' limits allow.
double largest_total(const PlanProblem& problem);
double total_of(std::span<const Pulse> pulses);

}  // namespace hyped::control
