// The tidy form of tracks: about.tsv, films.tsv, cells.tsv, frames.tsv and stays.tsv in one folder.
#pragma once
#include <filesystem>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// films   film condition frame_interval_h first_h last_h marks (name@hours;...)
// cells   film condition cell mother family start end start_h end_h
// frames  film condition cell frame time_h x y phase filled, then one column per channel; rows without a cell last. Only if there are any.
// stays   film condition cell phase entered_from_h entered_by_h left_from_h left_by_h entry_seen end. Only if there are any.
// about   key value: source, format, time_axis, length_unit, merges, phase (in order), note
// Numbers read back the same (read_tracks, format "tidy"). Row by row, so that a table of millions is no more in memory than it was.
void write_tracks(const CellTracks& tracks, const std::filesystem::path& folder);

}  // namespace hyped
