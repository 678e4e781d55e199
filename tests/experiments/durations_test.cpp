// A run over simulated tracks: tables hold the truth, figures are drawn, bad names are refused.
#include "experiments/tracks/durations.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>

#include "libhyped/random.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

constexpr double frame = 0.5, film_h = 40;

// Two phases, gamma G1 (mean 9 h, in "drug" 13 h) and gamma S/G2/M (mean 8 h), sisters alike, death at 0.008 /h, seen at frames.
CellTracks drawn_tracks() {
  CellTracks tracks;
  tracks.source = "drawn";
  tracks.phases = {"G1", "S/G2/M"};
  tracks.films = {{"f1", "control", frame, 0, film_h}, {"f2", "drug", frame, 0, film_h}};
  RandomStream random(62, 1, 1);
  const auto up = [](double t) { return frame * std::ceil(t / frame); };
  for (int m = 0; m < 240; ++m) {
    const int film = m % 2, mother = static_cast<int>(tracks.cells.size());
    const double divides = 14 * random.uniform();
    tracks.cells.push_back({"m" + std::to_string(m), film, -1, {}, {}, CellStart::film_start, CellEnd::division, 0, divides});
    const double shared = random.gamma(4.5);
    for (int s = 0; s < 2; ++s) {
      const int index = static_cast<int>(tracks.cells.size());
      tracks.cells[static_cast<std::size_t>(mother)].daughters.push_back(index);
      const double g1 = (shared + random.gamma(4.5)) * (film == 0 ? 1.0 : 13.0 / 9), sg2m = random.gamma(16) * 0.5, dies = random.exponential() / 0.008;
      const double change = divides + g1, end = change + sg2m, death = divides + dies, last = frame * std::floor(std::min(std::min(end, death), film_h) / frame), first = up(divides);
      FollowedCell cell{"d" + std::to_string(index), film, mother, {}, {}, CellStart::division, death < end && death < film_h ? CellEnd::death : end < film_h ? CellEnd::division : CellEnd::film_end, divides, std::min({end, death, film_h})};
      const auto ending = cell.end == CellEnd::death ? StayEnd::death : cell.end == CellEnd::division ? StayEnd::division : StayEnd::film_end;
      const double left_by = ending == StayEnd::film_end ? last : last + frame;
      if (first > last) continue;
      const double changed = up(change);
      if (changed > last) {
        cell.stays = {{0, first - frame, first, last, left_by, true, ending}};
      } else {
        cell.stays = {{1, changed - frame, changed, last, left_by, true, ending}};
        if (changed > first) cell.stays.insert(cell.stays.begin(), {0, first - frame, first, changed - frame, changed, true, StayEnd::next});
      }
      tracks.cells.push_back(cell);
    }
    auto& daughters = tracks.cells[static_cast<std::size_t>(mother)].daughters;
    while (!daughters.empty() && daughters.back() >= static_cast<int>(tracks.cells.size())) daughters.pop_back();
  }
  return tracks;
}

double number(const DelimitedTable& table, std::size_t row, const std::string& column) { return table.number(row, table.column(column)); }

}  // namespace

TEST_CASE("hyped tracks durations: truth within the intervals, curves, competing deaths, conditions, sisters", "[standard]") {
  const CellTracks tracks = drawn_tracks();
  RunFolder folder("hyped_durations");
  RunDirectory run(folder.path, {"hyped", "tracks", "durations"}, 1);
  run.set_title("durations", "how long");
  DurationSettings settings;
  settings.families = {"gamma", "lognormal", "delayed_exponential"};
  settings.baseline = "control";
  settings.draws = 39;
  REQUIRE(run_durations(run, tracks, settings));
  for (const auto& figure : run.summary().figures) {
    INFO(figure.name << ": " << figure.outcome);
    CHECK(figure.outcome.empty());
  }
  CHECK(run.summary().figures.size() == 3);
  run.finish();
  const DelimitedTable fits = folder.table("duration_fits"), families = folder.table("duration_families"), arms = folder.table("arms"), pairs = folder.table("pairs"), ends = folder.table("competing_ends");
  int checked = 0;
  for (std::size_t row = 0; row < fits.rows(); ++row) {
    if (fits.text(row, fits.column("family")) != "gamma" || fits.text(row, fits.column("name")) != "mean") continue;
    const double truth = fits.text(row, fits.column("phase")) == "S/G2/M" ? 8 : fits.text(row, fits.column("condition")) == "drug" ? 13 : 9;
    INFO(truth);
    if (fits.text(row, fits.column("phase")) == "G1") CHECK(number(fits, row, "inflation") > 1.1);      // sisters are alike
    CHECK(number(fits, row, "lower") < truth);
    CHECK(number(fits, row, "upper") > truth);
    ++checked;
  }
  CHECK(checked == 4);
  for (std::size_t row = 0; row < families.rows(); ++row)
    if (families.text(row, families.column("family")) == "delayed_exponential") {
      INFO(families.text(row, families.column("outcome")));
      CHECK(number(families, row, "d_aicc") > 20);
    }
  bool found = false;
  for (std::size_t row = 0; row < arms.rows(); ++row)
    if (arms.text(row, arms.column("phase")) == "G1") {
      found = true;
      CHECK(number(arms, row, "lower") < std::log(13.0 / 9));
      CHECK(number(arms, row, "upper") > std::log(13.0 / 9));
      CHECK(number(arms, row, "p_ratio") < 1e-6);
    } else {
      CHECK(number(arms, row, "p_ratio") > 1e-3);
    }
  CHECK(found);
  const std::size_t sisters = row_of(pairs, "pairs", "sisters, G1");
  CHECK(number(pairs, sisters, "lower") < 0.5);
  CHECK(number(pairs, sisters, "upper") > 0.5);
  // death by a constant hazard: mean 125 h whatever the phase
  int deaths = 0;
  for (std::size_t row = 0; row < ends.rows(); ++row)
    if (ends.text(row, ends.column("cause")) == "death" && ends.text(row, ends.column("name")) == "shape") {
      ++deaths;
      CHECK(number(ends, row, "lower") < 1);
      CHECK(number(ends, row, "upper") > 0.9);
    }
  CHECK(deaths > 0);
  if (const char* keep = std::getenv("HYPED_FIGURES"))
    for (const std::string name : {"survival", "duration_densities", "pairs"}) std::filesystem::copy_file(folder.path / "figures" / (name + ".svg"), std::filesystem::path(keep) / (name + ".svg"), std::filesystem::copy_options::overwrite_existing);
}

TEST_CASE("hyped tracks durations refuses names that are not there") {
  CellTracks tracks = drawn_tracks();
  RunFolder folder("hyped_durations_bad");
  RunDirectory run(folder.path, {"hyped"}, 1);
  DurationSettings settings;
  settings.families = {"lognormall"};
  CHECK_THROWS_WITH(run_durations(run, tracks, settings), Catch::Matchers::Contains("lognormal"));
  settings.families = {};
  settings.phases = {"G2"};
  CHECK_THROWS_AS(run_durations(run, tracks, settings), InputError);
  settings.phases = {};
  settings.baseline = "contrl";
  CHECK_THROWS_AS(run_durations(run, tracks, settings), InputError);
  tracks.phases.clear();
  CHECK_THROWS_WITH(run_durations(run, tracks, {}), Catch::Matchers::Contains("hyped tracks phases"));
}
