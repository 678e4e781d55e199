// Cells that go past a phase without being seen in it.
#pragma once
#include <string>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

struct SkippedPhase {
  long entered = 0;        // stays in the phase whose begin was seen
  long skipped = 0;        // changes from a phase before it to one after it, births into a later phase, divisions from an earlier one
  double share() const { return entered + skipped > 0 ? static_cast<double>(skipped) / static_cast<double>(entered + skipped) : 0; }
};
// `condition` empty: all.
SkippedPhase skipped_phase(const CellTracks& tracks, int phase, const std::string& condition = "");

}  // namespace hyped
