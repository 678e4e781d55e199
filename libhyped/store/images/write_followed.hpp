// Tracks of nuclei as other programs read them: Cell Tracking Challenge, napari, TrackMate's tables.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// Number of each row's track as the challenge counts: cells from 1 in their order, then one for each nucleus linked to nothing.
std::vector<int> track_numbers(const LinkedFilm& film);

// res_track.txt: "number begin end parent", parent 0 for none. Frames are counted from `first_frame` (the challenge's first file is 000).
void write_ctc_tracks(const LinkedFilm& film, const std::filesystem::path& file, int first_frame = 0);

// A frame's labels with the numbers of their tracks instead; labels that are no nucleus of the film (debris) become 0. `which`: index of the frame among those linked.
// `frame`: the one that was linked.
Labels labels_by_track(const Labels& labels, const FrameNuclei& frame, const LinkedFilm& film, int which);

// tracks.csv "track_id,t,y,x" in pixels and graph.json {"daughter": [mother]}: napari.layers.Tracks(data, graph=...). Nuclei linked to nothing are left out.
void write_napari_tracks(const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const std::filesystem::path& folder);

// spots.csv and edges.csv with TrackMate's column names and its three more header lines (full name, short name, unit), so that what reads its exports reads these. A
// TrackMate track is a whole family. RADIUS from the area. Light is the mean over the nucleus, above the ring in a column of its own.
void write_trackmate_tables(const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const std::filesystem::path& folder);

}  // namespace hyped
