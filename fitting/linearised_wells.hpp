// A cycle problem linearised well by well: what the mixed-model equations of a process fit are made of.
#pragma once
#include <vector>

#include "fitting/cycle_problem.hpp"
#include "fitting/variance_components.hpp"

namespace hyped {

// Order of the variance components of a process fit.
enum ProcessComponent : int { unit_variance_component, sister_component, detection_component, first_random_component };

struct LinearisedWells {
  std::vector<UnitMean> means;              // per well, or per unit when no well has effects
  bool per_well = false;
  std::vector<MixedBlock> blocks;           // residual: data - expectation + the part of the effects already in it
  std::vector<Eigen::MatrixXd> random;      // d expectation / d effect [B K x R], with the well's scale
  Outcome outcome;
  const UnitMean& mean_of(const CycleProblem& problem, std::size_t well) const {
    return means[per_well ? well : static_cast<std::size_t>(problem.wells()[well].unit)];
  }
};

// effects [W x R]: the wells' log multipliers about which they are linearised. The sister part's coefficient is rho for counts,
// unit_variance * rho for relative data.
LinearisedWells linearise_wells(const CycleProblem& problem, const Eigen::VectorXd& theta, const Eigen::MatrixXd& effects,
                                const std::vector<double>& scales, std::size_t component_count,
                                const std::vector<CycleProblem::UnitCovariance>& covariances);

// Predicted effects of one well [R] given its residual after the shared parameters moved: sigma^2 R' V^-1 e, the well's scale
// projected out. lower: factor of the marginal covariance.
Eigen::VectorXd predicted_effects(const CycleProblem& problem, const LinearisedWells& wells, std::size_t well,
                                  const std::vector<VarianceComponent>& components, const Eigen::MatrixXd& lower,
                                  const Eigen::VectorXd& residual);

}  // namespace hyped
