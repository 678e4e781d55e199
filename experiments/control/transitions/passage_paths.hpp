// First-passage times from exact sample paths: when a path first enters a set, and whether it is there at the end.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "experiments/control/transitions/count_set.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"

namespace hyped::control {

struct PassageOptions {
  int runs = 1000;
  std::uint64_t seed = 1;
  std::uint32_t job = 0;                     // EventDraws(seed, job, run)
  bool stop_inside = false;                  // a path ends when it first reaches the set: its place at the end is not followed
  std::int64_t reaction_limit = 200'000'000; // per path
};

struct Passages {
  std::vector<double> latency_h;             // [runs] after start_h; infinity: not by the end
  std::vector<char> held;                    // [runs] inside at the end; what stop_inside ended counts as inside
  double horizon_h = 0;                      // from the start to the end
  long reactions = 0;
  Outcome outcome;                           // of the first run that failed
  int reached() const;
  int held_count() const;
};

// The experiment's last sample time is the end; its schedule is followed as in simulate_ssa (the same law, Gillespie 1977). The set is
// looked at after every reaction and every event. InputError as simulate_ssa, and for inputs or rates that vary between events.
// Parallel over runs; the same numbers for any number of threads.
Passages sample_passages(const Model& model, std::span<const double> parameters, const Experiment& experiment, const CountSet& target,
                         const PassageOptions& options = {});

}  // namespace hyped::control
