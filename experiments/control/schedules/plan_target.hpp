// What a plan is to reach, as a distance of quantities from wanted values, with nuisance programmes projected out; and what it must not break.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "experiments/control/schedules/planned_system.hpp"

namespace hyped::control {

enum class Side { equal, at_least, at_most };

// combination of quantities (sum of coefficient * quantity) wanted at `value`; what is off counts in units of `scale`, times weight.
struct TargetTerm {
  std::string name;
  std::vector<std::pair<int, double>> combination;
  Side side = Side::equal;
  double value = 0, scale = 1, weight = 1;
};

// root_mean_square: sqrt(sum of w r^2 / sum of w); mean_square: its square. r = (combination - value) / scale, one-sided terms count on the
// wrong side only.
enum class PlanDistance { root_mean_square, mean_square };
std::string_view to_string(PlanDistance distance);

class PlanTarget {
 public:
  // `nuisance` [terms x N]: directions of the residuals that do not count (an interferon or starvation programme): residuals are projected
  // on what is orthogonal to them, in the weighted product. InputError: no term, a scale or weight that is not positive, one-sided terms
  // beside nuisance directions (what is off cannot be told then), directions that leave nothing.
  PlanTarget(std::vector<TargetTerm> terms, PlanDistance distance = PlanDistance::root_mean_square, Eigen::MatrixXd nuisance = {});

  const std::vector<TargetTerm>& terms() const { return terms_; }
  PlanDistance kind() const { return distance_; }
  // Distance of quantities [Q]; gradient [Q] if wanted. The root is rounded off below 1e-7 so that it is smooth where the target is met.
  double distance(const Eigen::VectorXd& quantities, Eigen::VectorXd* gradient = nullptr) const;
  // Combination of each term [terms].
  Eigen::VectorXd seen(const Eigen::VectorXd& quantities) const;
  std::string words() const;

 private:
  std::vector<TargetTerm> terms_;
  PlanDistance distance_;
  Eigen::MatrixXd projector_;      // [terms x terms], of residuals times root weights; empty: identity
};

// A limit on a combination of quantities over the members: toxicity, cells in a phase at dosing, cells left.
enum class Over { mean, every, chance };
struct QuantityLimit {
  std::string name;
  std::vector<std::pair<int, double>> combination;
  double least = -never_h, most = never_h;
  Over over = Over::mean;
  double chance = 0.9;             // of `chance`: share of the members that keep it
};

}  // namespace hyped::control
