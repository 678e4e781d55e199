// Counting over stays that follow each other.
#include "libhyped/tracks/durations/skipped_phases.hpp"

namespace hyped {

SkippedPhase skipped_phase(const CellTracks& tracks, int phase, const std::string& condition) {
  SkippedPhase out;
  for (const FollowedCell& cell : tracks.cells) {
    if (!condition.empty() && tracks.films[static_cast<std::size_t>(cell.film)].condition != condition) continue;
    for (std::size_t i = 0; i < cell.stays.size(); ++i) {
      const PhaseStay& stay = cell.stays[i];
      out.entered += stay.phase == phase && stay.entry_seen ? 1 : 0;
      const bool born = i == 0 && stay.entry_seen && cell.start == CellStart::division;
      const bool over = i > 0 && cell.stays[i - 1].end == StayEnd::next && cell.stays[i - 1].phase < phase && stay.phase > phase;
      const bool divided = stay.end == StayEnd::division && stay.phase < phase;
      out.skipped += (born && stay.phase > phase) || over || divided ? 1 : 0;
    }
  }
  return out;
}

}  // namespace hyped
