// Principal components of learned effects, genes being the observations.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "models/predictors/training_set.hpp"

namespace hyped {

struct EffectComponents {
  Eigen::MatrixXd gene_scores;      // [G x K] of effects centred within each condition
  Eigen::MatrixXd effects;          // [N x G] as they are
};
// K = min(most, number of components that are not 0). Source: R's prcomp of genes x perturbations, as in Ahlmann-Eltze et al. 2025.
EffectComponents effect_components(const TrainingSet& training, const std::vector<int>& rows, int most);

}  // namespace hyped
