// Looks, words and checks of two-channel reporters.
#include "libhyped/tracks/calls/reporter_map.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "libhyped/tracks/calls/label_channel.hpp"

namespace hyped {
namespace {

[[noreturn]] void no_phases(Reporter reporter) {
  throw InputError(fmt::format("reporter {}", to_string(reporter)), "has no phases that two channels on or off tell apart", "give cdt1_geminin or pip");
}

}  // namespace

std::vector<std::string> phases_of(Reporter reporter) {
  if (reporter == Reporter::cdt1_geminin) return {"G1", "G1/S", "S/G2/M"};
  if (reporter == Reporter::pip) return {"G1", "S", "G2/M"};
  no_phases(reporter);
}

std::vector<Light> lights_of(Reporter reporter) {
  if (reporter == Reporter::cdt1_geminin) return {{0, false, false, true}, {0, true, false}, {1, true, true, true}, {2, false, true}};
  if (reporter == Reporter::pip) return {{0, false, false, true}, {0, true, false}, {1, false, true}, {2, true, true}};
  no_phases(reporter);
}

std::string words_of(const ReporterMap& map) {
  const auto phases = phases_of(map.reporter);
  std::vector<std::string> g1, cycling;
  for (const Light& light : lights_of(map.reporter)) {
    if (light.g1_on) g1.push_back(phases[static_cast<std::size_t>(light.phase)]);
    if (light.cycling_on) cycling.push_back(phases[static_cast<std::size_t>(light.phase)]);
  }
  return fmt::format("reporter {}: '{}' on in {}, '{}' on in {}, both dark after mitosis (G1)", to_string(map.reporter), map.g1_channel, fmt::join(g1, " and "), map.cycling_channel,
                     fmt::join(cycling, " and "));
}

std::pair<int, int> channels_of(const CellTracks& tracks, const ReporterMap& map) {
  const auto& names = tracks.frames.channels;
  auto find = [&](const std::string& name, const char* what) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end())
      throw InputError(tracks.source, fmt::format("has no channel '{}' ({})", name, what),
                       names.empty() ? "the file holds no intensities" : fmt::format("its channels are {}", fmt::join(names, ", ")));
    return static_cast<int>(at - names.begin());
  };
  const int g1 = find(map.g1_channel, "of G1"), cycling = find(map.cycling_channel, "of cycling cells");
  if (g1 == cycling) throw InputError(tracks.source, fmt::format("'{}' is given as both channels", map.g1_channel), "give two channels");
  return {g1, cycling};
}

std::vector<std::string> check_intensities(const CellTracks& tracks, const ReporterMap& map, bool allow_saturated) {
  const auto [g1, cycling] = channels_of(tracks, map);
  std::vector<std::string> notes;
  for (const int c : {g1, cycling}) {
    const std::string& name = tracks.frames.channels[static_cast<std::size_t>(c)];
    const auto column = tracks.frames.intensity.col(c);
    double low = std::numeric_limits<double>::infinity(), high = -low;
    int present = 0, lowest_row = 0;
    for (int row = 0; row < tracks.frames.rows(); ++row) {
      const double value = column[row];
      if (!std::isfinite(value)) continue;
      ++present;
      if (value < low) low = value, lowest_row = row;
      high = std::max(high, value);
    }
    const std::string where = fmt::format("{}: channel '{}'", tracks.source, name);
    if (present == 0) throw InputError(where, "has no value", "give a channel that was measured");
    if (low == high) throw InputError(where, fmt::format("holds {} in all {} rows", low, present), "a channel that never changes says nothing of phases: give another, or check the export");
    if (const std::string why = why_no_light(tracks, c); !why.empty()) {
      std::vector<std::string> light;
      for (std::size_t other = 0; other < tracks.frames.channels.size(); ++other)
        if (why_no_light(tracks, static_cast<int>(other)).empty()) light.push_back(tracks.frames.channels[other]);
      throw InputError(where, why + ", no light of a reporter", light.empty() ? "export the mean light of each nucleus" : fmt::format("give a channel of light: {}", fmt::join(light, ", ")));
    }
    if (low <= 0)
      throw InputError(fmt::format("{}:{}: channel '{}'", tracks.source, tracks.frames.source_line[static_cast<std::size_t>(lowest_row)], name),
                       fmt::format("holds {}, and intensities are compared by their logarithms", low), "export them without subtracting the background");
    const auto top = (column.array() == high).count();
    if (top > 1 && static_cast<double>(top) > 0.05 * present && !allow_saturated)
      throw InputError(where, fmt::format("{:.1f} % of its values stand at its maximum, {}: it is saturated", 100.0 * static_cast<double>(top) / present, high),
                       "measure with less exposure; --allow-saturated takes it all the same, and phases of bright cells are then less certain");
    if (top > 1 && static_cast<double>(top) > 1e-3 * present) notes.push_back(fmt::format("channel '{}': {:.1f} % of values at its maximum {}", name, 100.0 * static_cast<double>(top) / present, high));
    if (present < tracks.frames.rows()) notes.push_back(fmt::format("channel '{}': {} of {} rows have no value and are bridged", name, tracks.frames.rows() - present, tracks.frames.rows()));
  }
  return notes;
}

}  // namespace hyped
