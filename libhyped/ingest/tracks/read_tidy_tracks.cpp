// The tidy form of tracks, back as it was.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

template <class Enum>
Enum parsed(const DelimitedTable& table, std::size_t row, std::size_t column, std::initializer_list<Enum> all) {
  std::vector<std::string> names;
  for (const Enum one : all) {
    names.emplace_back(to_string(one));
    if (names.back() == table.text(row, column)) return one;
  }
  throw table.error(row, column, fmt::format("there is no '{}'", table.text(row, column)), did_you_mean(table.text(row, column), names));
}

int position_of(const DelimitedTable& table, std::size_t row, std::size_t column, const std::vector<std::string>& names, const char* what) {
  const auto found = std::find(names.begin(), names.end(), table.text(row, column));
  if (found == names.end()) throw table.error(row, column, fmt::format("there is no {} '{}'", what, table.text(row, column)), did_you_mean(table.text(row, column), names));
  return static_cast<int>(found - names.begin());
}

void read_about(const fs::path& file, CellTracks& tracks) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto key = table.column("key"), value = table.column("value");
  const std::map<std::string, std::string*> texts = {{"source", &tracks.source}, {"format", &tracks.format}, {"time_axis", &tracks.time_axis}, {"length_unit", &tracks.length_unit}};
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string& name = table.text(row, key);
    if (const auto found = texts.find(name); found != texts.end()) *found->second = table.text(row, value);
    else if (name == "phase") tracks.phases.push_back(table.text(row, value));
    else if (name == "note") tracks.notes.push_back(table.text(row, value));
    else if (name == "merges") tracks.merges = table.number(row, value);
    else throw table.error(row, key, fmt::format("there is no key '{}'", name), "keys are source, format, time_axis, length_unit, phase, note, merges");
  }
}

void read_films(const fs::path& file, CellTracks& tracks) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto name = table.column("film"), condition = table.column("condition"), interval = table.column("frame_interval_h"), first = table.column("first_h"), last = table.column("last_h"),
             marks = table.column("marks");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Film film{table.name(row, name), table.text(row, condition), table.number(row, interval), table.number(row, first), table.number(row, last)};
    std::stringstream list(table.text(row, marks));
    for (std::string mark; std::getline(list, mark, ';');) {
      const auto at = mark.rfind('@');
      char* end = nullptr;
      const double hours = at == mark.npos ? 0 : std::strtod(mark.c_str() + at + 1, &end);
      if (at == mark.npos || end == mark.c_str() + at + 1 || *end != 0 || !std::isfinite(hours)) throw table.error(row, marks, fmt::format("'{}' is no mark", mark), "write name@hours;name@hours");
      film.marks.emplace_back(mark.substr(0, at), hours);
    }
    tracks.films.push_back(std::move(film));
  }
}

using CellIndex = std::map<std::pair<int, std::string>, int>;

std::vector<std::string> film_names(const CellTracks& tracks) {
  std::vector<std::string> names;
  for (const auto& film : tracks.films) names.push_back(film.name + "\t" + film.condition);
  return names;
}

// Films are told apart by name and condition.
int film_in(const DelimitedTable& table, std::size_t row, std::size_t film, std::size_t condition, const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), table.text(row, film) + "\t" + table.text(row, condition));
  if (found == names.end()) throw table.error(row, film, fmt::format("film '{}' of condition '{}' is not in films.tsv", table.text(row, film), table.text(row, condition)), "add it there");
  return static_cast<int>(found - names.begin());
}

CellIndex read_cells(const fs::path& file, CellTracks& tracks, const std::vector<std::string>& films) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto film = table.column("film"), condition = table.column("condition"), id = table.column("cell"), mother = table.column("mother"), family = table.column("family"),
             start = table.column("start"), end = table.column("end"), start_h = table.column("start_h"), end_h = table.column("end_h");
  CellIndex index;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    FollowedCell cell;
    cell.film = film_in(table, row, film, condition, films);
    cell.id = table.name(row, id);
    cell.family = table.text(row, family);
    cell.start = parsed(table, row, start, {CellStart::division, CellStart::film_start, CellStart::appeared});
    cell.end = parsed(table, row, end, {CellEnd::division, CellEnd::death, CellEnd::lost, CellEnd::film_end});
    cell.start_h = table.number(row, start_h);
    cell.end_h = table.number(row, end_h);
    cell.source_line = table.line(row);
    if (!index.emplace(std::pair(cell.film, cell.id), static_cast<int>(tracks.cells.size())).second)
      throw table.error(row, id, fmt::format("cell '{}' occurs twice in its film", cell.id), "give each cell of a film its own id");
    tracks.cells.push_back(std::move(cell));
  }
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, mother).empty()) continue;
    const auto found = index.find({tracks.cells[row].film, table.text(row, mother)});
    if (found == index.end()) throw table.error(row, mother, fmt::format("the mother '{}' of cell '{}' is not in its film", table.text(row, mother), tracks.cells[row].id), "correct it, or name a family instead");
    tracks.cells[row].mother = found->second;
  }
  return index;
}

int cell_in(const DelimitedTable& table, std::size_t row, std::size_t cell, int film, const CellIndex& index) {
  const auto found = index.find({film, table.text(row, cell)});
  if (found == index.end()) throw table.error(row, cell, fmt::format("cell '{}' is not in cells.tsv", table.text(row, cell)), "add it there, or correct the name");
  return found->second;
}

void read_frames(const fs::path& file, CellTracks& tracks, const std::vector<std::string>& films, const CellIndex& index) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto film = table.column("film"), condition = table.column("condition"), id = table.column("cell"), frame = table.column("frame"), time = table.column("time_h"), x = table.column("x"),
             y = table.column("y"), phase = table.column("phase"), filled = table.column("filled");
  FrameTable& rows = tracks.frames;
  for (std::size_t c = filled + 1; c < table.columns().size(); ++c) rows.channels.push_back(table.columns()[c]);
  rows.position.resize(static_cast<Eigen::Index>(table.rows()), 2);
  rows.intensity.resize(static_cast<Eigen::Index>(table.rows()), static_cast<Eigen::Index>(rows.channels.size()));
  const bool phased = !tracks.phases.empty();
  int current = -1;
  bool loose = false;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto r = static_cast<Eigen::Index>(row);
    const int owner = table.text(row, id).empty() ? -1 : cell_in(table, row, id, film_in(table, row, film, condition, films), index);
    if (owner < 0) loose = true;
    else if (owner != current) {
      if (loose || tracks.cells[owner].row_count > 0) throw table.error(row, id, fmt::format("the rows of cell '{}' are not together", table.text(row, id)), "sort the rows by cell, those without a cell last");
      tracks.cells[owner].first_row = static_cast<int>(row);
      current = owner;
    }
    if (owner >= 0) ++tracks.cells[owner].row_count;
    rows.frame.push_back(static_cast<int>(table.integer(row, frame)));
    rows.time_h.push_back(table.number(row, time));
    rows.position.row(r) << table.number_or_missing(row, x), table.number_or_missing(row, y);
    for (std::size_t c = 0; c < rows.channels.size(); ++c) rows.intensity(r, static_cast<Eigen::Index>(c)) = table.number_or_missing(row, filled + 1 + c);
    if (phased) rows.phase.push_back(table.text(row, phase).empty() ? -1 : position_of(table, row, phase, tracks.phases, "phase"));
    rows.filled.push_back(table.integer(row, filled) != 0);
    rows.source_line.push_back(table.line(row));
  }
}

void read_stays(const fs::path& file, CellTracks& tracks, const std::vector<std::string>& films, const CellIndex& index) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto film = table.column("film"), condition = table.column("condition"), id = table.column("cell"), phase = table.column("phase"), seen = table.column("entry_seen"), end = table.column("end");
  const std::array<std::size_t, 4> times{table.column("entered_from_h"), table.column("entered_by_h"), table.column("left_from_h"), table.column("left_by_h")};
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::array<double, 4> t{table.number(row, times[0]), table.number(row, times[1]), table.number(row, times[2]), table.number(row, times[3])};
    if (!std::is_sorted(t.begin(), t.end())) throw table.error(row, times[0], "the times of a stay do not increase", "entered_from_h, entered_by_h, left_from_h, left_by_h follow each other");
    auto& stays = tracks.cells[cell_in(table, row, id, film_in(table, row, film, condition, films), index)].stays;
    stays.push_back({position_of(table, row, phase, tracks.phases, "phase"), t[0], t[1], t[2], t[3], table.integer(row, seen) != 0,
                     parsed(table, row, end, {StayEnd::next, StayEnd::division, StayEnd::death, StayEnd::lost, StayEnd::film_end})});
  }
}

}  // namespace

fs::path tidy_folder_of(const fs::path& path) {
  const fs::path folder = fs::is_directory(path) ? path : path.parent_path();
  for (const fs::path& candidate : {folder, folder / "data"})
    if (fs::exists(candidate / "cells.tsv") && fs::exists(candidate / "films.tsv")) return candidate;
  return {};
}

CellTracks read_tidy_tracks(const fs::path& path, const TrackReading& reading) {
  const fs::path folder = tidy_folder_of(path);
  if (folder.empty()) throw InputError(path.string(), "holds no tidy tracks", "a folder with about.tsv, films.tsv and cells.tsv");
  if (reading.frame_interval_h != 0) throw InputError(path.string(), "times are in hours already", "leave the frame interval out");
  CellTracks tracks;
  read_about(folder / "about.tsv", tracks);
  read_films(folder / "films.tsv", tracks);
  const auto films = film_names(tracks);
  const CellIndex index = read_cells(folder / "cells.tsv", tracks, films);
  if (fs::exists(folder / "frames.tsv")) read_frames(folder / "frames.tsv", tracks, films, index);
  if (fs::exists(folder / "stays.tsv")) read_stays(folder / "stays.tsv", tracks, films, index);
  const std::string origin = tracks.source;
  const auto notes = tracks.notes;
  tracks.source = folder.string();      // errors name the tidy form, not the file it came from
  check_lineages(tracks);
  tracks.origin = origin;
  tracks.notes = notes;
  return tracks;
}

}  // namespace hyped
