// Whether a target, or a better plan than another one, is there at all: searches of their own, not read off one robust plan.
#pragma once
#include <optional>

#include "experiments/control/ensembles/plan_assessment.hpp"

namespace hyped::control {

// What single members could reach if each had a plan of its own: the spread between members is no reason there. Local searches of every member
// from the plans of `search` (the best and the other polished ones), doses for free.
struct MemberReach {
  Eigen::VectorXd distances, weights;      // [M] of each member's own best plan
  Eigen::MatrixXd quantities;              // [M x Q] at it
  double share = 0;                        // weighted, of the members that come within `within`
};
MemberReach reach_of_members(const PlanProblem& problem, const PlanSearch& search, const std::vector<int>& members, double within);

// The plan with the greatest chance to be nearer to the target than `other`: a search of its own (smoothed share of the members, doses for free,
// started from `other` and from `given` too), with its record and contrast over `report`. The problem's limits hold. Empty: `other` cannot be
// simulated in some member, or no plan keeps the limits.
struct BeatingPlan {
  FoundPlan plan;
  PlanRecord record;
  PlanContrast contrast;
};
std::optional<BeatingPlan> plan_that_beats(const PlanProblem& problem, const PlanRecord& other, std::vector<std::vector<Pulse>> given, const std::vector<int>& report, PlanSearchOptions options);

}  // namespace hyped::control
