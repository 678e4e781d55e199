// Real exports, read unedited: numbers as their sources state them, and the tidy form back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/read_events.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/write_tracks.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/ingest/tracks_same.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

void check_round_trip(const CellTracks& tracks) {
  const CommandFolder folder;
  write_tracks(tracks, folder.path() / "tidy");
  CHECK(difference(tracks, read_tracks(folder.path() / "tidy")) == "");
}

std::string all(const std::vector<std::string>& notes) {
  std::string text;
  for (const auto& note : notes) text += note + "\n";
  return text;
}

int count(const CellTracks& tracks, CellEnd end) {
  return static_cast<int>(std::count_if(tracks.cells.begin(), tracks.cells.end(), [&](const auto& cell) { return cell.end == end; }));
}

}  // namespace

TEST_CASE("must/single/4") {
  const auto xml = real_data("data/fucci/trackmate_ht1080_fucci/merged.ome.xml.zip"), btrack = real_data("data/fucci/btrack_export_sample/tracks.csv");
  if (xml.empty() || btrack.empty()) return;
  const CellTracks trackmate = read_tracks(xml, every(15));
  const TrackCounts counts = counts_of(trackmate);
  CHECK(counts.rows == 1074);
  CHECK_THAT(all(trackmate.notes), Contains("1074 spots, 1037 edges, 13 splits; 28 spots are linked to nothing"));
  CHECK(counts.trees == 9);
  CHECK(counts.divisions == 13);
  CHECK(counts.cells == 9 + 2 * 13);
  CHECK(counts.unlinked_rows == 28);
  CHECK(trackmate.films.at(0).last_h == Approx(96 * 0.25));
  check_round_trip(trackmate);

  const CellTracks tracked = read_tracks(btrack, every(4));
  const TrackCounts theirs = counts_of(tracked);
  CHECK(theirs.cells == 163);
  CHECK(theirs.trees == 25);
  CHECK(theirs.divisions == 69);
  CHECK(theirs.rows == 21578);
  check_round_trip(tracked);
}

TEST_CASE("TrackMate: an uncalibrated stack needs an interval, lineages and channels are as in the file") {
  const auto xml = real_data("data/fucci/trackmate_ht1080_fucci/merged.ome.xml.zip"), spots = real_data("data/fucci/trackmate_ht1080_fucci/spots.csv");
  if (xml.empty()) return;
  CHECK_THROWS_WITH(read_tracks(xml), Contains("interval between frames is not known") && Contains("timeinterval 1, timeunits 'sec'") && Contains("--frame-interval-min 15"));
  const CellTracks tracks = read_tracks(xml, every(15));
  CHECK(tracks.format == "trackmate-xml");
  CHECK(tracks.length_unit == "um");
  CHECK_THAT(tracks.time_axis, Contains("frame x 15 min, as given"));
  CHECK(tracks.frames.channels == std::vector<std::string>{"MEAN_INTENSITY_CH1", "MEAN_INTENSITY_CH2", "MEAN_INTENSITY_CH3"});
  const FollowedCell& root = cell(tracks, "6");
  CHECK(root.start == CellStart::film_start);
  CHECK(tracks.frames.position(root.first_row, 0) == Approx(198.71309541594314));
  CHECK(tracks.frames.intensity(root.first_row, 1) == Approx(366.4109364914154));
  const FollowedCell& daughter = cell(tracks, "2.1");
  CHECK(tracks.cells[daughter.mother].id == "2");
  CHECK(daughter.start_h == Approx(tracks.cells[daughter.mother].end_h + 0.25));
  CHECK(count(tracks, CellEnd::death) == 0);
  CHECK(count(tracks, CellEnd::lost) + count(tracks, CellEnd::film_end) == 35 - 13);

  CHECK_THROWS_WITH(read_tracks(spots, every(15)), Contains("spots.csv:") && Contains("it is a tree") && Contains("--edges"));
  TrackReading with_edges = every(15);
  with_edges.edges = real_data("data/fucci/trackmate_ht1080_fucci/edges.csv");
  const CellTracks table = read_tracks(spots, with_edges);
  CHECK(counts_of(table).cells == 35);
  CHECK(counts_of(table).divisions == 13);
  CHECK(counts_of(table).unlinked_rows == 28);
}

TEST_CASE("btrack: companions are found beside the tracks, apoptosis in the last frame is a death") {
  const auto file = real_data("data/fucci/btrack_export_sample/tracks.csv");
  if (file.empty()) return;
  CHECK_THROWS_WITH(read_tracks(file), Contains("btrack counts t in frames"));
  const CellTracks tracks = read_tracks(file, every(4));
  CHECK_THAT(all(tracks.notes), Contains("graph.json, which lies beside it") && Contains("properties.csv, which lies beside it"));
  CHECK(tracks.cells[cell(tracks, "118").mother].id == "5");
  CHECK(tracks.frames.position(0, 0) == Approx(234.807));
  CHECK(tracks.frames.position(0, 1) == Approx(34.464));
  CHECK(cell(tracks, "403").end == CellEnd::film_end);
  CHECK(sisters_of(tracks).size() == 69);
}

TEST_CASE("Dowling 2014: 685 divided cells, the paper's numbers of cells and sister pairs") {
  const auto file = real_data("data/fucci/dowling2014/cells.csv");
  if (file.empty()) return;
  const CellTracks tracks = read_tracks(file);
  CHECK(tracks.format == "dowling2014");
  CHECK(tracks.cells.size() == 685);
  CHECK(counts_of(tracks).divisions == 685);
  std::map<std::string, std::pair<int, int>> by_condition;
  std::map<std::string, double> length;
  for (const auto& one : tracks.cells) {
    ++by_condition[tracks.films[one.film].condition].first;
    length[tracks.films[one.film].condition] += one.end_h - one.start_h;
    REQUIRE(one.stays.size() == 2);
    CHECK(one.stays[0].entry_seen);
    CHECK(one.stays[1].end == StayEnd::division);
  }
  for (const auto& [a, b] : sisters_of(tracks)) ++by_condition[tracks.films[tracks.cells[a].film].condition].second;
  CHECK(by_condition["Bcell_CpG"] == std::pair(98, 49));
  CHECK(by_condition["Bcell_aCD40"] == std::pair(40, 17));
  CHECK(by_condition["CD8_IL2"] == std::pair(113, 56));
  CHECK(by_condition["OTI_N4_IL2"] == std::pair(286, 143));
  CHECK(length["Bcell_CpG"] / 98 == Approx(12.23).margin(0.005));
  check_round_trip(tracks);
}

TEST_CASE("Imig 2020: lineages with TRAIL as a mark, durations with what is censored") {
  const auto lineages = real_data("data/fucci/imig2020_nci-h460_hct116/trail_lineages.csv"), durations = real_data("data/fucci/imig2020_nci-h460_hct116/untreated_durations.csv");
  if (lineages.empty() || durations.empty()) return;
  const CellTracks tracks = read_tracks(lineages);
  INFO(all(tracks.notes));
  CHECK(tracks.cells.size() == 3061);      // 389.1 and another die before their G1 ends
  CHECK_THAT(all(tracks.notes), Contains("2 rows contradict themselves") && Contains("'389.1'") && Contains("7 names occur twice"));
  CHECK(tracks.films.size() == 86);
  CHECK(tracks.films[0].marks.at(0) == std::pair(std::string("TRAIL"), 31.0));
  CHECK(count(tracks, CellEnd::death) > 1500);
  for (const auto& one : tracks.cells)
    if (one.id == "557.11") CHECK(tracks.cells[one.mother].id == "557.1");
  check_round_trip(tracks);

  const CellTracks untreated = read_tracks(durations);
  CHECK(untreated.cells.size() == 602);
  int g1 = 0, g1_open = 0, sg2m = 0, sg2m_open = 0;
  for (const auto& one : untreated.cells)
    for (const auto& stay : one.stays) {
      if (untreated.films[one.film].name != "NCI-H460") continue;
      ++(stay.phase == 0 ? stay.exit_seen() ? g1 : g1_open : stay.exit_seen() ? sg2m : sg2m_open);
    }
  CHECK(g1 == 391);
  CHECK(g1_open == 9);
  CHECK(sg2m == 415);
  CHECK(sg2m_open == 6);
  check_round_trip(untreated);
}

TEST_CASE("Carr 2021: 20 complete cycles with the hours in each phase of its table") {
  const auto file = real_data("data/fucci/carr2021_scratch_wm983c/tracks.csv");
  if (file.empty()) return;
  const CellTracks tracks = read_tracks(file);
  REQUIRE(tracks.cells.size() == 20);
  CHECK(tracks.phases == std::vector<std::string>{"G1_red", "eS_yellow", "SG2M_green"});
  const auto& stays = cell(tracks, "3").stays;
  REQUIRE(stays.size() == 3);
  const double hours[] = {8.367, 7.046, 4.844};
  for (int k = 0; k < 3; ++k) CHECK(stays[k].left_by_h - stays[k].entered_by_h == Approx(hours[k]).margin(0.002));
  CHECK(stays[2].end == StayEnd::division);
  CHECK(cell(tracks, "1").stays.size() == 2);
  check_round_trip(tracks);
}
