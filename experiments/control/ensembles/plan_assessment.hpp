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
  PredictiveRange range;                   // 90 %, of the distance of one more member
  double reached = 0;                      // share of members within the target's tolerance (if there is one)
  Outcome outcome;
};
PlanRecord record_of(const PlanProblem& problem, const std::string& name, std::vector<Pulse> pulses, const std::vector<int>& members, double within = 0);

// Member by member: chance that `plan` is nearer to the target than `other`, and by how much.
struct PlanContrast {
  std::string other;
  double chance = 0;                       // rule of succession over the reporting members
  double gain = 0, lower = 0, upper = 0;   // distance of the other minus that of the plan: mean and 90 % range over members
};
PlanContrast contrast(const PlanRecord& plan, const PlanRecord& other);

// The start of one pulse moved, all else as planned: what timing is worth.
struct TimingPoint {
  double start_h = 0, risk = 0, mean = 0;
  Eigen::VectorXd quantities;              // means over the members [Q]
};
std::vector<TimingPoint> timing_course(const PlanProblem& problem, const std::vector<Pulse>& pulses, int pulse, double from_h, double until_h, int points, const std::vector<int>& members);

// How far each variable can move (others free to follow) until the cost rises by `rise`: from the curvature of the cost at the plan
// (central differences of the exact gradient), sqrt(2 rise / Schur complement), cut at the bounds; a variable at a bound with a slope pushing
// outward is named so.
struct VariableSlack {
  std::string name, unit;
  double value = 0, lower = 0, upper = 0;  // variable and how far it can go
  bool at_bound = false;
};
std::vector<VariableSlack> variable_slack(const PlanProblem& problem, const PlanSearch& search, double rise);

// The plan that each reporting member would have liked best, found from the common one: how plans hang on the model's parameters.
struct PlanSensitivity {
  std::string parameter, of;               // `of`: "distance", or a variable of the plan
  double correlation = 0;                  // Spearman's, over members
  double lower = 0, upper = 0;             // 95 %, Fisher's transformation with sd 1.06 / sqrt(M - 3)
};
struct MemberPlans {
  Eigen::MatrixXd variables;               // [M x V] each member's own best plan of the same shape
  Eigen::VectorXd distances;               // [M] at it
  double regret = 0;                       // mean distance of the common plan minus that of the members' own: value of knowing the model
  std::vector<PlanSensitivity> sensitivities;
};
// Sources: Fieller, Hartley & Pearson 1957, Biometrika 44:470 (variance of Spearman's correlation).
MemberPlans member_plans(const PlanProblem& problem, const PlanSearch& search, const std::vector<int>& members);

}  // namespace hyped::control
