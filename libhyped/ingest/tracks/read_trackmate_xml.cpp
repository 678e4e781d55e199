// TrackMate XML: spots frame by frame, then edges; divisions are spots with two edges.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <unordered_map>

#include "libhyped/ingest/tracks/formats.hpp"
#include "libhyped/ingest/tracks/spot_links.hpp"
#include "libhyped/ingest/tracks/track_table.hpp"
#include "libhyped/ingest/tracks/xml_source.hpp"

namespace hyped {
namespace {

double number_of(const XmlElement& element, std::string_view attribute, bool needed = true) {
  const std::string_view text = element.value(attribute);
  double value = std::numeric_limits<double>::quiet_NaN();
  if (text.empty() && !needed) return value;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") value = std::numeric_limits<double>::quiet_NaN();
  else if (problem != std::errc() || end != text.data() + text.size())
    throw InputError(element.where, text.empty() ? fmt::format("<{}> has no {}", element.name, attribute) : fmt::format("{}='{}' is not a number", attribute, text), "export the file again from TrackMate");
  if (needed && !std::isfinite(value)) throw InputError(element.where, fmt::format("{} of <{}> is not finite", attribute, element.name), "delete the spot in TrackMate");
  return value;
}

int integer_of(const XmlElement& element, std::string_view attribute) {
  const double value = number_of(element, attribute);
  if (value != std::floor(value) || std::abs(value) > 2e9) throw InputError(element.where, fmt::format("{}='{}' is not a whole number", attribute, element.value(attribute)), "export the file again from TrackMate");
  return static_cast<int>(value);
}

struct File {
  std::string time_unit, length_unit, image, version;
  double interval = 0;                         // in time_unit
  int frames = 0, first_frame = 0, last_frame = -1, hidden_spots = 0, said_spots = -1;
  std::vector<std::string> channels;
  std::vector<LinkedSpot> spots;
  std::vector<TrackedSpot> measured;
  std::vector<SpotLink> links;
  std::vector<std::string> link_track;
  std::unordered_map<std::string, int> by_id;
  std::set<std::string> shown;                 // visible tracks
  bool filtered = false;                       // the file says which tracks are visible
};

class Handler {
 public:
  Handler(File& file, const std::vector<std::string>& wanted) : file_(file), wanted_(wanted) {}

  void begin(const XmlElement& element) {
    if (element.name == "TrackMate") file_.version = element.value("version");
    else if (element.name == "Model") {
      file_.time_unit = element.value("timeunits");
      file_.length_unit = element.value("spatialunits");
    } else if (element.name == "SpotFeatures") in_features_ = true;
    else if (element.name == "Feature" && in_features_) feature(element);
    else if (element.name == "AllSpots" && !element.value("nspots").empty()) file_.said_spots = integer_of(element, "nspots");
    else if (element.name == "Spot") spot(element);
    else if (element.name == "Track") track_ = element.value("TRACK_ID");
    else if (element.name == "Edge") edge(element);
    else if (element.name == "FilteredTracks") file_.filtered = true;
    else if (element.name == "TrackID") file_.shown.emplace(element.value("TRACK_ID"));
    else if (element.name == "ImageData") {
      file_.image = element.value("filename");
      if (!element.value("nframes").empty()) file_.frames = integer_of(element, "nframes");
      file_.interval = number_of(element, "timeinterval", false);
    } else if (element.name == "BasicSettings" && !element.value("tend").empty()) {
      file_.first_frame = integer_of(element, "tstart");
      file_.last_frame = integer_of(element, "tend");
    }
  }
  void end(std::string_view name) {
    if (name == "SpotFeatures") in_features_ = false;
  }

 private:
  void feature(const XmlElement& element) {
    const std::string name(element.value("feature"));
    const bool wanted = wanted_.empty() ? name.starts_with("MEAN_INTENSITY") : std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
    if (wanted) file_.channels.push_back(name);
  }
  void spot(const XmlElement& element) {
    if (element.value("VISIBILITY") == "0") {
      ++file_.hidden_spots;
      hidden_.emplace(element.value("ID"));
      return;
    }
    const std::string id(element.value("ID"));
    if (id.empty() || !file_.by_id.emplace(id, static_cast<int>(file_.spots.size())).second)
      throw InputError(element.where, id.empty() ? std::string("a spot has no ID") : fmt::format("spot ID {} occurs twice", id), "export the file again from TrackMate");
    TrackedSpot spot;
    spot.line = element.line;
    spot.frame = integer_of(element, "FRAME");
    spot.x = number_of(element, "POSITION_X");
    spot.y = number_of(element, "POSITION_Y");
    for (const auto& channel : file_.channels) spot.intensity.push_back(number_of(element, channel, false));
    file_.spots.push_back({id, "", spot.frame, element.line});
    file_.measured.push_back(std::move(spot));
  }
  void edge(const XmlElement& element) {
    int ends[2];
    for (int side = 0; side < 2; ++side) {
      const std::string id(element.value(side == 0 ? "SPOT_SOURCE_ID" : "SPOT_TARGET_ID"));
      if (hidden_.contains(id)) return;
      const auto found = file_.by_id.find(id);
      if (found == file_.by_id.end()) throw InputError(element.where, fmt::format("an edge of track {} names spot '{}', which is not in the file", track_, id), "export the file again from TrackMate");
      ends[side] = found->second;
    }
    file_.links.push_back({ends[0], ends[1], element.line});
    file_.link_track.push_back(track_);
  }

  File& file_;
  const std::vector<std::string>& wanted_;
  bool in_features_ = false;
  std::string track_;
  std::set<std::string> hidden_;
};

// Edges of tracks that TrackMate's filter hides are not read.
int drop_hidden(File& file) {
  std::set<std::string> hidden;
  std::vector<SpotLink> shown;
  for (std::size_t i = 0; i < file.links.size(); ++i) {
    if (file.filtered && !file.shown.contains(file.link_track[i])) {
      hidden.insert(file.link_track[i]);
      continue;
    }
    shown.push_back(file.links[i]);
    file.spots[file.links[i].source].track = file.spots[file.links[i].target].track = file.link_track[i];
  }
  file.links = std::move(shown);
  return static_cast<int>(hidden.size());
}

}  // namespace

CellTracks read_trackmate_xml(const std::filesystem::path& path, const TrackReading& reading) {
  File file;
  Handler handler(file, reading.columns.channels);
  read_xml(path, [&](const XmlElement& element) { handler.begin(element); }, [&](std::string_view name) { handler.end(name); });
  if (file.version.empty()) throw InputError(path.string(), "is XML, but not TrackMate's", "save the TrackMate session as XML");
  for (const auto& name : reading.columns.channels)
    if (std::find(file.channels.begin(), file.channels.end(), name) == file.channels.end())
      throw InputError(path.string(), fmt::format("there is no spot feature '{}'", name), did_you_mean(name, file.channels));
  TrackBuilder builder(path.string(), "trackmate-xml", reading);
  CellTracks& tracks = builder.tracks;
  tracks.frames.channels = file.channels;
  tracks.length_unit = length_unit_of(file.length_unit);
  const double unit_h = hours_in(file.time_unit), file_h = file.interval * unit_h;
  // 1 sec is what ImageJ writes into a stack that was never calibrated
  const bool uncalibrated = !(file_h > 0) || (file.interval == 1 && unit_h == hours_in("s"));
  const std::string says = fmt::format("the file says timeinterval {:.6g}, timeunits '{}'{}", file.interval, file.time_unit, uncalibrated ? ", which an uncalibrated stack has" : "");
  const FrameClock clock = frame_clock(path.string(), reading, uncalibrated ? 0 : file_h, says);
  tracks.time_axis = clock.said;
  const int hidden = drop_hidden(file);
  const LinkedCells linked = cells_of_links(path.string(), file.spots, file.links, false);
  const int film = builder.film(reading.film.empty() ? file.image.substr(0, file.image.find('.')) : reading.film);
  if (file.last_frame < 0) file.last_frame = file.frames - 1;
  if (file.last_frame >= 0) builder.set_span(film, file.first_frame * clock.interval_h, file.last_frame * clock.interval_h);
  int loose = 0;
  for (std::size_t i = 0; i < file.measured.size(); ++i) {
    TrackedSpot& spot = file.measured[i];
    spot.film = film;
    spot.cell = linked.cell[i];
    spot.time_h = spot.frame * clock.interval_h;
    loose += spot.cell.empty();
    builder.set_mother(film, spot.cell, linked.mother[i], spot.line);
    builder.add(std::move(spot));
  }
  tracks.notes.push_back(fmt::format("TrackMate {}: {} spots, {} edges, {} splits; {} spots are linked to nothing", file.version, file.spots.size(), file.links.size(), linked.splits, loose));
  if (hidden > 0) tracks.notes.push_back(fmt::format("{} tracks are hidden by TrackMate's filter: their spots count as linked to nothing", hidden));
  if (file.hidden_spots > 0) tracks.notes.push_back(fmt::format("{} spots are hidden in TrackMate (VISIBILITY 0) and left out", file.hidden_spots));
  if (file.said_spots >= 0 && file.said_spots != static_cast<int>(file.spots.size()) + file.hidden_spots)
    tracks.notes.push_back(fmt::format("the file announces {} spots and holds {}", file.said_spots, static_cast<int>(file.spots.size()) + file.hidden_spots));
  note_merges(tracks, linked.merges);
  return builder.build(clock.interval_h);
}

}  // namespace hyped
