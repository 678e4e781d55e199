// TrackMate's spot table, with its edge table where cells divide.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/spot_links.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"

namespace hyped {
namespace {

bool is_number(const TrackTable& table, std::size_t row, int column) {
  try {
    return std::isfinite(table.number_or_nan(row, column));
  } catch (const InputError&) {
    return false;
  }
}

// The first row of values: version 7 repeats the names, short names and units in up to three lines below the header.
std::size_t first_row(const TrackTable& table, int column) {
  std::size_t row = 0;
  while (row < 3 && row < table.rows() && !is_number(table, row, column)) ++row;
  if (row == table.rows()) throw table.error(row - 1, column, "there are no values below the header lines", "export the table again");
  return row;
}

std::string unit_of(const TrackTable& table, std::size_t first, int column) {
  return first == 0 || column < 0 ? "" : table.cells().text(first - 1, static_cast<std::size_t>(column));
}

// POSITION_T over FRAME in the file's unit; 0 if the two do not go together.
double file_interval(const TrackTable& table, std::size_t first, int time, int frame) {
  if (time < 0) return 0;
  double interval = 0;
  for (std::size_t row = first; row < table.rows(); ++row) {
    const double number = table.number_or_nan(row, frame), now = table.number_or_nan(row, time);
    if (!(number > 0)) continue;
    if (interval == 0) interval = now / number;
    if (!(std::abs(now - interval * number) <= 1e-6 * std::abs(now))) return 0;
  }
  return interval;
}

std::vector<SpotLink> links_of(const std::filesystem::path& path, const std::unordered_map<std::string, int>& by_id) {
  const TrackTable table = TrackTable::read(path);
  const int source = table.column("", {"SPOT_SOURCE_ID"}), target = table.column("", {"SPOT_TARGET_ID"});
  std::vector<SpotLink> links;
  for (std::size_t row = first_row(table, source); row < table.rows(); ++row) {
    const auto end = [&](int column) {
      const auto found = by_id.find(table.id(row, column));
      if (found == by_id.end()) throw table.error(row, column, fmt::format("spot '{}' is not in the table of spots", table.id(row, column)), "export spots and edges of the same session");
      return found->second;
    };
    links.push_back({end(source), end(target), table.line(row)});
  }
  return links;
}

// Without edges a track is one cell, unless two of its spots share a frame.
void refuse_trees(const TrackTable& table, const std::vector<LinkedSpot>& spots, int track) {
  std::map<std::pair<std::string, int>, std::size_t> seen;
  for (std::size_t i = 0; i < spots.size(); ++i) {
    if (spots[i].track.empty()) continue;
    const auto [at, made] = seen.try_emplace({spots[i].track, spots[i].frame}, i);
    if (!made)
      throw InputError(fmt::format("{}:{}", table.cells().file(), spots[i].line),
                       fmt::format("column '{}': track {} has two spots in frame {} (also line {}): it is a tree, and spots alone do not say which daughter is which", table.name_of(track),
                                   spots[i].track, spots[i].frame, spots[at->second].line),
                       "export the edges table too (--edges), or save the session as XML");
  }
}

}  // namespace

CellTracks read_trackmate_csv(const std::filesystem::path& path, const TrackReading& reading) {
  const TrackTable table = TrackTable::read(path);
  const int id = table.column("", {"ID"}), track = table.column("", {"TRACK_ID"}), frame = table.column(reading.columns.frame, {"FRAME"}), time = table.find("POSITION_T");
  RowColumns columns{{}, {}};
  columns.frame = frame;
  columns.x = table.column(reading.columns.x, {"POSITION_X"});
  columns.y = table.column(reading.columns.y, {"POSITION_Y"});
  const std::size_t first = first_row(table, frame);
  TrackBuilder builder(path.string(), "trackmate-csv", reading);
  CellTracks& tracks = builder.tracks;
  columns.channels = channel_columns(table, reading, table.find_all("MEAN_INTENSITY"), tracks);
  tracks.length_unit = length_unit_of(unit_of(table, first, columns.x));
  const std::string unit = unit_of(table, first, time);
  const double interval = file_interval(table, first, time, frame), unit_h = hours_in(unit);
  const bool uncalibrated = !(interval * unit_h > 0) || (std::abs(interval - 1) < 1e-9 && unit_h == hours_in("s"));
  const FrameClock clock = frame_clock(path.string(), reading, uncalibrated ? 0 : interval * unit_h,
                                       fmt::format("POSITION_T is {:.6g} x FRAME, its unit '{}'{}", interval, unit, uncalibrated ? ": not calibrated" : ""));
  tracks.time_axis = clock.said;

  std::vector<LinkedSpot> spots;
  std::vector<TrackedSpot> measured;
  std::unordered_map<std::string, int> by_id;
  int loose = 0;
  for (std::size_t row = first; row < table.rows(); ++row) {
    measured.push_back(spot_of(table, row, columns, builder));
    measured.back().time_h = measured.back().frame * clock.interval_h;
    const std::string name = table.id(row, id);
    if (name.empty() || !by_id.emplace(name, static_cast<int>(spots.size())).second)
      throw table.error(row, id, name.empty() ? "is empty" : fmt::format("spot '{}' occurs twice", name), "every spot has its own ID");
    spots.push_back({name, table.id(row, track), measured.back().frame, table.line(row)});
  }
  LinkedCells linked;
  if (reading.edges.empty()) {
    refuse_trees(table, spots, track);
    for (const auto& spot : spots) linked.cell.push_back(spot.track);
    linked.mother.resize(spots.size());
    tracks.notes.push_back("no track has two spots in a frame, so each is read as one cell; splits and merges cannot be known from spots alone (--edges adds them)");
  } else {
    const auto links = links_of(reading.edges, by_id);
    linked = cells_of_links(path.string(), spots, links, false);
    tracks.notes.push_back(fmt::format("{} spots, {} edges, {} splits", spots.size(), links.size(), linked.splits));
  }
  for (std::size_t i = 0; i < spots.size(); ++i) {
    TrackedSpot& spot = measured[i];
    spot.cell = linked.cell[i];
    loose += spot.cell.empty();
    builder.set_mother(spot.film, spot.cell, linked.mother[i], spot.line);
    builder.add(std::move(spot));
  }
  if (loose > 0) tracks.notes.push_back(fmt::format("{} spots are linked to nothing", loose));
  note_merges(tracks, linked.merges);
  return builder.build(clock.interval_h);
}

}  // namespace hyped
