// Signed edges known beforehand, as a network's penalty and pulls take them.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "experiments/grn/grn_data.hpp"

namespace hyped {

struct GrnPriorEdge {
  int sign = 0;                        // 0: not known, or weak evidence
  double weight = 1;                   // in the penalty; 1 is that of an edge that is not in the list
  double pull_to = 0, pull = 0;        // quadratic
};
struct GrnPrior {
  std::map<std::pair<int, int>, GrnPriorEdge> edges;      // from, to
};

// Empty where the scenario names no prior. Genes that are not in the data are counted and listed in `words`. InputError if only the
// prior's edges are allowed and none is between genes of the data.
GrnPrior read_grn_prior(const GrnScenario& scenario, const GrnData& data, std::vector<std::string>& words);

}  // namespace hyped
