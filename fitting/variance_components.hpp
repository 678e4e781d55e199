// Restricted maximum likelihood for covariances that are linear in their components, and what they mean for fixed effects.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// One component's share of a well's covariance: dense, or low rank as factor * factor^T.
struct CovariancePart {
  Eigen::MatrixXd dense;       // [N x N] or empty
  Eigen::MatrixXd factor;      // [N x r] or empty; both empty: this well does not have the component
};

// One independent block of data (a well), linearised at the current estimate.
struct MixedBlock {
  Eigen::VectorXd residual;               // data - expectation [N]
  Eigen::MatrixXd design;                 // d expectation / d fixed effect [N x P]
  Eigen::VectorXd own;                    // direction of the block's own nuisance (its scale) [N], or empty
  std::vector<CovariancePart> parts;      // one per component
};

struct VarianceComponent {
  std::string name;
  double value = 0;            // coefficient of its part, >= 0
  bool free = true;
  double upper = 1e300;
};

struct MixedFit {
  std::vector<VarianceComponent> components;
  Eigen::MatrixXd component_covariance;       // inverse REML information; zero rows for components that are fixed or at 0
  Eigen::MatrixXd information;                // fixed effects, own nuisances eliminated [P x P]
  Eigen::VectorXd score;                      // X' V^-1 residual, nuisances eliminated [P]
  // Per component: X' V^-1 (dV/dc) V^-1 X, for the spread of the information [P x P]
  std::vector<Eigen::MatrixXd> information_slope;
  double minus_two_log_likelihood = 0;        // restricted, up to a constant
  int iterations = 0;
  Outcome outcome;
};

// Fisher scoring with an active set for components at 0 and step halving. information_free: the fixed effects that take part in
// the restriction (others are held). Source: Patterson & Thompson 1971, Biometrika 58:545; Searle, Casella & McCulloch 1992, ch. 6.
MixedFit fit_variance_components(const std::vector<MixedBlock>& blocks, std::vector<VarianceComponent> start, int iteration_limit = 30);

// Degrees of freedom of c' theta for each unit vector, after Satterthwaite (1946, Biometrics Bull 2:110); 1e6 when no
// component is estimated. covariance: of the fixed effects [P x P].
Eigen::VectorXd satterthwaite(const MixedFit& fit, const Eigen::MatrixXd& covariance);
// The same for one c [P].
double satterthwaite(const MixedFit& fit, const Eigen::MatrixXd& covariance, const Eigen::VectorXd& contrast);

// Lower Cholesky factor of a block's covariance; outcome singular when it is not positive definite.
Outcome block_factor(const MixedBlock& block, const std::vector<VarianceComponent>& components, Eigen::MatrixXd& lower);

}  // namespace hyped
