// Are two CellTracks the same, line numbers aside? Names the first difference. And: films of a given frame interval.
#pragma once
#include <cmath>
#include <stdexcept>
#include <string>

#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped::testing {

inline TrackReading every(double minutes) {
  TrackReading reading;
  reading.frame_interval_h = minutes / 60;
  return reading;
}

inline bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

inline bool same(const PhaseStay& a, const PhaseStay& b) {
  return a.phase == b.phase && a.entered_from_h == b.entered_from_h && a.entered_by_h == b.entered_by_h && a.left_from_h == b.left_from_h && a.left_by_h == b.left_by_h &&
         a.entry_seen == b.entry_seen && a.end == b.end;
}

inline std::string difference(const CellTracks& a, const CellTracks& b) {
  const auto origin = [](const CellTracks& t) { return t.origin.empty() ? t.source : t.origin; };
  if (origin(a) != origin(b) || a.format != b.format || a.time_axis != b.time_axis || a.length_unit != b.length_unit) return "about";
  if (a.notes != b.notes || a.phases != b.phases || a.merges != b.merges) return "notes, phases or merges";
  if (a.films.size() != b.films.size() || a.cells.size() != b.cells.size()) return "number of films or cells";
  for (std::size_t i = 0; i < a.films.size(); ++i) {
    const Film &x = a.films[i], &y = b.films[i];
    if (x.name != y.name || x.condition != y.condition || x.frame_interval_h != y.frame_interval_h || x.first_h != y.first_h || x.last_h != y.last_h || x.marks != y.marks) return "film " + x.name;
  }
  for (std::size_t i = 0; i < a.cells.size(); ++i) {
    const FollowedCell &x = a.cells[i], &y = b.cells[i];
    if (x.id != y.id || x.film != y.film || x.mother != y.mother || x.daughters != y.daughters || x.family != y.family || x.start != y.start || x.end != y.end || x.start_h != y.start_h ||
        x.end_h != y.end_h || x.row_count != y.row_count || (x.row_count > 0 && x.first_row != y.first_row) || x.stays.size() != y.stays.size())
      return "cell " + x.id;
    for (std::size_t k = 0; k < x.stays.size(); ++k)
      if (!same(x.stays[k], y.stays[k])) return "stay of " + x.id;
  }
  const FrameTable &x = a.frames, &y = b.frames;
  if (x.frame != y.frame || x.time_h != y.time_h || x.channels != y.channels || x.phase != y.phase || x.filled != y.filled) return "frames";
  for (Eigen::Index r = 0; r < x.rows(); ++r) {
    for (int c = 0; c < 2; ++c)
      if (!same(x.position(r, c), y.position(r, c))) return "position";
    for (Eigen::Index c = 0; c < x.intensity.cols(); ++c)
      if (!same(x.intensity(r, c), y.intensity(r, c))) return "intensity";
  }
  return "";
}

inline const FollowedCell& cell(const CellTracks& tracks, const std::string& id) {
  for (const auto& one : tracks.cells)
    if (one.id == id) return one;
  throw std::runtime_error("no cell " + id);
}

}  // namespace hyped::testing
