// Lineages that cannot be: each is refused with its line, its cell and what to do.
#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/ingest/tracks_same.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

CellTracks plain(const std::string& rows, const TrackReading& reading = {}) {
  const CommandFolder folder;
  folder.write("t.csv", "film,cell,mother,time_h,x,y,phase\n" + rows);
  return read_tracks(folder.path() / "t.csv", reading);
}

}  // namespace

TEST_CASE("a cycle in a lineage") {
  CHECK_THROWS_WITH(plain("1,a,b,0,1,1,\n1,b,a,1,1,1,\n"), Contains("t.csv:2") && Contains("cell 'a' is its own ancestor") && Contains("correct the mother"));
  CHECK_THROWS_WITH(plain("1,a,c,0,1,1,\n1,b,a,1,1,1,\n1,c,b,2,1,1,\n1,d,,2,5,5,\n"), Contains("its own ancestor"));
}

TEST_CASE("a daughter before, or together with, her mother's end") {
  CHECK_THROWS_WITH(plain("1,a,,0,1,1,\n1,a,,2,1,1,\n1,b,a,1,3,3,\n"), Contains("t.csv:4") && Contains("daughter 'b' is there at 1 h, before its mother 'a' (line 2) ends at 2 h"));
  CHECK_THROWS_WITH(plain("1,a,,0,1,1,\n1,a,,2,1,1,\n1,b,a,2,3,3,\n"), Contains("t.csv:4") && Contains("daughter 'b'") && Contains("still seen at 2 h"));
}

TEST_CASE("one cell twice in a frame, two cells in one place") {
  CHECK_THROWS_WITH(plain("1,a,,0,1,1,\n1,a,,1,1,1,\n1,a,,1,2,1,\n"), Contains("t.csv:4") && Contains("cell 'a' is twice in frame 1 (also line 3)"));
  CHECK_THROWS_WITH(plain("1,a,,0,1,1,\n1,b,,0,1,1,\n"), Contains("t.csv:3") && Contains("cell 'b' is in frame 0 exactly where cell 'a' is (line 2): x 1, y 1") && Contains("delete the copy"));
  CHECK(plain("1,a,,0,1,1,\n2,b,,0,1,1,\n1,b,,0,1,2,\n1,c,,0,,,\n1,d,,0,,,\n", {}).cells.size() == 5);
}

TEST_CASE("times that go back while frames go on") {
  const CommandFolder folder;
  folder.write("t.csv", "cell,frame,time_h,x,y\na,0,0,1,1\na,1,-1,1,1\n");
  CHECK_THROWS_WITH(read_tracks(folder.path() / "t.csv", {}), Contains("t.csv:2") && Contains("cell 'a' is in frame 0 at 0 h, after frame 1 at -1 h (line 3)"));
}

TEST_CASE("an unknown phase, two mothers, no cell") {
  TrackReading reading;
  reading.phases = {"G1", "S/G2/M"};
  CHECK_THROWS_WITH(plain("1,a,,0,1,1,G1\n1,a,,1,1,1,S/G2M\n", reading), Contains("t.csv:3") && Contains("cell 'a' has the phase 'S/G2M'") && Contains("did you mean 'S/G2/M'"));
  CHECK_THROWS_WITH(plain("1,a,,0,1,1,\n1,b,,0,2,1,\n1,c,a,1,1,1,\n1,c,b,2,1,1,\n"), Contains("t.csv:5") && Contains("the mother of cell 'c' is 'b', on line 4 'a'"));
  CHECK_THROWS_WITH(plain("1,,,0,1,1,\n"), Contains("t.csv:2") && Contains("column 'cell'"));
  CHECK_THROWS_WITH(plain("1,a,,soon,1,1,\n"), Contains("t.csv:2") && Contains("'soon' is not a number"));
}

TEST_CASE("rules hold for tracks made by hand too") {
  CellTracks tracks;
  tracks.source = "made";
  tracks.films = {{"one", "all", 0, 0, 10}, {"two", "all", 0, 0, 10}};
  tracks.cells.resize(2);
  tracks.cells[0] = {"a", 0, -1, {}, "", CellStart::film_start, CellEnd::division, 0, 5};
  tracks.cells[1] = {"b", 1, 0, {}, "", CellStart::division, CellEnd::film_end, 5, 10};
  CHECK_THROWS_WITH(check_lineages(tracks), Contains("'b' has its mother 'a' in another film, 'one'"));
  tracks.cells[1].film = 0;
  check_lineages(tracks);
  CHECK(tracks.cells[0].daughters == std::vector<int>{1});
  tracks.cells[1].end_h = 4;
  CHECK_THROWS_WITH(check_lineages(tracks), Contains("cell 'b' ends at 4 h, before it starts"));
  tracks.cells[1].end_h = 10;
  for (int i = 0; i < 2; ++i) tracks.cells.push_back(tracks.cells[1]);
  tracks.cells[2].id = "c";
  tracks.cells[3].id = "d";
  check_lineages(tracks);
  CHECK_THAT(tracks.notes.at(0), Contains("1 cell has more than two daughters; it is 'a'"));
  CHECK(sisters_of(tracks).size() == 3);
  tracks.frames.frame = {1};
  CHECK_THROWS_AS(check_lineages(tracks), BugError);
}

TEST_CASE("stays: gaps are bridged where both sides agree, changes lie between frames, what is not seen is open") {
  const CellTracks tracks = plain("1,a,,0,1,1,G1\n1,a,,1,1,1,\n1,a,,2,1,1,G1\n1,a,,3,1,1,\n1,a,,4,1,1,S\n1,z,,9,1,1,\n1,a,,6,1,1,\n");
  const auto& stays = cell(tracks, "a").stays;
  REQUIRE(stays.size() == 2);
  CHECK_FALSE(stays[0].entry_seen);
  CHECK(stays[0].left_from_h == 2);
  CHECK(stays[0].left_by_h == 4);
  CHECK(stays[1].entered_from_h == 2);
  CHECK(stays[1].entered_by_h == 4);
  CHECK(stays[1].end == StayEnd::lost);
  CHECK(stays[1].left_from_h == 4);
  CHECK(stays[1].left_by_h == 4);
}
