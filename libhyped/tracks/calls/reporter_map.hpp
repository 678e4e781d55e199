// Which of two channels says what: the phases a reporter shows, in the order of the cycle, and the light of each.
#pragma once
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/observe/class_map.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Given by the user, never guessed: the same two colours mean different phases in different reporters, and the same phases
// different colours in different labs.
struct ReporterMap {
  Reporter reporter = Reporter::cdt1_geminin;      // cdt1_geminin or pip; others have no two-channel phases
  std::string g1_channel;                          // Cdt1(30/120), or the PIP degron
  std::string cycling_channel;                     // geminin(1/110)
};

// One look of a cell. Both reporters are dark just after mitosis: the geminin part is gone, the other not yet there.
// cdt1_geminin: dark and G1-on are G1, both on is G1/S, geminin alone S/G2/M (Sakaue-Sawano et al. 2008, Cell 132:487).
// pip: dark and PIP-on are G1, geminin alone S, both on G2/M (Grant et al. 2018, Cell Cycle 17:2496).
struct Light {
  int phase = 0;                                   // index into phases_of(reporter)
  bool g1_on = false, cycling_on = false;
  bool may_be_skipped = false;                     // too short for some frame intervals
};
std::vector<std::string> phases_of(Reporter);      // InputError for a reporter without two-channel phases
std::vector<Light> lights_of(Reporter);            // in the order of the cycle, first after mitosis first
std::string words_of(const ReporterMap& map);      // "reporter pip: 'a' on in G1 and G2/M, 'b' on in S and G2/M", printed by every run

// Columns of FrameTable::intensity of the map's channels {g1, cycling}. InputError for unknown or equal channels.
std::pair<int, int> channels_of(const CellTracks& tracks, const ReporterMap& map);

// Refuses what cannot be called: a channel without values, with one value only, that is no light (label_channel.hpp), not positive, or with more than 5 % of its values at its
// very maximum, unless `allow_saturated`. Returns notes (share at the maximum, missing values).
std::vector<std::string> check_intensities(const CellTracks& tracks, const ReporterMap& map, bool allow_saturated);

}  // namespace hyped
