// Cells followed over time, from what trackers and annotators really export: one entry for all formats.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/ingest/read_events.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Which column is what, by name; empty: the name the format uses, or none. Several film columns are joined by a blank.
struct TrackColumns {
  std::vector<std::string> film;
  std::string condition, cell, mother, frame, time, x, y, phase;
  std::vector<std::string> channels;           // intensities to keep; empty: all that the format marks as means over the nucleus
};

struct TrackReading {
  std::string format;                          // a name of track_formats(); empty: found from the content
  double frame_interval_h = 0;                 // > 0: instead of the file's [h]
  double hours_per_time_unit = 0;              // of a time column; 0: its name says it (time_h, time_min, time_s)
  bool in_frames = false;                      // where no interval is known count a frame as 1 h instead of refusing: for a first look only
  std::string film, condition;                 // names where the file has none; empty: the file's name, "all"
  double pixel_um = 0;                         // > 0: positions are pixels of this size, and become um
  TrackColumns columns;
  double film_end_h = 0;                       // of tables of events: > 0: when all films end
  bool founders_unborn = false;                // of tables of events: the birth of a cell without a mother is only when it was first seen
  EventColumns events;                         // of the format `events`; film, condition, cell and mother are taken from `columns`, the unit from hours_per_time_unit
  std::vector<std::string> phases;             // names in the order of the cycle; not empty: any other name is an error
  std::filesystem::path edges, graph, properties;      // TrackMate's edge table; btrack's graph.json and row-aligned properties
};

// trackmate-xml (also inside a .zip), trackmate-csv, btrack, cellprofiler, cellmaptracer, regionprops, plain, tidy, carr2021,
// events (one row per cell, columns named by the reader's caller), dowling2014, imig2020-lineages, imig2020-durations.
const std::vector<std::string>& track_formats();

// The format of a file, or folder of the tidy form, by its content; empty if it is none of them.
std::string track_format_of(const std::filesystem::path& path);

// How a cell ended: `division` if a cell has it as its mother (or its division is annotated), else `death` if the file marks it
// (btrack state 4 in its last frame), else `film_end` if it is seen in the last frame of its film, else `lost`. How it began:
// `division` if it has a mother, else `film_start` if seen in the first frame, else `appeared`. A mother that is not in the file
// makes its daughters a family. Phases the file gives become stays. Times are hours of the film clock, frame x interval; what was
// used and why is in time_axis. InputError with line and cell: what check_lineages refuses, an unknown phase name, an interval
// that nobody knows, cells of a table that are not what their column says.
CellTracks read_tracks(const std::filesystem::path& path, const TrackReading& reading = {});

}  // namespace hyped
