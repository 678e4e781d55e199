// Explicit tau-leaping with a checked error: many reactions in one step, their bias measured against coupled exact paths.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/observables.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

struct TauLeapOptions {
  std::uint64_t seed = 1;
  std::uint32_t job = 0;
  double epsilon = 0.03;                     // share by which a leap may change a propensity
  double mean_tolerance = 0.01;              // bias allowed of a mean, as a share of max(1, mean)
  double variance_tolerance = 0.1;           // bias allowed of a variance, as a share of max(1, variance)
  int first_coupled_runs = 64;               // doubled until the bias is known well enough ...
  int most_coupled_runs = 2048;              // ... or there are so many
  std::int64_t step_limit = 200'000'000;     // leaps and single reactions of a path; reaching it is Status::step_limit
};

// One path, counts at the sample times [T x S], approximate; a pure function of (seed, job, trajectory). Step selection and critical
// reactions: Cao, Gillespie & Petzold 2006, J Chem Phys 124:044109; where a leap is worth fewer than ten reactions, a hundred are
// simulated singly. Counts stay whole and never become negative. Events as in ssa.hpp.
// Throws InputError for models without stoichiometry, wrong experiments, inputs or rates that vary between events, propensities
// negative at the start.
Trajectory simulate_tau_leap(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                             const TauLeapOptions& options = {}, std::uint32_t trajectory = 0);

// Biases are those of the leaping paths: leaping minus exact. Matrices [T x (S + Q)]: states, then observables.
struct TauLeapEnsemble {
  std::vector<double> times_h;                 // [T]; empty when a path failed, then there is only `outcome`
  Eigen::MatrixXd mean, mean_error;            // corrected by the bias, hence without bias; its standard error
  Eigen::MatrixXd leap_mean;                   // of the leaping paths
  std::vector<Eigen::MatrixXd> covariance;     // [T] of [(S + Q) x (S + Q)], of the leaping paths, not corrected
  Eigen::MatrixXd mean_bias, mean_bias_error, variance_bias, variance_bias_error;
  int runs = 0, coupled_runs = 0;
  // not_converged when a state's bias, with three standard errors, exceeds its tolerance: the message says which, when and by how much.
  // All numbers stand nevertheless.
  Outcome outcome;
  long steps = 0, coupled_steps = 0;           // leaps and single reactions
};

// Leaping paths 0 .. runs-1, and pairs of a leaping and an exact path that share as many reactions as their rates have in common
// (Anderson & Higham 2012, Multiscale Model Simul 10:146). Mean = mean of the leaping paths + mean of the pairs' differences: the
// two-level estimator, without bias whatever the leaps. The same bytes for any number of threads. Errors as above.
TauLeapEnsemble simulate_tau_leap_ensemble(const Model& model, std::span<const double> parameters, const Experiment& experiment, int runs,
                                           const TauLeapOptions& options = {}, const Observables& observables = {});

}  // namespace hyped
