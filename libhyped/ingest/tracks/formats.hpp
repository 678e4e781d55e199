// One reader per format of tracks; read_tracks chooses between them.
#pragma once
#include <filesystem>

#include "libhyped/ingest/read_tracks.hpp"

namespace hyped {

// TrackMate's file, alone or zipped: cells are the stretches between splits, which exist only as edges.
CellTracks read_trackmate_xml(const std::filesystem::path& path, const TrackReading& reading);
// TrackMate's spot table, versions 6 and 7; without its edge table a TRACK_ID with two spots in a frame is refused.
CellTracks read_trackmate_csv(const std::filesystem::path& path, const TrackReading& reading);
// napari's ID, t, y, x with properties and graph.json, or one table with parent, root, state, dummy.
CellTracks read_btrack(const std::filesystem::path& path, const TrackReading& reading);
// Objects per image; a parent is an object number of the previous image.
CellTracks read_cellprofiler(const std::filesystem::path& path, const TrackReading& reading);
// The table of all cells frame by frame: C3.1.2 is the second daughter of C3.1.
CellTracks read_cellmaptracer(const std::filesystem::path& path, const TrackReading& reading);
// One row per nucleus and frame, nothing linked: every row is a cell of its own.
CellTracks read_regionprops(const std::filesystem::path& path, const TrackReading& reading);
// Named columns.
CellTracks read_plain_tracks(const std::filesystem::path& path, const TrackReading& reading);
// Carr, Simpson & Drovandi 2021, tracks.csv: 20 complete cycles, each on its own clock.
CellTracks read_carr2021(const std::filesystem::path& path, const TrackReading& reading);
// What store/write_tracks wrote; the path is the folder, a run's folder, or its cells.tsv.
CellTracks read_tidy_tracks(const std::filesystem::path& path, const TrackReading& reading);
// The folder that holds the tidy form in or at `path`; empty if there is none.
std::filesystem::path tidy_folder_of(const std::filesystem::path& path);

}  // namespace hyped
