// Shares of an arm from its wells: how much wells differ beyond what their own lineages explain, and an interval that holds it.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/image/phases/phase_shares.hpp"

namespace hyped {

// What the bootstrap over a well's lineages leaves: logits of its shares [T x K] and how they err together.
struct WellLogits {
  std::string condition;
  std::vector<double> times_h;
  Eigen::MatrixXd mean, sd;                      // [T x K]; NaN where nothing was labelled
  std::vector<Eigen::MatrixXd> correlation;      // of a phase's logits between times [T x T]
};

// Half-width of 95 % intervals in standard errors of what lineages leave, when wells' variance is (1 + ratio) times theirs and
// `degrees` squares of scatter (each in units of that variance) sum to `squares`. The ratio is not known: its posterior under
// DuMouchel's prior 1 / (1 + sqrt(ratio))^2 of the standard deviations' ratio is integrated. Without degrees: 1.96.
// Source: DuMouchel's prior as in Röver 2020, J Stat Softw 93(6).
double reach_of_scatter(double squares, double degrees);

// Wells as replicates on the logit. The ratio of scatter between wells to that of lineages is taken to change slowly: squares of
// neighbouring times (Gaussian weights, 12 h) count as many degrees of freedom as their correlation leaves, lineages' own and,
// as far as wells differ, a well's lasting difference. An arm with one well in a film of such arms has its lineages' interval.
std::vector<ArmShares> arm_shares(const std::vector<WellLogits>& wells, int phases);

}  // namespace hyped
