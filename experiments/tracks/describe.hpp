// What is in a file of tracks, as tables and in words; for `hyped tracks convert` and `hyped inspect`.
#pragma once
#include "experiments/inspect.hpp"
#include "libhyped/ingest/read_tracks.hpp"

namespace hyped {

// A row per condition: films, cells, and how they began and ended.
Table conditions_of(const CellTracks& tracks);
// Format, counts, time axis, channels, phases: names and values.
std::vector<std::pair<std::string, std::string>> facts_of(const CellTracks& tracks);
// Cells followed, divided so far, and gone (died or lost) so far, at 101 times: arm class time_h estimate lower upper.
Table course_of(const CellTracks& tracks);

// Without an interval the time is in frames, and a doubt says what to give.
Inspection inspect_tracks(const std::filesystem::path& path);

}  // namespace hyped
