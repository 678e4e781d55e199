// Published tracks read as graphs: Fluo-N2DL-HeLa as motile_tracker ships it, C2C12 as laptrack-optimisation does.
#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "libhyped/image/quality/tracking_scores.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "tests/places.hpp"

namespace hyped::tests {

// Empty where the shared data are not there.
inline std::filesystem::path shared_images() {
  const char* given = std::getenv("HYPED_SHARED");
  const std::filesystem::path root = given ? std::filesystem::path(given) : std::filesystem::path(source_folder()) / "../shared";
  return std::filesystem::exists(root / "data/images") ? root / "data/images" : std::filesystem::path();
}

inline TrackGraph hela_tracks(const std::filesystem::path& images) {
  const DelimitedTable table = DelimitedTable::read(images / "tracks_hela/hela_example_tracks.csv");
  TrackGraph out;
  out.place.resize(static_cast<Eigen::Index>(table.rows()), 2);
  std::unordered_map<std::int64_t, int> row_of;
  std::vector<int> children(table.rows());
  for (std::size_t r = 0; r < table.rows(); ++r) {
    out.frame.push_back(static_cast<int>(table.integer(r, table.column("t"))));
    out.place.row(static_cast<Eigen::Index>(r)) << table.number(r, table.column("x")), table.number(r, table.column("y"));
    row_of[table.integer(r, table.column("id"))] = static_cast<int>(r);
  }
  const std::size_t parent = table.column("parent_id");
  for (std::size_t r = 0; r < table.rows(); ++r)
    if (!table.text(r, parent).empty()) {
      out.links.push_back({row_of.at(table.integer(r, parent)), static_cast<int>(r), false});
      ++children[static_cast<std::size_t>(out.links.back().from)];
    }
  for (auto& link : out.links) link.to_daughter = children[static_cast<std::size_t>(link.from)] > 1;
  return out;
}

// Rows at exactly one place in one frame (of two tracks that touch) are taken once; `copies` counts the others.
inline TrackGraph c2c12_tracks(const std::filesystem::path& folder, int& copies) {
  const DelimitedTable table = DelimitedTable::read(folder / "regionprops.csv");
  TrackGraph out;
  std::map<std::int64_t, std::map<std::int64_t, int>> rows;      // track, frame
  std::map<std::pair<std::int64_t, std::pair<double, double>>, int> seen;
  std::vector<std::pair<double, double>> places;
  copies = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::int64_t frame = table.integer(r, table.column("frame"));
    const std::pair<double, double> place{table.number(r, table.column("x")), table.number(r, table.column("y"))};
    if (!seen.emplace(std::pair{frame, place}, 0).second) {
      ++copies;
      continue;
    }
    rows[table.integer(r, table.column("track"))][frame] = static_cast<int>(out.frame.size());
    out.frame.push_back(static_cast<int>(frame));
    places.push_back(place);
  }
  out.place.resize(static_cast<Eigen::Index>(places.size()), 2);
  for (std::size_t r = 0; r < places.size(); ++r) out.place.row(static_cast<Eigen::Index>(r)) << places[r].first, places[r].second;
  for (const auto& [track, by_frame] : rows) {
    int last = -1;
    for (const auto& [frame, row] : by_frame) {
      if (last >= 0) out.links.push_back({last, row, false});
      last = row;
    }
  }
  std::ifstream text(folder / "02_GT/TRA/man_track.txt");
  for (std::int64_t track, begin, end, parent; text >> track >> begin >> end >> parent;)
    if (parent != 0 && rows.count(track) && rows.count(parent)) out.links.push_back({rows[parent].rbegin()->second, rows[track].begin()->second, true});
  return out;
}

}  // namespace hyped::tests
