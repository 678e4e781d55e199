// Data-guided dynamics: a step from one time to the next is the identity plus a matrix of low rank, exact on the states it was made of.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "experiments/control/factors/nuisance_projection.hpp"

namespace hyped::control {

// A = I + change seen': applied to a vector in O(G Q).
struct GuidedTransition {
  Eigen::MatrixXd change, seen;      // [G x Q]
  Eigen::MatrixXd apply(const Eigen::MatrixXd& x) const { return x + change * (seen.transpose() * x); }
};

// How replicates make one step.
//   mean: A = I + (m' - m) m' / (m'm) of their means m: A m(k) = m(k+1) exactly (Ronquist et al. 2017, PNAS 114:11832, one state a time).
//   each: A = I + (X' - X) X^+: the least change of the identity with A X(k) = X(k+1) for every replicate.
//   laboratory: A = I + (X' - X) X' / (sum of all entries of X'X), as the code of Pickard et al. 2024 (arXiv 2405.09809) has it. With R replicates it goes
//   only about 1/R of the way from m(k) to m(k+1): not exact, here for comparison.
enum class ReplicateRule { mean, each, laboratory };
const char* to_string(ReplicateRule rule);

// states [T] of [G x R] -> [T - 1]. InputError for a state that is all zero, or, unless `mean`, times with different numbers of replicates.
std::vector<GuidedTransition> guided_transitions(const std::vector<Eigen::MatrixXd>& states, ReplicateRule rule = ReplicateRule::mean);

// What a problem is made of, replicates side by side.
struct GuidedData {
  std::vector<Eigen::MatrixXd> path;       // start first, in order of time [T] of [G x R]; one state alone: A = I and one step
  std::vector<Eigen::MatrixXd> target;     // their means are averaged; a target of one column is taken as known exactly
  ReplicateRule rule = ReplicateRule::mean;
  bool target_follows_start = false;       // targets are the mean of path[0] plus a change that is wanted exactly: drawn anew, the start takes them along
};

// x(k+1) = A_k x(k) + B u(k), k = 1 .. K, u >= 0 constant from step j on. What is left to do without input, and how inputs spread:
// C_j = sum over k >= j of A_K ... A_{k+1} B = (K - j + 1) B + spread D_j seen'B, D_j diagonal with max(0, step - j).
struct GuidedProblem {
  int steps = 1;                           // K
  Eigen::VectorXd difference;              // target - A_K ... A_1 start [G]
  Eigen::MatrixXd spread, seen;            // A_K ... A_{l+1} change_l, and seen_l, of steps l = 2 .. K [G x Q]
  std::vector<int> step;                   // [Q] l
  Eigen::MatrixXd removed;                 // orthonormal directions taken out of everything [G x D]
};
GuidedProblem guided_problem(const GuidedData& data, const NuisanceProjection& nuisance);

}  // namespace hyped::control
