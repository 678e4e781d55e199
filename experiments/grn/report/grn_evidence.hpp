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

}  // namespace hyped
