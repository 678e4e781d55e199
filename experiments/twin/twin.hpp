// The synthetic HYPED experiment: every cell of every well simulated, with known truth.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fitting/cycle_setup.hpp"
#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

struct TwinSettings {
  std::map<std::string, int> wells;             // per condition
  std::vector<double> times_h;                  // frames
  double cells_per_well = 700;                  // mean of the seeding
  double seeding_spread = 0.3;                  // sd of the log of the seeding between wells
  double rate_spread = 0;                       // sd of the log of each exit rate between wells, independent per rate
  double sister_correlation = 0;                // of the normal scores of sisters' phase durations
  double missed = 0.02;                         // probability that a nucleus is not found in a frame
  std::map<std::string, double> truth;          // parameters by name (the model's, labelled_fraction, misread_fraction)
};

// One phase of one cell.
struct TwinPhase {
  std::string condition, well;
  int cell = 0, parent = -1;                    // within the well; -1: founder
  std::string phase;
  double from_h = 0, until_h = 0;
  std::string end;                              // next, divided, died, lost, filmed to the end
  bool labelled = true;
  int stratum = 0;                              // of its arm: which doses it received
};

struct Twin {
  PhaseCounts counts;
  std::vector<TwinPhase> tracks;                // empty unless asked for
  std::map<std::string, double> truth;          // every parameter used
  std::vector<std::string> well_names;
  std::vector<double> well_cells;               // seeded cells per well, in the order of counts.wells
  std::vector<std::map<std::string, double>> well_factors;      // multipliers of the rates per well
};

// 67 frames every 20 min from 0 h and 137 from 24 h: the gap of the medium change.
std::vector<double> hyped_frames();

// Exact simulation cell by cell: a phase of k stages ends when its integrated stage rate reaches a Gamma(k) variate, death
// competes, daughters inherit label and doses. Integrated rates are tabulated every 0.02 h where inputs vary.
// Same bytes for any number of threads. Sister correlation by a Gaussian copula, not by the fit's lockstep model.
// Throws InputError for unknown names in truth.
Twin simulate_twin(const CycleSetup& setup, const TwinSettings& settings, std::uint64_t seed, bool tracks = false);

}  // namespace hyped
