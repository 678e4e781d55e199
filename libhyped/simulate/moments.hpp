// Mean and covariance of a network's counts over time, also between sample times, without sampling.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

struct MomentOptions {
  OdeOptions ode;
  Eigen::MatrixXd initial_covariance;      // [S x S]; empty: the initial counts are known exactly
  bool between_times = false;              // also covariances between every pair of sample times
};

struct Moments {
  std::vector<double> times_h;                 // [T] those reached
  Eigen::MatrixXd mean;                        // [T x S]
  std::vector<Eigen::MatrixXd> covariance;     // [T] of [S x S]
  Eigen::MatrixXd between;                     // [T S x T S], block (i, j) = cov(x(t_i), x(t_j)); empty if not asked for
  bool exact = false;                          // false: linear-noise approximation
  Outcome outcome;
  std::string method;
  WorkCounters work;
};

// dm/dt = N a(m), dV/dt = A V + V A' + N diag(a) N', A = d(N a)/dx: closed and exact for first-order networks (also with
// inputs that vary), else the linear-noise approximation about the deterministic path, and flagged. Between times:
// cov(x(t), x(s)) = Phi(t, s) V(s). Scale events with a factor up to 1 are binomial thinning, as in the SSA; `set` makes a
// count certain. Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. X; Lestas et al. 2008, IEEE TAC 53:189.
// Throws InputError for models that are not networks, and wrong experiments.
Moments simulate_moments(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                         const MomentOptions& options = {});

}  // namespace hyped
