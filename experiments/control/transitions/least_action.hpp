// The path by which a rare transition happens, and its action: what the logarithm of the waiting time grows by per unit of size.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "experiments/control/transitions/density_network.hpp"
#include "libhyped/errors.hpp"

namespace hyped::control {

// H(x, p): jump sum_r a_r (exp(p nu_r) - 1), of the master equation; langevin p f + p A p / 2 with A = sum_r a_r nu_r nu_r', of the
// chemical Langevin equation, whose actions differ where the path is far from rest.
enum class ActionNoise { jump, langevin };

struct LeastActionOptions {
  ActionNoise noise = ActionNoise::jump;
  int segments = 96;                      // of the finest path; found on 12, 24, ... first
  int starts = 3;                         // straight, and bent to both sides; the least counts
  int iteration_limit = 2000;             // of each level
};

struct ActionPath {
  Eigen::MatrixXd density;                // [N + 1 x S] evenly spaced along the path
  Eigen::VectorXd action;                 // [N + 1] from the start to here, per unit of size
  double total = 0;                       // extrapolated from the two finest levels
  double error = 0;                       // |total - that of the finest level|
  Eigen::VectorXd saddle;                 // [S] density; empty: none with one unstable direction was found on the path
  double at_saddle = 0;                   // action up to there: all of it, where the path falls freely behind the saddle
  std::vector<double> by_start;           // total of every start, finest level
  std::string method;
  Outcome descent;                        // not ok: the search for the least path ended early, `total` is that of the finest level and an upper bound
  Outcome outcome;
};

// Minimum of the geometric action over paths with fixed ends: S = sum_k L(x_mid, dx_k), L(x, v) = sup { p v : H(x, p) = 0 }, which is the
// action minimised over the time T as well (T of the minimum is infinite when an end rests). Minimised over the inner nodes by L-BFGS with
// exact derivatives (dL/dv = p, dL/dx = -H_x / lambda, H_p = lambda v); unevenness of the nodes costs, the curve's shape does not.
// Sources: Heymann & Vanden-Eijnden 2008, Commun Pure Appl Math 61:1052 (geometric action); Freidlin & Wentzell 2012, ch. 4-5.
// InputError: ends of the wrong size, or with other conserved totals than each other.
ActionPath least_action(const DensityNetwork& network, const Eigen::VectorXd& from_density, const Eigen::VectorXd& to_density, const LeastActionOptions& options = {});

// L(x, v) with p and lambda at one point, coordinates of the network. Not ok: v cannot be moved along, or the solver failed.
struct LocalAction {
  double value = 0, lambda = 0;
  Eigen::VectorXd momentum;               // [K]
  bool ok = false;
};
LocalAction local_action(const DensityNetwork& network, const Eigen::VectorXd& rates, const Eigen::VectorXd& v, ActionNoise noise);

}  // namespace hyped::control
