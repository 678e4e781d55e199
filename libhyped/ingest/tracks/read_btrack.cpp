// btrack: napari's track table with properties and graph, or one wide table.
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/spot_links.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

enum State { apoptosis = 4, dummy = 5 };

struct Lineage {
  std::map<std::string, std::string> mother;   // by child; roots are absent
  int merges = 0;
};

Lineage graph_of(const fs::path& path) {
  std::ifstream in(path);
  if (!in) throw InputError(path.string(), "cannot be read", "give btrack's graph.json");
  Lineage lineage;
  try {
    const auto json = nlohmann::json::parse(in);
    const auto text = [](const nlohmann::json& id) { return id.is_string() ? id.get<std::string>() : std::to_string(id.get<long long>()); };
    for (const auto& [child, parents] : json.items()) {
      if (parents.is_array() && parents.size() > 1) {
        lineage.merges += static_cast<int>(parents.size());
        continue;
      }
      const std::string parent = parents.is_array() ? parents.empty() ? child : text(parents.front()) : text(parents);
      if (parent != child) lineage.mother[child] = parent;
    }
  } catch (const nlohmann::json::exception& error) {
    throw InputError(path.string(), fmt::format("is no graph of tracks: {}", error.what()), "it must hold {child: [parent]}, as btrack writes it");
  }
  return lineage;
}

// A companion the reading names, or the one that lies beside the tracks under btrack's own name.
fs::path companion(const fs::path& given, const fs::path& tracks, const char* name, CellTracks& said) {
  if (!given.empty()) return given;
  const fs::path beside = tracks.parent_path() / name;
  if (!fs::exists(beside)) return {};
  said.notes.push_back(fmt::format("read with {}, which lies beside it", name));
  return beside;
}

// Columns of lineage and state, in the tracks' own table or in the row-aligned properties.
struct Properties {
  const TrackTable& table;
  int parent, state;
};

void refuse_other_rows(const TrackTable& tracks, const TrackTable& properties, int id, int time) {
  if (properties.rows() != tracks.rows())
    throw InputError(properties.cells().file(), fmt::format("has {} rows where the tracks have {}", properties.rows(), tracks.rows()), "properties are aligned with the tracks row by row: export both again");
  for (const auto& [mine, theirs] : {std::pair(id, properties.find("ID")), std::pair(time, properties.find("t"))})
    for (std::size_t row = 0; theirs >= 0 && row < tracks.rows(); ++row)
      if (tracks.id(row, mine) != properties.id(row, theirs))
        throw properties.error(row, theirs, fmt::format("is '{}' where the tracks (line {}) have '{}'", properties.id(row, theirs), tracks.line(row), tracks.id(row, mine)),
                               "properties are aligned with the tracks row by row: export both again");
}

}  // namespace

CellTracks read_btrack(const fs::path& path, const TrackReading& reading) {
  const TrackTable table = TrackTable::read(path);
  TrackBuilder builder(path.string(), "btrack", reading);
  CellTracks& tracks = builder.tracks;
  RowColumns columns{{}, {}};
  for (const auto& name : reading.columns.film) columns.film.push_back(table.column(name, {""}));
  columns.condition = table.column_or_none(reading.columns.condition, {});
  columns.cell = table.column(reading.columns.cell, {"ID"});
  columns.frame = table.column(reading.columns.frame, {"t"});
  columns.x = table.column(reading.columns.x, {"x"});
  columns.y = table.column(reading.columns.y, {"y"});
  columns.filled = table.find("dummy");
  columns.channels = channel_columns(table, reading, table.find_all("intensity_mean"), tracks);
  const FrameClock clock = frame_clock(path.string(), reading, 0, "btrack counts t in frames");
  tracks.time_axis = clock.said;

  TrackTable beside;
  const bool own = table.find("parent") >= 0;
  const fs::path properties = own ? fs::path() : companion(reading.properties, path, "properties.csv", tracks);
  const fs::path graph = companion(reading.graph, path, "graph.json", tracks);
  if (!properties.empty()) {
    beside = TrackTable::read(properties);
    refuse_other_rows(table, beside, columns.cell, columns.frame);
  }
  const TrackTable& named = properties.empty() ? table : beside;
  const Properties extra{named, named.find("parent"), named.find("state")};
  const Lineage lineage = graph.empty() ? Lineage{} : graph_of(graph);
  if (extra.parent < 0 && graph.empty()) tracks.notes.push_back("no parents are known: give graph.json (--graph) or properties (--properties), else no division is seen");
  if (extra.state >= 0) tracks.notes.push_back("state 4 (apoptosis) in a track's last seen frame is a death; states 1 to 3 (mitosis) are not read as phases");

  std::set<std::string> ids;
  for (std::size_t row = 0; row < table.rows(); ++row) ids.insert(table.id(row, columns.cell));
  std::map<std::pair<int, std::string>, std::pair<int, bool>> last;      // of each cell: latest frame seen, and whether it was apoptotic
  for (std::size_t row = 0; row < table.rows(); ++row) {
    TrackedSpot spot = spot_of(table, row, columns, builder);
    if (spot.cell.empty()) throw table.error(row, columns.cell, "is empty", "every row belongs to a track");
    spot.time_h = spot.frame * clock.interval_h;
    const int state = extra.state < 0 || named.missing(row, extra.state) ? -1 : static_cast<int>(named.integer(row, extra.state));
    if (state == dummy) spot.filled = true;
    if (auto& seen = last.try_emplace({spot.film, spot.cell}, -1, false).first->second; !spot.filled && spot.frame >= seen.first) seen = {spot.frame, state == apoptosis};
    std::string mother = extra.parent < 0 ? "" : named.id(row, extra.parent);
    if (mother == spot.cell || ((mother == "0" || mother == "-1") && !ids.contains(mother))) mother.clear();
    if (const auto found = lineage.mother.find(spot.cell); !graph.empty() && extra.parent >= 0 && lineage.merges == 0 && (found == lineage.mother.end() ? "" : found->second) != mother)
      throw named.error(row, extra.parent, fmt::format("the parent of '{}' is '{}', in the graph '{}'", spot.cell, mother, found == lineage.mother.end() ? "none" : found->second), "export tables and graph together");
    else if (found != lineage.mother.end()) mother = found->second;
    builder.set_mother(spot.film, spot.cell, mother, spot.line);
    builder.add(std::move(spot));
  }
  for (const auto& [key, seen] : last)
    if (seen.second) builder.set_death(key.first, key.second);
  note_merges(tracks, lineage.merges);
  return builder.build(clock.interval_h);
}

}  // namespace hyped
