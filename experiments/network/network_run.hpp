// What `hyped network simulate|steady|identify` do.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "experiments/network/network_file.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct NetworkSettings {
  std::string method = "automatic";             // automatic, explicit, stiff, ssa, tau, master
  double end_h = 0, step_h = 0;                 // 0: the file's
  int runs = 1000;                              // of ssa and tau
  double tolerance = 0;                         // of the ODE methods (relative), tau (epsilon), master (probability left out); 0: their own
  long state_limit = 0;                         // of master; 0: its own
  std::uint64_t seed = 1;
  std::map<std::string, double> set;            // parameters and initial amounts by name, instead of the file's
};

// Tables course (and sensitivities, of the deterministic methods), figure course, run.h5. sd: of one culture's counts, stochastic
// methods. InputError for unknown names and methods.
void run_network(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings);
// Table structural_identifiability; outputs and unknown starts from the file. The outcome is not_converged where no clear answer exists.
void run_network_identify(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings);
// Tables steady_state, steady_derivatives, conserved.
void run_network_steady(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings);

}  // namespace hyped
