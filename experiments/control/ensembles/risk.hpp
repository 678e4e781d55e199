// One number from what the members of an ensemble say: mean, smoothed quantile, worst case, chance to reach; with its exact derivative.
#pragma once
#include <Eigen/Core>
#include <string>

namespace hyped::control {

enum class RiskMeasure { mean, quantile, worst, reach };

struct Risk {
  RiskMeasure measure = RiskMeasure::quantile;
  double level = 0.9;              // of the quantile
  double within = 0;               // reach: distance that counts as reached
};
std::string to_words(const Risk& risk);

// Weights of the sorted values in the Harrell-Davis estimate of a quantile: increments of the regularised incomplete beta function over
// the cumulative weights, with the effective number of members 1 / sum of squared weights. It is continuous in the values, and has the
// derivative `gradient` [M] where no two members change places; kinks there shrink with the number of members.
// weights [M] > 0, any sum. Source: Harrell & Davis 1982, Biometrika 69:635.
double smooth_quantile(const Eigen::VectorXd& values, const Eigen::VectorXd& weights, double level, Eigen::VectorXd* gradient = nullptr);

// mean; quantile: as above; worst: the largest (its gradient is that member's); reach: minus the smoothed share of members within
// `within`: each counts 1 / (1 + exp((d - within) / s)), s a tenth of `within`.
double risk_of(const Risk& risk, const Eigen::VectorXd& distances, const Eigen::VectorXd& weights, Eigen::VectorXd* gradient = nullptr);

double effective_count(const Eigen::VectorXd& weights);
// Where one more member, exchangeable with these, lies with the given chance: order statistics of the members (weighted: of their
// effective number), their range where they are too few.
struct PredictiveRange {
  double lower = 0, upper = 0;
  double level = 0;                // what the members can promise: at most 1 - 2 / (n + 1)
};
PredictiveRange predictive_range(const Eigen::VectorXd& values, const Eigen::VectorXd& weights, double level = 0.9);
// "90 % range" where the members are enough for it, else what they can promise: "60 % range".
std::string range_words(double level);
// Chance that one more member is on the side that `wins` of the members are on (weights, rule of succession: (n share + 1) / (n + 2)).
double succession(double share, double effective);

}  // namespace hyped::control
