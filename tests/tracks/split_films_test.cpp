// Films cut in two at a mark: stays on either side, those under way, mothers and sisters.
#include "libhyped/tracks/split_films.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/tracks/durations/duration_data.hpp"
#include "libhyped/tracks/durations/skipped_phases.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

FollowedCell cell_of(const std::string& id, double from, double change, double until, int mother = -1) {
  FollowedCell cell{id, 0, mother, {}, {}, mother < 0 ? CellStart::film_start : CellStart::division, CellEnd::division, from, until};
  cell.stays = {{0, from, from, change, change, mother >= 0, StayEnd::next}, {1, change, change, until, until, true, StayEnd::division}};
  return cell;
}

// A mother that divides at 10 h; a dose at 16 h; one daughter changes phase before it, one after; a granddaughter born after it.
CellTracks family() {
  CellTracks tracks;
  tracks.source = "made";
  tracks.phases = {"G1", "S/G2/M"};
  tracks.films = {{"f", "drug", 0, 0, 60, {{"dose", 16}}}, {"g", "none", 0, 0, 60}};
  tracks.cells = {cell_of("m", 0, 4, 10), cell_of("a", 10, 14, 24, 0), cell_of("b", 10, 20, 30, 0), cell_of("aa", 24, 30, 40, 1), cell_of("ab", 24, 33, 44, 1)};
  FollowedCell other = cell_of("x", 0, 5, 9);
  other.film = 1;
  tracks.cells.push_back(other);
  check_lineages(tracks);
  return tracks;
}

}  // namespace

TEST_CASE("a film is cut at its mark: stays under way are cut off before it and have no begin after it") {
  const CellTracks tracks = family();
  const auto marks = marked_stays(tracks);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].before == 3);      // both of the mother, G1 of a
  CHECK(marks[0].across == 2);      // S/G2/M of a, G1 of b
  CHECK(marks[0].after == 5);
  CellTracks split = split_films(tracks, "dose");
  check_lineages(split);
  REQUIRE(split.films.size() == 3);
  CHECK(split.films[0].condition == "drug before dose");
  CHECK(split.films[0].last_h == 16);
  CHECK(split.films[1].condition == "drug after dose");
  CHECK(split.films[1].first_h == 16);
  CHECK(split.films[2].condition == "none");
  DurationPolicy policy;
  policy.condition = "drug before dose";
  const DurationData g1 = make_durations(split, policy);
  REQUIRE(g1.count() == 2);      // the mother's begin was not seen
  CHECK(g1.durations[0].exact());
  CHECK(g1.durations[0].lower_h == 4);
  CHECK(g1.durations[1].censored());
  CHECK(g1.durations[1].lower_h == 6);
  policy.condition = "drug after dose";
  policy.phase = 1;
  const DurationData after = make_durations(split, policy);
  REQUIRE(after.count() == 3);
  for (const Duration& d : after.durations) CHECK(d.exact());
  CHECK(after.durations[0].lower_h == 10);      // of b, begun at 20 h
  CHECK(sisters_of(split).size() == 3);      // a and b on either side, aa and ab
  CHECK_THAT(split.notes.front(), Contains("1 of 2 films"));
}

TEST_CASE("films are cut at an hour too, and nonsense is refused") {
  const CellTracks tracks = family();
  const CellTracks split = split_films(tracks, "16");
  CHECK(split.films.size() == 4);
  CHECK(split.films[2].condition == "none before 16 h");
  CHECK_THROWS_WITH(split_films(tracks, "doze"), Contains("did you mean 'dose'"));
  CHECK_THROWS_WITH(split_films(tracks, "99"), Contains("lies in no film"));
}

TEST_CASE("cells that go past a phase are counted") {
  CellTracks tracks = family();
  tracks.phases = {"G1", "S", "G2/M"};
  for (auto& cell : tracks.cells) cell.stays[1].phase = 2;      // none shows S
  tracks.cells[1].stays[1].phase = 1;                           // one divides from S
  CHECK(skipped_phase(tracks, 1).skipped == 5);
  CHECK(skipped_phase(tracks, 1).entered == 1);
  CHECK(skipped_phase(tracks, 2).skipped == 1);
  CHECK(skipped_phase(tracks, 1, "none").skipped == 1);
  tracks.cells[3].stays.erase(tracks.cells[3].stays.begin());      // born into G2/M
  tracks.cells[3].stays[0].entry_seen = true;
  CHECK(skipped_phase(tracks, 0).skipped == 1);
}
