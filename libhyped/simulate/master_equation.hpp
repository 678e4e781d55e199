// The chemical master equation on a set of states that follows the probability: distributions, deterministic and with a bound.
#pragma once
#include <span>

#include "libhyped/model/model.hpp"
#include "libhyped/simulate/distribution.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/observables.hpp"

namespace hyped {

struct MasterEquationOptions {
  double tolerance = 1e-8;              // probability that may be left out by the last sample
  long state_limit = 2'000'000;         // states held at once; needing more is Status::step_limit
  bool snapshots = true;                // keep every sample's states; else only means and covariances
};

// Probabilities of counts at the sample times. Source: finite state projection (Munsky & Khammash 2006, J Chem Phys 124:044104): all
// mass that leaves the states held is tallied, never put back, so what is kept bounds the truth from below. States are enumerated
// as mass reaches them and dropped when it has left; between events the generator acts by uniformisation (Jensen 1953) over
// (state, way out), in steps of at most 200 expected products, the Poisson tail below 1e-17 a step.
// Stiff networks cost products in proportion to their fastest rate: no step is too large, none is skipped.
// Events map distributions as they map counts in ssa.hpp: set, add (below 0 is an outcome), scale (binomial thinning; whole part of a
// factor above 1 kept), fractions by chance.
// Throws InputError for models without stoichiometry, wrong experiments, inputs or rates that vary between events, a propensity
// negative at the start. Later negative rates, counts below 0 and too many states are outcomes, the samples before them kept.
// The same bytes for any number of threads.
Distribution simulate_master_equation(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                                      const MasterEquationOptions& options = {}, const Observables& observables = {});

}  // namespace hyped
