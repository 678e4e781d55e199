// What `hyped tracks durations` does: families fitted to the stays in every phase, curves beside them, pairs of cells.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "fitting/records.hpp"
#include "libhyped/store/run_directory.hpp"
#include "libhyped/tracks/durations/duration_data.hpp"

namespace hyped {

struct DurationSettings {
  std::vector<std::string> phases;             // empty: all the tracks have
  std::vector<std::string> families;           // empty: all
  UnseenEntry unseen_entry = UnseenEntry::left_out;
  StaysKept kept = StaysKept::all;
  double growth_rate_per_h = 0;                // of the population, for stays met half way
  bool never = false;                          // fit a share of cells that never leaves the phase
  std::string baseline;                        // condition the others are compared with; empty: no comparison
  int draws = 199;                             // of the goodness of fit; 0: none
  std::uint64_t seed = 1;
};

// Tables durations_used, duration_fits, duration_families, survival, transforms, competing_ends, arms, pairs; figures survival, duration_densities, pairs.
// Phases and conditions are jobs that run side by side and are kept in `records`; results do not depend on threads.
// Returns false (and says so in the run) if no family could be fitted anywhere. InputError for names that are not there.
bool run_durations(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings, const Records& records = {});

}  // namespace hyped
