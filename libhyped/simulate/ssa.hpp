// Exact stochastic simulation (Gillespie's direct method) of any reaction network under a schedule.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/observables.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

// How the next reaction is found: along the list of propensities, or down a tree of their sums. Same law, other paths.
enum class ReactionSearch { by_size, linear, tree };

struct SsaOptions {
  std::uint64_t seed = 1;
  std::uint32_t job = 0;                       // stream number of this experiment: RandomStream(seed, job, trajectory)
  std::int64_t reaction_limit = 200'000'000;   // per trajectory; reaching it is Status::step_limit
  double window_h = 1;                         // with varying inputs: how long one bound on the propensities is used
  ReactionSearch search = ReactionSearch::by_size;      // tree from tree_from_reactions on
};
inline constexpr int tree_from_reactions = 80;          // measured on rings of first-order reactions

// One sample path, counts at the sample times [T x S]; a pure function of (seed, job, trajectory). Source: Gillespie 1977,
// J Phys Chem 81:2340; after an event only propensities that read a changed state are computed again (Gibson & Bruck 2000, J Phys
// Chem A 104:1876, their dependency graph); thinning for inputs that vary in time: Lewis & Shedler 1979, Naval Res Logist Q 26:403,
// against the model's own bounds (interpreted), or the corner maximum of every propensity over the inputs' exact range in a window (a
// bound for propensities monotone in each input; a breach ends the run as Status::not_converged).
// Counts stay whole: a fraction of an initial value or amount becomes one with that probability; scale events thin every
// count binomially (factors above 1: whole part kept, rest drawn); an event that takes a count below 0 ends the run naming both.
// Conditions on time switch exactly where they should; models whose times are not known beforehand are an InputError.
// Throws InputError for models without stoichiometry, wrong experiments, and a propensity that is negative at the start; one that is
// negative later, or a reaction that takes a count below 0, ends the run as Status::not_converged naming the reaction.
Trajectory simulate_ssa(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                        const SsaOptions& options = {}, std::uint32_t trajectory = 0);

// Mean and covariance over runs at every sample time, of the states and then of the observables.
struct SsaEnsemble {
  std::vector<double> times_h;                 // [T]; empty on failure
  Eigen::MatrixXd mean;                        // [T x (S + Q)]
  std::vector<Eigen::MatrixXd> covariance;     // [T] of [(S + Q) x (S + Q)], unbiased; 0 of a single run
  int runs = 0;
  Outcome outcome;                             // of the first run that failed, else ok
  long reactions = 0;
};

// Trajectories 0 .. runs-1 in parallel; the same bytes for any number of threads. On failure there is only `outcome`.
SsaEnsemble simulate_ssa_ensemble(const Model& model, std::span<const double> parameters, const Experiment& experiment, int runs,
                                  const SsaOptions& options = {}, const Observables& observables = {});

}  // namespace hyped
