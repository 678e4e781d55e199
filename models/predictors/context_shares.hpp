// Shares of contexts (phases) that a combination is predicted to have.
#pragma once
#include <string>
#include <vector>

#include "models/predictors/training_set.hpp"

namespace hyped {

struct ContextShare {
  std::string context;
  double share = 0;
};
// Geometric mean of the parts' shares by cells (half a cell added to each), normalised: additive in logits around their own mean. InputError if a
// part was not measured in every context.
std::vector<ContextShare> predicted_shares(const TrainingSet& training, const std::vector<std::string>& parts);

}  // namespace hyped
