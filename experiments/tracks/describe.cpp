// Counts of tracks.
#include "experiments/tracks/describe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/tracks/light_support.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/tracks/calls/label_channel.hpp"

namespace hyped {
namespace {

std::vector<std::string> conditions_in_order(const CellTracks& tracks) {
  std::vector<std::string> order;
  for (const auto& film : tracks.films)
    if (std::find(order.begin(), order.end(), film.condition) == order.end()) order.push_back(film.condition);
  return order;
}

std::string range_of(std::set<double> values, const char* unit) {
  if (values.empty()) return "";
  return *values.begin() == *values.rbegin() ? fmt::format("{:.4g} {}", *values.begin(), unit) : fmt::format("{:.4g} to {:.4g} {}", *values.begin(), *values.rbegin(), unit);
}

}  // namespace

Table conditions_of(const CellTracks& tracks) {
  Table table({{"condition", "", ""}, {"films", "", ""}, {"cells", "", ""}, {"trees", "", "cells without a mother"}, {"born", "", "whose birth was seen"}, {"divided", "", ""},
               {"died", "", ""}, {"lost", "", "out of view or lost by the tracker"}, {"at_film_end", "", "still there"}, {"whole", "", "birth and division seen"}});
  for (const auto& condition : conditions_in_order(tracks)) {
    std::int64_t films = 0, cells = 0, trees = 0, born = 0, whole = 0;
    std::map<CellEnd, std::int64_t> ends;
    for (const auto& film : tracks.films) films += film.condition == condition;
    for (const auto& cell : tracks.cells) {
      if (tracks.films[cell.film].condition != condition) continue;
      ++cells;
      trees += cell.mother < 0;
      born += cell.start == CellStart::division;
      whole += cell.start == CellStart::division && cell.end == CellEnd::division;
      ++ends[cell.end];
    }
    table.add_row({condition, films, cells, trees, born, ends[CellEnd::division], ends[CellEnd::death], ends[CellEnd::lost], ends[CellEnd::film_end], whole});
  }
  return table;
}

std::vector<std::pair<std::string, std::string>> facts_of(const CellTracks& tracks) {
  const TrackCounts counts = counts_of(tracks);
  std::vector<std::pair<std::string, std::string>> facts = {
      {"cells", fmt::format("{} in {}; {} divided, {} died, {} lost; {} of sisters", counts.cells, counted(counts.trees, "tree"), counts.divisions, counts.deaths, counts.lost, counted(sisters_of(tracks).size(), "pair"))},
      {"time axis", tracks.time_axis}};
  std::set<double> intervals, lengths;
  const bool in_frames = tracks.time_axis.starts_with("frames, not hours");
  for (const auto& film : tracks.films) {
    intervals.insert(film.frame_interval_h * 60);
    lengths.insert(film.last_h - film.first_h + (in_frames ? 1 : 0));      // the last frame is one too
  }
  const std::string every = in_frames ? "" : *intervals.rbegin() > 0 ? ", a frame every " + range_of(intervals, "min") : ", annotated";
  facts.emplace_back("films", fmt::format("{}, {} long{}", tracks.films.size(), range_of(lengths, in_frames ? "frames" : "h"), every));
  if (counts.rows > 0) {
    const auto filled = std::count(tracks.frames.filled.begin(), tracks.frames.filled.end(), char{1});
    facts.emplace_back("nuclei", fmt::format("{} in all frames, {} linked to nothing{}; positions in {}", counts.rows, counts.unlinked_rows, filled > 0 ? fmt::format(", {} put in by the tracker", filled) : "", tracks.length_unit));
    std::vector<std::string> channels;
    for (std::size_t c = 0; c < tracks.frames.channels.size(); ++c) {
      const std::string why = why_no_light(tracks, static_cast<int>(c));
      channels.push_back(tracks.frames.channels[c] + (why.empty() ? "" : " (no light: it " + why + ")"));
    }
    facts.emplace_back("channels", channels.empty() ? "none" : fmt::format("{}", fmt::join(channels, ", ")));
  }
  facts.emplace_back("phases", tracks.phases.empty() ? "none: call them from the channels" : fmt::format("{}", fmt::join(tracks.phases, ", ")));
  return facts;
}

Table course_of(const CellTracks& tracks) {
  Table table({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "cells", ""}, {"lower", "cells", ""}, {"upper", "cells", ""}});
  for (const auto& condition : conditions_in_order(tracks)) {
    std::vector<double> starts, ends, divided, gone;
    double first = 1e300, last = -1e300;
    for (const auto& film : tracks.films)
      if (film.condition == condition) {
        first = std::min(first, film.first_h);
        last = std::max(last, film.last_h);
      }
    for (const auto& cell : tracks.cells) {
      if (tracks.films[cell.film].condition != condition) continue;
      starts.push_back(cell.start_h);
      if (cell.end != CellEnd::film_end) ends.push_back(cell.end_h);
      if (cell.end == CellEnd::division) divided.push_back(cell.end_h);
      if (cell.end == CellEnd::death || cell.end == CellEnd::lost) gone.push_back(cell.end_h);
    }
    for (auto* times : {&starts, &ends, &divided, &gone}) std::sort(times->begin(), times->end());
    const auto until = [](const std::vector<double>& times, double now) { return static_cast<double>(std::upper_bound(times.begin(), times.end(), now) - times.begin()); };
    const auto before = [](const std::vector<double>& times, double now) { return static_cast<double>(std::lower_bound(times.begin(), times.end(), now) - times.begin()); };
    constexpr int points = 100;
    for (int i = 0; i <= points; ++i) {
      const double now = first + (last - first) * i / points;
      for (const auto& [name, value] : {std::pair("followed", until(starts, now) - before(ends, now)), std::pair("divided", until(divided, now)), std::pair("gone", until(gone, now))})
        table.add_row({condition, std::string(name), now, value, value, value});
    }
  }
  return table;
}

Inspection inspect_tracks(const std::filesystem::path& path) {
  TrackReading reading;
  std::vector<std::string> doubts;
  CellTracks tracks;
  try {
    tracks = read_tracks(path, reading);
  } catch (const InputError& error) {
    reading.in_frames = true;      // refuses again whatever was not about the interval
    tracks = read_tracks(path, reading);
    doubts.emplace_back(error.what());
  }
  Inspection found{path.string(), fmt::format("cells followed over time ({})", tracks.format), facts_of(tracks), conditions_of(tracks), {}};
  found.notes = tracks.notes;
  found.doubts.insert(found.doubts.begin(), doubts.begin(), doubts.end());
  for (auto& fact : light_support(tracks)) found.facts.push_back(std::move(fact));
  return found;
}

}  // namespace hyped
