// What a plan promises, from members that did not help to find it: range of its distance, chances against other plans, what it hangs on.
#pragma once
#include <string>
#include <vector>

#include "experiments/control/ensembles/plan_search.hpp"

namespace hyped::control {

// Members split for an honest range: an optimum over members is better on them than on others. Alternately, so that both halves hold
// members of all the ensemble.
struct MemberHalves {
  std::vector<int> optimise, report;
};
MemberHalves split_members(int count);

// A plan over the reporting members.
struct PlanRecord {
  std::string name;
  std::vector<Pulse> pulses;
  Eigen::VectorXd distances, weights;      // [M]
  Eigen::MatrixXd quantities;              // [M x Q]
  double mean = 0, median = 0;
  PredictiveRange range;                   // of the distance of one more member: 90 %, or what range.level says
  double reached = 0;                      // share of members within the target's tolerance (if there is one)
  Outcome outcome;
};
PlanRecord record_of(const PlanProblem& problem, const std::string& name, std::vector<Pulse> pulses, const std::vector<int>& members, double within = 0);

// Member by member: chance that `plan` is nearer to the target than `other`, and by how much.
struct PlanContrast {
  std::string other;
  double chance = 0;                       // rule of succession over the reporting members
  double gain = 0, lower = 0, upper = 0;   // distance of the other minus that of the plan: mean and range of one more member
  double level = 0;                        // of that range: 0.9, or what the members can promise
};
PlanContrast contrast(const PlanRecord& plan, const PlanRecord& other);

// The start of one pulse moved, all else as planned: what timing is worth.
struct TimingPoint {
  double start_h = 0, risk = 0, mean = 0;
  Eigen::VectorXd quantities;              // means over the members [Q]
};
// Starts nearer to another pulse of the input than its gap allows, and starts at which a member cannot be simulated, are left out.
std::vector<TimingPoint> timing_course(const PlanProblem& problem, const std::vector<Pulse>& pulses, int pulse, double from_h, double until_h, int points, const std::vector<int>& members);

// How far each variable can move until the cost rises by `rise`. Where the cost curves upwards at the plan (central differences of the exact
// gradient), others free to follow: sqrt(2 rise / Schur complement), cut at the bounds; a variable at a bound with a slope pushing outward is named
// so. Elsewhere the variable alone is moved until the cost itself has risen, a limit is missed, or to its bound.
struct VariableSlack {
  std::string name, unit;
  double value = 0, lower = 0, upper = 0;  // variable and how far it can go
  bool at_bound = false;
  bool following = true;                   // the other variables follow; false: they stay
  bool known = true;                       // false: the cost cannot be followed
};
std::vector<VariableSlack> variable_slack(const PlanProblem& problem, const PlanSearch& search, double rise);

// The plan that each reporting member would have liked best, found from the common one: how plans hang on the model's parameters.
struct PlanSensitivity {
  std::string parameter, of;               // `of`: "distance", or a variable of the plan
  double correlation = 0;                  // Spearman's, over members
  double lower = 0, upper = 0;             // 95 %, Fisher's transformation with sd 1.06 / sqrt(effective members - 3)
};
struct MemberPlans {
  Eigen::MatrixXd variables;               // [M x V] each member's own best plan of the same shape
  Eigen::VectorXd distances;               // [M] at it
  double regret = 0;                       // weighted mean cost (distance and price of the doses) of the common plan minus that of the members' own: value of knowing the model
  double nearer = 0;                       // of which distance; below 0 where own plans save doses at the cost of distance
  std::vector<PlanSensitivity> sensitivities;
};
// Sources: Fieller, Hartley & Pearson 1957, Biometrika 44:470 (variance of Spearman's correlation).
MemberPlans member_plans(const PlanProblem& problem, const PlanSearch& search, const std::vector<int>& members);
// Range of a distance where members have different structures, each wrong in its own way: the 95 % end of the members' distances above, an open
// end below. A distance then has two parts: what a better plan would take away in that member, and what no plan of it reaches; whether the true
// cells lack the second part too, no member knows. So the lower end is the 5 % end of the first part alone (sqrt(d^2 - own^2); d - own for mean
// squares), which is close to 0 wherever the plan is close to the members' own best ones.
PredictiveRange range_with_open_reach(const PlanProblem& problem, const PlanRecord& record, const MemberPlans& own);

}  // namespace hyped::control
