// Eight trajectories of one model in one register pack: parameter sets, arms or cells side by side through one explicit method.
#pragma once
#include <span>
#include <vector>

#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// One trajectory of a batch: its own parameters, start and inputs; the batch shares model, sample times and event times.
struct PackJob {
  std::span<const double> parameters;      // [P]
  const Experiment* experiment = nullptr;
};

// Trajectories of all jobs, in order, by Dormand-Prince 5(4) with one step for eight lanes at a time, chosen so that the lane with
// the largest error meets the tolerances: every lane is at least as accurate as alone. Jobs are packed in the order given (like
// ones together go fastest); packs run in parallel, the same bytes for any number of threads. A lane whose rates stop being finite is
// retired with its outcome and the others go on. Jobs whose times of events, input breaks or samples differ from those of the first
// of their pack, and packs that turn stiff, are simulated one by one (simulate_switching, the same tolerances); the method says so.
// No sensitivities. Throws InputError as simulate does.
std::vector<Trajectory> simulate_packs(const Model& model, std::span<const PackJob> jobs, const OdeOptions& options = {});

}  // namespace hyped
