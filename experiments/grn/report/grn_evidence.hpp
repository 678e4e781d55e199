// What the information of the measured means says of a fitted network's parameters, where their errors are known.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "experiments/grn/fit/grn_split.hpp"
#include "fitting/networks/evidence/edge_identifiability.hpp"

namespace hyped {

struct GrnEvidence {
  std::unique_ptr<NetworkEvidence> evidence;      // of the parameters that are not exactly 0, on their search scale; null: see why_not
  std::vector<int> place;                         // [F] of each free parameter in it, -1: an edge at exactly 0
  double overdispersion = 1;                      // squared residuals per degree of freedom, at least 1: errors are that much larger than between cells
  std::string words;                              // what the intervals are, or why there are none
};

// Information of the means at the optimum (central differences of the prediction, first order in the steps' square), with the errors that
// arms share through their reference. Priors are the fit's own pulls, and of an edge Laplace's distribution that its penalty stands for. Edges
// are those that the penalty left: that it chose them is not in the intervals. Without standard errors, if whole cells are fitted, or with more than 400 parameters,
// there is no evidence and `words` says so.
GrnEvidence grn_evidence(const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted);

// Means that lie two standard errors (root mean square) from the network, four in squares, are no noise of the size that was measured: above this the noise between
// cells is no longer what the residuals are, and variances raised to hold them do not make them so.
constexpr double far_from_means = 4;
// A descent has ended where its optimality (the largest slope left, in units of the objective) is small against the penalty on an edge, which is the slope that
// sets an edge to 0. At ten times that, edges still come and go.
constexpr double cut_descent = 10;
// A warning if overdispersion is above far_from_means and there is evidence to judge by; else empty.
std::string far_words(const GrnEvidence& evidence);
// A warning if the descent was cut short; else empty.
std::string cut_words(const LadderStep& step);
// What lower and upper of a prediction are, or why there are none.
std::string interval_words(const PredictionRange& range, Eigen::Index gene, Eigen::Index condition, double level);

}  // namespace hyped
