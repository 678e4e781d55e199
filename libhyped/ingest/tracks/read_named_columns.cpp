// Tables whose columns say it all: plain tracks, CellMAPtracer, region properties, Carr 2021.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"

namespace hyped {
namespace {

RowColumns columns_of(const TrackTable& table, const TrackColumns& named, std::initializer_list<const char*> frames) {
  RowColumns columns{{}, {}};
  for (const auto& name : named.film) columns.film.push_back(static_cast<int>(table.cells().column(name)));
  if (const int film = table.find("film"); columns.film.empty() && film >= 0) columns.film.push_back(film);
  columns.condition = table.column_or_none(named.condition, {"condition"});
  columns.mother = table.column_or_none(named.mother, {"mother", "parent"});
  columns.frame = table.column_or_none(named.frame, frames);
  columns.x = table.column_or_none(named.x, {"x", "x_um"});
  columns.y = table.column_or_none(named.y, {"y", "y_um"});
  columns.phase = table.column_or_none(named.phase, {"phase"});
  return columns;
}

// Hours of a time column's unit, from the reading or the column's name; 0 if neither says it.
double hours_per_unit(const TrackReading& reading, const std::string& column) {
  if (reading.hours_per_time_unit > 0) return reading.hours_per_time_unit;
  const auto underscore = column.rfind('_');
  return underscore == column.npos ? 0 : hours_in(column.substr(underscore + 1));
}

// Where rows have times and no frames, a row's frame is the rank of its time among the film's.
void number_frames(std::vector<TrackedSpot>& spots) {
  std::map<int, std::map<double, int>> ranks;
  for (const auto& spot : spots) ranks[spot.film][spot.time_h] = 0;
  for (auto& [film, times] : ranks) {
    int rank = 0;
    for (auto& [time, number] : times) number = rank++;
  }
  for (auto& spot : spots) spot.frame = ranks[spot.film][spot.time_h];
}

// The most frequent step, of all films; 0 if there is none.
double median_step(const std::vector<TrackedSpot>& spots) {
  std::map<int, std::set<double>> times;
  for (const auto& spot : spots) times[spot.film].insert(spot.time_h);
  std::vector<double> steps;
  for (const auto& [film, all] : times)
    for (auto at = all.begin(); at != all.end(); ++at)
      if (const auto next = std::next(at); next != all.end()) steps.push_back(*next - *at);
  if (steps.empty()) return 0;
  std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2), steps.end());
  return steps[steps.size() / 2];
}

std::vector<TrackedSpot> spots_of(const TrackTable& table, const RowColumns& columns, TrackBuilder& builder) {
  std::vector<TrackedSpot> spots;
  for (std::size_t row = 0; row < table.rows(); ++row) spots.push_back(spot_of(table, row, columns, builder));
  return spots;
}

// A mother that is empty, the cell itself, or 0 or -1 (of which there is no cell), is none.
void add_mothers(const TrackTable& table, int column, const std::vector<TrackedSpot>& spots, TrackBuilder& builder) {
  std::set<std::pair<int, std::string>> cells;
  for (const auto& spot : spots) cells.insert({spot.film, spot.cell});
  for (std::size_t row = 0; row < spots.size(); ++row) {
    std::string mother = table.id(row, column);
    const TrackedSpot& spot = spots[row];
    if (mother == spot.cell || ((mother == "0" || mother == "-1") && !cells.contains({spot.film, mother}))) mother.clear();
    builder.set_mother(spot.film, spot.cell, mother, spot.line);
  }
}

// Times from a column or from frames; the interval, for build().
double set_times(const TrackTable& table, const TrackReading& reading, const RowColumns& columns, std::vector<TrackedSpot>& spots, CellTracks& tracks) {
  if (columns.time < 0 || reading.frame_interval_h != 0) {
    if (columns.frame < 0) throw InputError(table.place(0), "has no column of frames to take an interval times", "name it (--column frame=NAME), or leave the interval out");
    const FrameClock clock = frame_clock(tracks.source, reading, 0, fmt::format("column '{}' counts frames", table.name_of(columns.frame)));
    for (auto& spot : spots) spot.time_h = spot.frame * clock.interval_h;
    tracks.time_axis = clock.said;
    return clock.interval_h;
  }
  const double hours = hours_per_unit(reading, table.name_of(columns.time));
  if (hours <= 0) throw InputError(table.cells().file() + ":1", fmt::format("column '{}' does not say the unit of its times", table.name_of(columns.time)), "rename it to end in _h, _min or _s, or give the hours per unit (--unit-h)");
  for (std::size_t row = 0; row < spots.size(); ++row) spots[row].time_h = table.cells().number(row, static_cast<std::size_t>(columns.time)) * hours;
  if (columns.frame < 0) number_frames(spots);
  const double step = median_step(spots);
  tracks.time_axis = fmt::format("column '{}' x {:.6g} h, median step {:.6g} min", table.name_of(columns.time), hours, step * 60);
  return step;
}

void add_all(std::vector<TrackedSpot>& spots, TrackBuilder& builder) {
  for (auto& spot : spots) builder.add(std::move(spot));
}

}  // namespace

CellTracks read_plain_tracks(const std::filesystem::path& path, const TrackReading& reading) {
  const TrackTable table = TrackTable::read(path);
  TrackBuilder builder(path.string(), "plain", reading);
  RowColumns columns = columns_of(table, reading.columns, {"frame"});
  columns.cell = table.column(reading.columns.cell, {"cell", "track_id"});
  columns.time = table.column_or_none(reading.columns.time, {"time_h", "time_min", "time_s"});
  if (columns.frame < 0 && columns.time < 0) columns.time = table.column("", {"time_h"});      // for its error, which names the nearest
  columns.channels = channel_columns(table, reading, {}, builder.tracks);
  if (columns.x >= 0 && table.name_of(columns.x).ends_with("_um")) builder.tracks.length_unit = "um";
  std::vector<TrackedSpot> spots = spots_of(table, columns, builder);
  for (std::size_t row = 0; row < spots.size(); ++row)
    if (spots[row].cell.empty()) throw table.error(row, columns.cell, "is empty", "every row belongs to a cell");
  const double interval = set_times(table, reading, columns, spots, builder.tracks);
  if (columns.mother >= 0) add_mothers(table, columns.mother, spots, builder);
  else builder.tracks.notes.push_back("no column names mothers: no division is seen");
  add_all(spots, builder);
  return builder.build(interval);
}

CellTracks read_cellmaptracer(const std::filesystem::path& path, const TrackReading& reading) {
  const TrackTable table = TrackTable::read(path);
  TrackBuilder builder(path.string(), "cellmaptracer", reading);
  RowColumns columns = columns_of(table, reading.columns, {"ImageID"});
  columns.cell = table.column(reading.columns.cell, {"CellName"});
  columns.x = table.column_or_none(reading.columns.x, {"Xpos"});
  columns.y = table.column_or_none(reading.columns.y, {"Ypos"});
  columns.phase = table.column_or_none(reading.columns.phase, {"CyclePhase"});
  if (const int film = table.find("TiffFileName"); columns.film.empty() && film >= 0) columns.film.push_back(film);
  std::vector<int> colours;
  for (const char* name : {"Red", "Green", "Blue"})
    if (const int found = table.find(name); found >= 0) colours.push_back(found);
  columns.channels = channel_columns(table, reading, colours, builder.tracks);
  std::vector<TrackedSpot> spots = spots_of(table, columns, builder);
  const double interval = set_times(table, reading, columns, spots, builder.tracks);
  for (std::size_t row = 0; row < spots.size(); ++row) {
    const std::string& name = spots[row].cell;
    if (name.empty()) throw table.error(row, columns.cell, "is empty", "every row belongs to a cell");
    const auto point = name.rfind('.');
    if (point == name.npos) continue;
    if (point == 0 || point + 1 == name.size() || name.find_first_not_of("0123456789", point + 1) != name.npos)
      throw table.error(row, columns.cell, fmt::format("'{}' is no name of a lineage", name), "names look like C3.1.2: the second daughter of C3.1");
    builder.set_mother(spots[row].film, name, name.substr(0, point), spots[row].line);
  }
  add_all(spots, builder);
  return builder.build(interval);
}

CellTracks read_regionprops(const std::filesystem::path& path, const TrackReading& reading) {
  const TrackTable table = TrackTable::read(path);
  TrackBuilder builder(path.string(), "regionprops", reading);
  RowColumns columns = columns_of(table, reading.columns, {"frame", "t", "time"});
  const bool um = table.find("centroid_x_um") >= 0 && reading.pixel_um == 0;
  columns.x = table.column_or_none(reading.columns.x, {um ? "centroid_x_um" : "centroid_x_px", "centroid-1"});
  columns.y = table.column_or_none(reading.columns.y, {um ? "centroid_y_um" : "centroid_y_px", "centroid-0"});
  if (um) builder.tracks.length_unit = "um";
  if (columns.frame < 0) columns.frame = table.column("", {"frame"});
  const int label = table.column(reading.columns.cell, {"label"});
  std::vector<int> means;
  for (std::size_t c = 0; c < table.cells().columns().size(); ++c)
    if (const std::string& name = table.cells().columns()[c]; name.ends_with("_mean") || name.starts_with("mean_intensity") || name.starts_with("intensity_mean")) means.push_back(static_cast<int>(c));
  columns.channels = channel_columns(table, reading, means, builder.tracks);
  std::vector<TrackedSpot> spots = spots_of(table, columns, builder);
  const double interval = set_times(table, reading, columns, spots, builder.tracks);
  std::map<std::tuple<int, std::string>, int> seen;
  for (std::size_t row = 0; row < spots.size(); ++row) {
    spots[row].cell = fmt::format("{}:{}", spots[row].frame, table.id(row, label));
    if (const auto [at, first] = seen.try_emplace({spots[row].film, spots[row].cell}, spots[row].line); !first)
      throw table.error(row, label, fmt::format("label '{}' is twice in frame {} (also line {})", table.id(row, label), spots[row].frame, at->second), "a label names one nucleus of a frame; name the film's column if there are several");
  }
  builder.tracks.notes.push_back("nuclei are not linked from frame to frame: every row is a cell of its own, without duration or lineage; track them first");
  add_all(spots, builder);
  return builder.build(interval);
}

CellTracks read_carr2021(const std::filesystem::path& path, const TrackReading& reading) {
  TrackReading named = reading;
  named.columns = {{}, "", "track_id", "", "frame", "time_h", "x_um", "y_um", "phase", {}};
  named.phases = {"G1_red", "eS_yellow", "SG2M_green"};
  if (named.film.empty()) named.film = "scratch assay";
  CellTracks tracks = read_plain_tracks(path, named);
  tracks.format = "carr2021";
  tracks.notes = {"20 complete cycles, chosen as such: each is read as born and divided, on a clock that starts with it; slow cells are missing among them",
                  "a frame as 48 h / 109 is the table's assumption"};
  for (auto& cell : tracks.cells) {
    cell.start = CellStart::division;
    cell.end = CellEnd::division;
  }
  stays_from_frames(tracks);
  for (auto& cell : tracks.cells) cell.stays.back().left_by_h += tracks.films.front().frame_interval_h;      // gone in the next frame
  return tracks;
}

}  // namespace hyped
