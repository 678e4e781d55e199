// What a network is worth where the scenario holds nothing out: it and simple models on arms they have not seen.
#pragma once
#include <string>
#include <vector>

#include "experiments/grn/fit/grn_split.hpp"

namespace hyped {

struct BaselineRow {
  std::string model;
  double pearson = 0, mse = 0, rms_se = 0;      // of all values held out, genes and phenotypes; rms_se: root mean square in standard errors; NaN: none
  std::vector<double> by_group;                 // mean squared error of each group held out
  std::string why_not;                          // no score: why
  std::string note;                             // what a reader has to know of this row
};

struct GrnBaselines {
  std::string held_out;                         // "3 arms, each left out once"; empty: nothing can be held out
  std::string why_not;                          // then: why
  std::vector<BaselineRow> rows;                // ridge, empty network, network, no change
};

// The groups are the fit's own folds, so that the network's row costs nothing; without folds arms one by one, or ten deals of them. Each model learns
// from the other groups alone: ridge chooses its penalty among them, the network takes the step of its ladder that predicts the other folds best. The empty
// network has the inputs and no edge, fitted to means. With one arm nothing can be held out: no change is scored and `why_not` says so.
GrnBaselines cross_validated_baselines(const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted);

}  // namespace hyped
