// A predictor written as one rule: learn once from the training data, then give the effect of each wanted condition.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "models/predictors/predictor.hpp"
#include "models/predictors/training_set.hpp"

namespace hyped {

// What was learned: the predicted profile of one condition, with what it fell back to in `note`.
using LearnedRule = std::function<Eigen::RowVectorXd(const ResponseCondition& wanted, std::string& note)>;

struct PredictionRule {
  std::string name, formula;
  PredictorRole role = PredictorRole::baseline;
  std::function<LearnedRule(const TrainingSet& training, std::uint64_t seed)> learn;      // training outlives what is learned
};

std::unique_ptr<Predictor> predictor_of(PredictionRule rule);

// A rule that needs no learning of its own: effect(training, wanted, note) is added to the control.
using EffectRule = std::function<Eigen::RowVectorXd(const TrainingSet& training, const ResponseCondition& wanted, std::string& note)>;
std::unique_ptr<Predictor> predictor_of_effect(std::string name, std::string formula, PredictorRole role, EffectRule effect);

}  // namespace hyped
