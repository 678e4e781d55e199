// What constant inputs from each start step on do to the distance from the target, in inner products alone: C_j'C_j and C_j'r without ever forming C_j.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "experiments/control/factors/factor_inputs.hpp"
#include "experiments/control/factors/guided_dynamics.hpp"

namespace hyped::control {

// B after genes were left out, with its Gram matrix; made once for all resampled problems.
struct InputGram {
  SparseEffects effect;              // [G x M]
  Eigen::MatrixXd gram;              // B'B [M x M]
};
InputGram input_gram(const FactorInputs& inputs, const NuisanceProjection& nuisance);

// C_j = n B + P D_j V' with n = K - j + 1, V = B'S: matches cost the entries of B, norms and Gram matrices O(Q) and O(Q) an entry. Directions removed from
// states are removed from B by the same products. `inputs` must outlive it.
class EffectModel {
 public:
  EffectModel(const InputGram& inputs, const GuidedProblem& problem);
  int starts() const { return steps_; }                            // start steps are 1 .. K
  int factors() const { return static_cast<int>(effect_->gram.rows()); }
  double distance() const { return distance_; }                    // d0: without any input
  Eigen::VectorXd match(int start) const;                          // C_j'r [M]
  Eigen::VectorXd squares(int start) const;                        // diagonal of C_j'C_j [M]
  Eigen::MatrixXd gram(int start) const;                           // C_j'C_j [M x M]
  Eigen::MatrixXd gram(int start, const std::vector<int>& factors) const;
  Eigen::MatrixXd project(int start, const Eigen::MatrixXd& x) const;      // C_j'x of states without the removed directions [G x n] -> [M x n]

 private:
  Eigen::VectorXd weights(int start) const;
  double times(int start) const { return steps_ - start + 1; }
  const InputGram* effect_;
  int steps_;
  double distance_;
  std::vector<int> step_;                  // [Q]
  Eigen::MatrixXd spread_;                 // P [G x Q]
  Eigen::MatrixXd input_spread_;           // B'P [M x Q]
  Eigen::MatrixXd seen_;                   // V = B'S [M x Q]
  Eigen::MatrixXd spread_gram_;            // P'P [Q x Q]
  Eigen::MatrixXd removed_;                // B'(removed directions) [M x D]
  Eigen::VectorXd input_match_;            // B'r [M]
  Eigen::VectorXd spread_match_;           // P'r [Q]
};

}  // namespace hyped::control
