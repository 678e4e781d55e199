// CellProfiler's objects: linked by the object number in the previous image; column names end in the pixel distance.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/spot_links.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"

namespace hyped {
namespace {

std::vector<int> group_columns(const TrackTable& table, const TrackReading& reading) {
  std::vector<int> columns;
  for (const auto& name : reading.columns.film) columns.push_back(static_cast<int>(table.cells().column(name)));
  if (!columns.empty()) return columns;
  for (const char* name : {"Metadata_Plate", "Metadata_Well", "Metadata_Site", "Metadata_Field", "plateID", "locationID", "Group_Number"})
    if (const int found = table.find(name); found >= 0) columns.push_back(found);
  return columns;
}

int part(const TrackTable& table, std::initializer_list<const char*> parts) {
  for (const char* text : parts)
    if (const int found = table.find_part(text); found >= 0) return found;
  return static_cast<int>(table.cells().column(*parts.begin()));
}

}  // namespace

CellTracks read_cellprofiler(const std::filesystem::path& path, const TrackReading& reading) {
  const TrackTable table = TrackTable::read(path);
  TrackBuilder builder(path.string(), "cellprofiler", reading);
  CellTracks& tracks = builder.tracks;
  RowColumns columns{group_columns(table, reading), {}};
  const int label = part(table, {"TrackObjects_Label"}), parent = part(table, {"TrackObjects_ParentObjectNumber"}), object = part(table, {"Number_Object_Number", "ObjectNumber"}),
            parent_image = table.find_part("TrackObjects_ParentImageNumber"), image = table.column("", {"ImageNumber"});
  columns.condition = table.column_or_none(reading.columns.condition, {"treatment", "Metadata_Treatment"});
  columns.frame = table.column(reading.columns.frame, {"Group_Index", "timeID", "Metadata_T", "Metadata_Frame", "ImageNumber"});
  columns.x = reading.columns.x.empty() ? table.find_part("Center_X") : table.column(reading.columns.x, {""});
  columns.y = reading.columns.y.empty() ? table.find_part("Center_Y") : table.column(reading.columns.y, {""});
  columns.channels = channel_columns(table, reading, table.find_all("Intensity_MeanIntensity_"), tracks);
  const FrameClock clock = frame_clock(path.string(), reading, 0, fmt::format("CellProfiler counts frames, here in '{}'", table.name_of(columns.frame)));
  tracks.time_axis = clock.said;

  std::vector<LinkedSpot> spots;
  std::vector<TrackedSpot> measured;
  std::map<std::tuple<int, std::int64_t, std::int64_t>, int> by_object;      // film, image, number
  std::map<int, std::map<int, std::int64_t>> images;                           // film, frame -> image
  for (std::size_t row = 0; row < table.rows(); ++row) {
    TrackedSpot spot = spot_of(table, row, columns, builder);
    spot.time_h = spot.frame * clock.interval_h;
    const auto number = table.integer(row, object), at = table.integer(row, image);
    if (!by_object.emplace(std::tuple(spot.film, at, number), static_cast<int>(spots.size())).second)
      throw table.error(row, object, fmt::format("object {} of image {} occurs twice", number, at), "name the columns that tell films apart (--film-column)");
    images[spot.film][spot.frame] = at;
    spots.push_back({fmt::format("{}/{}", at, number), table.missing(row, label) ? fmt::format("{}/{}", at, number) : table.id(row, label), spot.frame, spot.line});
    measured.push_back(std::move(spot));
  }
  std::vector<SpotLink> links;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.missing(row, parent) || table.integer(row, parent) == 0) continue;
    const TrackedSpot& spot = measured[row];
    const auto number = table.integer(row, parent);
    const auto& frames = images[spot.film];
    const auto here = frames.find(spot.frame);
    std::int64_t before = parent_image >= 0 && !table.missing(row, parent_image) ? table.integer(row, parent_image) : 0;
    if (before == 0 && here != frames.begin()) before = std::prev(here)->second;
    const auto found = by_object.find({spot.film, before, number});
    if (found == by_object.end())
      throw table.error(row, parent, fmt::format("object {} of the previous image, {}, is not in the table (track {})", number, before, spots[row].track),
                        "export all objects that were tracked, or 0 where an object has no parent");
    links.push_back({found->second, static_cast<int>(row), spot.line});
  }
  // films are linked one by one: labels repeat between them
  int merges = 0;
  for (std::size_t film = 0; film < tracks.films.size(); ++film) {
    std::vector<int> local(spots.size(), -1);
    std::vector<LinkedSpot> mine;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < spots.size(); ++i)
      if (measured[i].film == static_cast<int>(film)) {
        local[i] = static_cast<int>(mine.size());
        mine.push_back(spots[i]);
        rows.push_back(i);
      }
    std::vector<SpotLink> inner;
    for (const auto& link : links)
      if (local[link.source] >= 0) inner.push_back({local[link.source], local[link.target], link.line});
    const LinkedCells linked = cells_of_links(path.string(), mine, inner, true);
    merges += linked.merges;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      measured[rows[k]].cell = linked.cell[k];
      builder.set_mother(static_cast<int>(film), linked.cell[k], linked.mother[k], measured[rows[k]].line);
    }
  }
  for (auto& spot : measured) builder.add(std::move(spot));
  note_merges(tracks, merges);
  return builder.build(clock.interval_h);
}

}  // namespace hyped
