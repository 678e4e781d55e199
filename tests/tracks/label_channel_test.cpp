// Masks and labels are refused as light; rounded light is not.
#include "libhyped/tracks/calls/label_channel.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "libhyped/tracks/calls/reporter_map.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

// Six cells over 60 frames: light, light in whole numbers of 8 bits, a mask, the number of the nucleus in its frame, the cell's label, a class.
CellTracks filmed() {
  CellTracks tracks;
  tracks.source = "made";
  tracks.films = {{"f", "all", 0.25, 0, 15}};
  tracks.frames.channels = {"light", "rounded", "mask", "number", "label", "class"};
  tracks.frames.intensity.resize(360, 6);
  RandomStream random(8, 1, 1);
  for (int c = 0; c < 6; ++c) {
    FollowedCell cell{std::to_string(c), 0, -1, {}, {}, CellStart::film_start, CellEnd::film_end, 0, 15};
    cell.first_row = 60 * c;
    cell.row_count = 60;
    for (int f = 0; f < 60; ++f) {
      const double light = 60 + 40 * std::sin(0.1 * f + c) + 3 * random.normal();
      tracks.frames.intensity.row(60 * c + f) << light, std::round(light), (f + c) % 7 == 0 ? 255 : 1, 1 + (c + 5 * f) % 6, 40 + c, 1 + (f / 20 + c) % 3;
      tracks.frames.frame.push_back(f);
      tracks.frames.time_h.push_back(0.25 * f);
      tracks.frames.source_line.push_back(60 * c + f + 2);
      tracks.frames.filled.push_back(0);
    }
    tracks.cells.push_back(cell);
  }
  return tracks;
}

}  // namespace

TEST_CASE("a mask, labels and classes are no light") {
  const CellTracks tracks = filmed();
  CHECK(why_no_light(tracks, 0).empty());
  CHECK(why_no_light(tracks, 1).empty());
  CHECK_THAT(why_no_light(tracks, 2), Contains("two values only"));
  CHECK_THAT(why_no_light(tracks, 3), Contains("numbers the nuclei"));
  CHECK_THAT(why_no_light(tracks, 4), Contains("labels of cells"));
  CHECK_THAT(why_no_light(tracks, 5), Contains("classes"));
  CHECK_NOTHROW(check_intensities(tracks, {Reporter::cdt1_geminin, "light", "rounded"}, true));
  for (const char* name : {"mask", "number", "label", "class"})
    CHECK_THROWS_WITH(check_intensities(tracks, {Reporter::cdt1_geminin, "light", name}, true), Contains("channel '" + std::string(name) + "'") && Contains("give a channel of light: light, rounded"));
}
