// First-passage times exact to rounding: the jump process on all counts that a box allows, with the target absorbing.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "experiments/control/transitions/count_set.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/truncated_chain.hpp"

namespace hyped::control {

struct PassageChainOptions {
  std::vector<double> most;              // [S] largest count of each state; jumps beyond are left out and tallied. Empty: no bound
  long state_limit = 200'000;            // more states: step_limit
  long solve_limit = 60'000;             // of the sparse factorisation of moments()
};

struct PassageMoments {
  double mean_h = 0, sd_h = 0;           // of the time at which the target is first reached
  double left_out = 0;                   // expected number of jumps beyond the box before that: bounds the chance that it mattered
  double residual = 0;                   // of the linear system, relative: rounding
  Outcome outcome;
};

// Rates that hold from a time on.
struct PassageStage {
  double from_h = 0;
  std::vector<double> parameters;        // [P]
};

struct PassageDistribution {
  std::vector<double> times_h, reached;  // [T] chance that the target was reached by then
  double left_out = 0;                   // bound on the chance that the box mattered
  double truncation = 0;                 // bound on what series left out
  Outcome outcome;
};

// States that can be reached from `start` before the target, by any reaction that one of the `parameters` sets makes possible.
class PassageChain {
 public:
  // InputError: a model that is no jump process, whose rates vary in time, or sizes that do not fit. A start inside the target is allowed:
  // the times are then 0. Too many states, negative rates and counts below zero are in outcome().
  PassageChain(const Model& model, std::span<const std::vector<double>> parameters, std::span<const double> start, const CountSet& target,
               const PassageChainOptions& options = {});
  const Outcome& outcome() const { return outcome_; }
  int size() const { return table_.size(); }

  // From the occupation times mu, Q' mu = -e(start): mean = sum mu, second moment 2 sum of nu, Q' nu = -mu; sparse LU with a step of
  // refinement. Source: Norris 1997, Markov Chains, thm 3.3.3; Kemeny & Snell 1976 (fundamental matrix).
  PassageMoments moments(std::span<const double> parameters) const;
  // The distribution's course by uniformisation (Jensen 1953), stage by stage; times increasing, from the first stage's start on.
  PassageDistribution distribution(std::span<const PassageStage> stages, std::span<const double> times_h, double tolerance = 1e-10) const;

 private:
  struct Generator {
    std::vector<double> rate, exit, absorbed, beyond;      // by arrow; by state: all that leaves, into the target, out of the box
    double fastest = 0;
    Outcome outcome;
  };
  Generator generator(std::span<const double> parameters) const;

  const Model& model_;
  PassageChainOptions options_;
  CountTable table_;
  std::vector<int> arrow_start_, arrow_to_, arrow_reaction_;      // by state; -1: the target, -2: beyond the box
  bool starts_inside_ = false;
  Outcome outcome_;
};

}  // namespace hyped::control
