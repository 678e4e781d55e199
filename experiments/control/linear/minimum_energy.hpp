// The input of least energy that takes a linear system, or some outputs of it, from one state to another; and what cannot be reached.
#pragma once
#include <vector>

#include "experiments/control/linear/gramians.hpp"

namespace hyped::control {

// outputs [O x S]: what must reach the target; empty: all states (target controllability: Gao et al. 2014, Nat Commun 5:5415; energy of a target:
// Klickstein et al. 2017, Nat Commun 8:15145). Directions whose share of the largest eigenvalue of the output Gramian is below `tolerance` are taken as
// out of reach: they would cost more than 1 / tolerance times the cheapest.
struct SteeringOptions {
  Eigen::MatrixXd outputs;
  double tolerance = 1e-10;
};

struct Steering {
  double energy = 0;                  // sum or integral of u'u
  Eigen::VectorXd costate;            // at the end [S]: u = B' Phi(end, .)' costate
  Eigen::VectorXd reached;            // outputs at the end, the nearest to the target [O]
  double missed = 0;                  // |target - reached|
  int rank = 0;                       // directions of outputs that can be reached
  std::vector<Eigen::VectorXd> inputs;      // of steps [K] of [I]; empty for continuous time
  Outcome outcome;                    // singular: the target is not in reach; what there is leads to the nearest reachable point
};

// x(k+1) = A_k x + B_k u from `start` [S] to `target` [O] of the outputs after the last step.
Steering steer(const std::vector<Eigen::MatrixXd>& a, const std::vector<Eigen::MatrixXd>& b, const Eigen::VectorXd& start, const Eigen::VectorXd& target, const SteeringOptions& options = {});
// Continuous time, held pieces; the input at any time by input_at.
Steering steer(const std::vector<HeldPiece>& pieces, const Eigen::VectorXd& start, const Eigen::VectorXd& target, const SteeringOptions& options = {});
Eigen::VectorXd input_at(const std::vector<HeldPiece>& pieces, const Eigen::VectorXd& costate, double t_h);

// From a Gramian of any kind; `inputs` stay empty.
Steering steer_by_gramian(const HorizonGramian& horizon, const Eigen::VectorXd& start, const Eigen::VectorXd& target, const SteeringOptions& options = {});

// What one constant or free input vector can do to a wanted change within K steps of x(k+1) = A x + b u(k), u free in sign.
struct InputReach {
  double average = 0;                 // trace of its Gramian: mean squared effect of unit energy over all directions (Pasqualetti et al. 2014)
  double share = 0;                   // of |change|^2 that it can make [0, 1]
  double energy = 0;                  // least u'u for that share
};
InputReach reach_of(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& change, int steps, double tolerance = 1e-6);

}  // namespace hyped::control
