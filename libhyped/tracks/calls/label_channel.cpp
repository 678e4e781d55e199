// Labels told from light by how their numbers repeat.
#include "libhyped/tracks/calls/label_channel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

namespace hyped {
namespace {

constexpr int fewest = 20;

// Share of steps along tracks that do not change the value, where there are enough steps; else 0.
double unchanged(const CellTracks& tracks, int channel) {
  long steps = 0, same = 0;
  for (const FollowedCell& cell : tracks.cells)
    for (int row = cell.first_row + 1; row < cell.first_row + cell.row_count; ++row) {
      const double before = tracks.frames.intensity(row - 1, channel), now = tracks.frames.intensity(row, channel);
      if (!std::isfinite(before) || !std::isfinite(now)) continue;
      ++steps;
      same += before == now ? 1 : 0;
    }
  return steps >= fewest ? static_cast<double>(same) / static_cast<double>(steps) : 0;
}

// Do the values number the nuclei of their frames?
bool numbers_nuclei(const CellTracks& tracks, int channel) {
  std::map<std::pair<int, int>, std::pair<int, std::set<double>>> frames;      // film and frame: nuclei, values
  for (const FollowedCell& cell : tracks.cells)
    for (int row = cell.first_row; row < cell.first_row + cell.row_count; ++row) {
      const double value = tracks.frames.intensity(row, channel);
      if (!std::isfinite(value)) continue;
      auto& [nuclei, values] = frames[{cell.film, tracks.frames.frame[static_cast<std::size_t>(row)]}];
      ++nuclei;
      values.insert(value);
    }
  int asked = 0, numbered = 0;
  for (const auto& [at, frame] : frames) {
    const auto& [nuclei, values] = frame;
    if (nuclei < 4) continue;
    ++asked;
    numbered += static_cast<int>(values.size()) == nuclei && *values.rbegin() <= 2.0 * nuclei ? 1 : 0;
  }
  return asked >= 3 && numbered >= 0.9 * asked;
}

}  // namespace

std::string why_no_light(const CellTracks& tracks, int channel) {
  std::set<double> values;
  long present = 0;
  bool whole = true;
  for (const double value : tracks.frames.intensity.col(channel)) {
    if (!std::isfinite(value)) continue;
    ++present;
    whole = whole && value >= 0 && value == std::floor(value);
    if (values.size() < 100) values.insert(value);
  }
  if (present < fewest || values.size() < 2) return "";
  if (values.size() == 2) return fmt::format("holds two values only, {:g} and {:g}: a mask", *values.begin(), *values.rbegin());
  if (!whole) return "";
  if (numbers_nuclei(tracks, channel)) return "numbers the nuclei of each frame (1, 2, 3, ...): labels of a segmentation";
  if (const double same = unchanged(tracks, channel); same > (values.size() > 12 ? 0.8 : 0.98)) return "holds whole numbers that hardly ever change along a track: labels of cells";
  if (values.size() <= 12 && present >= 100) return fmt::format("holds {} different whole numbers only: classes", values.size());
  return "";
}

}  // namespace hyped
