// One cell of a first-order network as a Markov chain: where it is over time, and sampled paths until it divides or dies.
#pragma once
#include <Eigen/Core>
#include <span>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// Probabilities of one cell at the sample times; every row of `stage`, plus divided, died and lost, sums to 1.
struct Occupancy {
  std::vector<double> times_h;                  // [T]
  Eigen::MatrixXd stage;                        // [T x S] not yet divided, in this stage
  Eigen::VectorXd divided, died, lost;          // [T]; lost: removed by a scale event (wash)
  Outcome outcome;
  WorkCounters work;
};

// The initial state is a distribution over stages (counts are normalised). Every reaction must have exactly one cell as its
// source; it moves it, ends it (no product) or divides it (two or more products); both ends are absorbing. Solved by the
// adaptive explicit method, probability conserved to its tolerance. Scale events are losses; parameter events and inputs
// act as always. Throws InputError for other networks, for set and add events on states and for scale factors above 1.
Occupancy simulate_occupancy(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                             const OdeOptions& options = {});

// One path: the stages entered and when, the first at start_h.
struct CellPath {
  enum class End { censored, divided, died, lost };      // censored: alive and undivided at the last sample time
  std::vector<double> entry_h;
  std::vector<int> stage;
  double end_h = 0;
  End end = End::censored;
  Outcome outcome;
};

// A path drawn from the same chain, exactly (thinning where inputs vary; sources as in ssa.hpp). Same refusals.
CellPath sample_cell(const Model& model, std::span<const double> parameters, const Experiment& experiment, RandomStream& random);

}  // namespace hyped
