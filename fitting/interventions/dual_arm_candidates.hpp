// The networks of an ensemble on their way through its rounds: drawn, fitted, thinned out, weighed.
#pragma once
#include <vector>

#include "fitting/interventions/dual_arm_member.hpp"

namespace hyped {

// A drawn network with its fit.
struct DualArmCandidate {
  DualArmMember member;
  std::unique_ptr<DualArmResiduals> residuals;
  Eigen::VectorXd theta;
  double flat_misfit = 0;      // of genes that no dose reaches
  bool alive = true;
  // Up to here a misfit is no reason to prefer another network. A bound by choice: the data of a member are drawn anew and its constants
  // fitted with a pull, so that its misfit has no chi-squared distribution.
  double excess() const;
};

// All rounds of DualArmOptions; what is left can be simulated. Adds to `failed`. Parallel over networks. InputError as predict_dual_arm.
std::vector<DualArmCandidate> fit_candidates(const SingleArms& arms, const EdgeList& known, const DualArmOptions& options, int& failed);
// Weights exp(-excess / (2 temper)) that add up to 1, with the least temper >= 1 that leaves `wanted` networks in effect (their number if
// they are fewer). Returns the effective number.
double weigh_candidates(const std::vector<DualArmCandidate>& candidates, double wanted, std::vector<double>& weights, double& temper);

}  // namespace hyped
