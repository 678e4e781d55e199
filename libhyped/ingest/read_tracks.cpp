// Finds the format and hands the file to its reader.
#include "libhyped/ingest/read_tracks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

using Reader = std::function<CellTracks(const fs::path&, const TrackReading&)>;

CellTracks read_named_events(const fs::path& path, const TrackReading& reading) {
  EventColumns events = reading.events;
  events.film = reading.columns.film;
  events.condition = reading.columns.condition;
  events.cell = reading.columns.cell;
  events.mother = reading.columns.mother;
  events.hours_per_unit = reading.hours_per_time_unit;
  events.film_end_h = reading.film_end_h;
  events.founders_unborn = reading.founders_unborn;
  if (events.film_end_h > 0 && !events.film_end.empty()) throw InputError(path.string(), "the films' end is given twice, as a column and as a time", "give one of them");
  if (events.cell.empty()) throw InputError(path.string(), "the column of the cells is not named", "give --column cell=NAME");
  if (!(events.hours_per_unit > 0)) throw InputError(path.string(), "the unit of its times is not known", "give --unit-h: hours per unit (1 for hours, 0.25 for frames of 15 min)");
  if (events.birth.empty() && events.division.empty() && events.death.empty() && events.lost.empty()) throw InputError(path.string(), "no event is named", "give at least one of --event birth=, division=, death=, lost=");
  CellTracks tracks = read_events(path, events);
  if (reading.columns.condition.empty() && !reading.condition.empty())
    for (auto& film : tracks.films) film.condition = reading.condition;
  return tracks;
}

const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> all = {
      {"trackmate-xml", read_trackmate_xml},
      {"trackmate-csv", read_trackmate_csv},
      {"btrack", read_btrack},
      {"cellprofiler", read_cellprofiler},
      {"cellmaptracer", read_cellmaptracer},
      {"regionprops", read_regionprops},
      {"plain", read_plain_tracks},
      {"tidy", read_tidy_tracks},
      {"carr2021", read_carr2021},
      {"events", read_named_events},
      {"dowling2014", [](const fs::path& path, const TrackReading&) { return read_dowling2014(path); }},
      {"imig2020-lineages", [](const fs::path& path, const TrackReading&) { return read_imig2020_lineages(path); }},
      {"imig2020-durations", [](const fs::path& path, const TrackReading&) { return read_imig2020_durations(path); }},
  };
  return all;
}

std::string beginning_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(1 << 16, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string table_format(const fs::path& path, const std::string& beginning) {
  const TrackTable head = TrackTable::head_of(path.string(), beginning);
  const auto all = [&](std::initializer_list<const char*> names) { return std::all_of(names.begin(), names.end(), [&](const char* name) { return head.find(name) >= 0; }); };
  if (all({"birth_h", "division_h", "green_on_h", "in_paper"})) return "dowling2014";
  if (all({"white_end_frame", "division_frame", "trail_frame"})) return "imig2020-lineages";
  if (all({"g1_raw", "sg2_raw", "cycle_censored"})) return "imig2020-durations";
  if (all({"TRACK_ID", "FRAME", "POSITION_X"})) return "trackmate-csv";
  if (head.find_part("TrackObjects_Label") >= 0 && all({"ImageNumber"})) return "cellprofiler";
  if (all({"CellName", "ImageID"})) return "cellmaptracer";
  if (all({"track_id", "frame", "x_um", "y_um", "phase", "time_h"})) return "carr2021";
  if (all({"ID", "t", "x", "y"})) return "btrack";
  if (all({"label"}) && head.find_part("centroid") >= 0) return "regionprops";
  if (all({"cell", "time_h"}) || all({"cell", "frame"})) return "plain";
  return "";
}

// Which files of a folder may be meant.
std::string files_inside(const fs::path& folder) {
  std::vector<std::string> found;
  int looked = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file() || ++looked > 100) continue;
    std::string format;
    try {
      format = track_format_of(entry.path());
    } catch (const InputError&) {      // no table
    }
    if (!format.empty()) found.push_back(fmt::format("{} ({})", entry.path().filename().string(), format));
  }
  std::sort(found.begin(), found.end());
  return found.empty() ? "give a file of tracks" : fmt::format("give one of its files: {}", fmt::join(found, ", "));
}

}  // namespace

const std::vector<std::string>& track_formats() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& [name, reader] : readers()) list.push_back(name);
    return list;
  }();
  return names;
}

std::string track_format_of(const fs::path& path) {
  if (fs::is_directory(path)) return tidy_folder_of(path).empty() ? "" : "tidy";
  const std::string beginning = beginning_of(path);
  if (beginning.starts_with("PK\x03\x04") || beginning.find("<TrackMate") != beginning.npos) return "trackmate-xml";
  if (beginning.empty() || beginning.find('\0') != beginning.npos) return "";
  return table_format(path, beginning);
}

CellTracks read_tracks(const fs::path& path, const TrackReading& reading) {
  if (!fs::exists(path)) throw InputError(path.string(), "does not exist", "give the path of an existing file of tracks");
  if (!reading.format.empty() && !readers().contains(reading.format))
    throw InputError("--format " + reading.format, "is no format of tracks", did_you_mean(reading.format, track_formats()));
  // columns that somebody named make a table plain, whatever else it looks like
  const bool named = !reading.columns.cell.empty() && reading.format.empty();
  const std::string format = named ? "plain" : reading.format.empty() ? track_format_of(path) : reading.format;
  if (format.empty() && fs::is_directory(path)) throw InputError(path.string(), "is a folder without the tidy form (about.tsv, films.tsv, cells.tsv)", files_inside(path));
  if (fs::is_directory(path) && format != "tidy") throw InputError(path.string(), fmt::format("is a folder, and {} is a format of files", format), files_inside(path));
  if (format.empty())
    throw InputError(path.string(), "is not recognised as tracks", fmt::format("name its format ({}) or its columns (cell, frame or time)", fmt::join(track_formats(), ", ")));
  CellTracks tracks = readers().at(format)(path, reading);
  if (tracks.cells.empty()) throw InputError(tracks.source, "holds no cell that was followed", "export tracks, not single detections");
  return tracks;
}

}  // namespace hyped
