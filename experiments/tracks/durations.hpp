// What `hyped tracks durations` does: families fitted to the stays in every phase, curves beside them, pairs of cells.
#pragma once
#include <cstdint>
#include <map>
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
  std::string split;                           // the mark or hour at which films were cut (split_films); empty: they were not, and marks are warned of
};

struct DurationRun {
  bool fitted = false;                                          // some family, somewhere
  std::map<std::string, std::vector<std::string>> doubts;       // by condition: the phases whose means are not to be used, and why
  explicit operator bool() const { return fitted; }
};

// Tables durations_used, duration_fits, duration_families, survival, transforms, competing_ends, arms, pairs; figures survival, duration_densities, pairs.
// Phases and conditions are jobs that run side by side and are kept in `records`; results do not depend on threads.
// Means that a misfit or a plateau speaks against are marked as not to be used, in the answer and in the column `use`.
// Not fitted (and said so in the run) if no family could be fitted anywhere. InputError for names that are not there.
DurationRun run_durations(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings, const Records& records = {});

}  // namespace hyped
