// What a new user found wrong with single cells, each as a test: light, sisters, means, plateaus, event tables, rates nobody made.
#include <catch2/catch.hpp>

#include <cmath>

#include "experiments/tracks/durations.hpp"
#include "experiments/tracks/multistate.hpp"
#include "experiments/tracks/phases.hpp"
#include "experiments/twin/film.hpp"
#include "fitting/duration_pairs.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/run_summary.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/tracks/simulated_histories.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

bool said(const std::vector<std::string>& list, const std::string& text) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& one) { return one.find(text) != one.npos; });
}

// Annotated stays in one phase, one cell each; infinite durations are cut off at `film_h`.
CellTracks annotated(const std::vector<double>& durations, double film_h) {
  CellTracks tracks;
  tracks.source = "drawn";
  tracks.phases = {"G1"};
  tracks.films = {{"f", "all", 0, 0, film_h}};
  for (std::size_t i = 0; i < durations.size(); ++i) {
    const bool over = durations[i] < film_h;
    const double end = over ? durations[i] : film_h;
    FollowedCell cell{std::to_string(i), 0, -1, {}, {}, CellStart::division, over ? CellEnd::division : CellEnd::film_end, 0, end};
    cell.stays = {{0, 0, 0, end, end, true, over ? StayEnd::division : StayEnd::film_end}};
    tracks.cells.push_back(cell);
  }
  return tracks;
}

RunSummary durations_of(const CellTracks& tracks, const std::string& folder, std::vector<std::string> families = {"gamma", "lognormal"}) {
  RunFolder place(folder);
  RunDirectory run(place.path, {"hyped"}, 1);
  run.set_title("t", "q");
  DurationSettings settings;
  settings.draws = 0;
  settings.families = std::move(families);
  run_durations(run, tracks, settings);
  return run.summary();
}

}  // namespace

TEST_CASE("phases takes the light model that explains the film better, and says the figures of both", "[standard]") {
  FilmSettings settings;
  settings.founders = 60;
  for (int i = 0; i <= 144; ++i) settings.times_h.push_back(i / 3.0);
  FilmedCells film = film_cells(simulated_histories({{"G1", 12, 0.35}, {"S/G2/M", 13, 0.2}}, 12, 48, 77), settings, 78);
  RunFolder place("hyped_light");
  RunDirectory run(place.path, {"hyped"}, 1);
  run.set_title("t", "q");
  PhaseSettings phases;
  phases.reporter = "cdt1_geminin";
  phases.g1_channel = settings.channels[0];
  phases.cycling_channel = settings.channels[1];
  call_phases(run, film.tracks, phases);
  CHECK(film.tracks.phases == std::vector<std::string>{"G1", "S/G2/M"});
  CHECK(said(run.summary().answers, "chosen by the lower BIC"));
  CHECK(said(run.summary().answers, "; levels: "));
  run.finish();
  const DelimitedTable models = place.table("light_models");
  REQUIRE(models.rows() == 2);
  CHECK(models.text(0, models.column("light")) == "kinetics");
  CHECK(models.text(0, models.column("used")) == "yes");
  CHECK(models.number(0, models.column("bic")) < models.number(1, models.column("bic")));
  CHECK(models.number(0, models.column("last_undivided")) * models.number(1, models.column("last_ended")) < models.number(1, models.column("last_undivided")) * models.number(0, models.column("last_ended")));
}

TEST_CASE("sisters whose mother was not followed are pairs, as inspect counts them") {
  CellTracks tracks = annotated({5, 6, 7, 8, 9}, 40);
  tracks.cells[0].family = tracks.cells[1].family = "a";
  tracks.cells[2].family = tracks.cells[3].family = "b";
  CHECK(sisters_of(tracks).size() == 2);
  REQUIRE(sister_pairs(tracks, 0).pairs.size() == 2);
  CHECK(sister_pairs(tracks, 0).pairs[1].first.lower_h == 7);
  DurationPolicy policy;
  const DurationData data = make_durations(tracks, policy);
  CHECK(data.durations[0].family == data.durations[1].family);
  CHECK(data.durations[1].family != data.durations[2].family);
}

TEST_CASE("a mean from one finished stay is not estimable, from thirty it is, and numbers stand beside it") {
  std::vector<double> one{9};
  for (int i = 0; i < 12; ++i) one.push_back(1e9);
  const RunSummary few = durations_of(annotated(one, 30), "hyped_few");
  CHECK(said(few.answers, "mean not estimable"));
  CHECK(said(few.answers, "1 finished, 12 cut off"));
  CHECK(said(few.answers, "1 stay finished for 2 parameters"));
  std::vector<double> many;
  RandomStream random(5, 0, 0);
  for (int i = 0; i < 30; ++i) many.push_back(random.gamma(6) * 1.5);
  const RunSummary enough = durations_of(annotated(many, 100), "hyped_enough");
  CHECK_FALSE(said(enough.answers, "not estimable"));
  CHECK(said(enough.answers, "30 finished, 0 cut off"));
}

TEST_CASE("cells that stay on a level are warned of without any draws, and only then") {
  std::vector<double> stays;
  RandomStream random(6, 0, 0);
  for (int i = 0; i < 200; ++i) stays.push_back(random.gamma(20) * 0.4);
  CHECK_FALSE(said(durations_of(annotated(stays, 20), "hyped_no_plateau").warnings, "--never"));
  for (int i = 0; i < 15; ++i) stays.push_back(1e9);
  CHECK(said(durations_of(annotated(stays, 40), "hyped_plateau").warnings, "--never"));
}

TEST_CASE("a stay of exactly 0 h lies within the step of the annotation") {
  const CellTracks tracks = annotated({0, 0.25, 3, 4, 5}, 40);
  const DurationData data = make_durations(tracks, {});
  CHECK(data.durations[0].upper_h == 0.25);
  CHECK_FALSE(data.durations[0].exact());
  CHECK(said(data.words, "cell '0'"));
}

TEST_CASE("event tables: nothing follows an end, the film's end and founders' births are said and can be given") {
  const CommandFolder folder;
  folder.write("e.csv", "id,dam,born,split,died\na,,0,10,\nb,a,10,20,\nc,a,10,,30\n");
  const std::string read = " --column cell=id --column mother=dam --event birth=born --event division=split --event death=died --unit-h 1";
  Ended ended = folder.run("tracks convert e.csv" + read + " --out out");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("no column says when films end") && Contains("30 h") && Contains("1 cell without a mother has a time of birth"));
  ended = folder.run("tracks convert e.csv" + read + " --event film_end_h=48 --event founders=there --out out");
  REQUIRE(ended.code == 0);
  CHECK(folder.table("out/data/films.tsv").at(0).at("last_h") == "48");
  CHECK(folder.table("out/data/cells.tsv").at(0).at("start") == "film_start");
  CHECK(folder.table("out/data/cells.tsv").at(1).at("start") == "division");
  folder.write("after.csv", "id,dam,born,split,died\na,,0,10,5\n");
  ended = folder.run("tracks convert after.csv" + read + " --out no");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("after.csv:2") && Contains("a division at 10 h, after its death at 5 h"));
  folder.write("dead.csv", "id,dam,born,split,died\na,,0,,5\nb,a,6,12,\n");
  ended = folder.run("tracks convert dead.csv" + read + " --out no");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("dead.csv:3") && Contains("which died at 5 h"));
}

TEST_CASE("wrong numbers are refused in words") {
  const CommandFolder folder;
  folder.write("t.csv", "cell,time_h,phase\n1,0,G1\n1,1,S\n");
  for (const char* wrong : {"durations t.csv --draws -1", "durations t.csv --growth-rate=-1", "phases t.csv --reporter pip --g1-channel a --cycling-channel b --stages 99", "multistate t.csv --input-step-h=0"}) {
    const Ended ended = folder.run("tracks " + std::string(wrong) + " --out no");
    INFO(ended.out << ended.err);
    CHECK(ended.code == 2);
    CHECK((ended.out + ended.err).size() < 300);
  }
}

TEST_CASE("a jump to the first phase without a division is a missed division, and a rate nobody made has an upper limit") {
  PanelData data;
  data.source = "drawn";
  data.phases = {"G1", "G1/S", "S/G2/M", "divided", "dead"};
  data.covariates.resize(1, 0);
  const auto cell = [&](std::vector<int> seen, bool entered) {
    PanelSubject subject{std::to_string(data.subjects.size()), {}, 0, entered};
    for (std::size_t i = 0; i < seen.size(); ++i) subject.looks.push_back({static_cast<double>(i), seen[i]});
    data.subjects.push_back(subject);
  };
  cell({2, 2, 0, 0, 1, 2, 3}, true);          // the mother's light
  cell({0, 0, 1, 2, 2, 0, 0, 1}, true);       // a division that was missed
  cell({0, 1, 2, 2, 3}, false);
  cell({0, 0, 4}, false);
  cell({0, 1, 2, 4}, false);
  const PanelCuts cuts = cut_undivided(data);
  CHECK(cuts.leftover == 1);
  CHECK(cuts.undivided == 1);
  CHECK(cuts.divided == 2);
  REQUIRE(data.subjects.size() == 6);
  CHECK(data.subjects[0].looks.front().seen == 0);
  CHECK_FALSE(data.subjects[0].entered);
  CHECK(data.subjects[1].looks.back().seen == 3);      // divided between the two looks
  CHECK(data.subjects[1].looks.back().time_h == 5);
  CHECK(data.subjects[2].looks.front().time_h == 5);
  CHECK(data.subjects[2].entered);
  PanelSpec spec = spec_of(data, {});
  for (const PanelTransition& t : spec.transitions) CHECK_FALSE((t.from == 2 && t.to == 0));
  std::vector<std::string> pooled;
  const auto unseen = leave_out_unseen(data, spec, pooled);
  REQUIRE(unseen.size() == 1);
  CHECK(unseen[0].name == "G1/S-dead");
  CHECK(unseen[0].upper_per_h == Approx(-std::log(0.05) / 4));      // four steps of 1 h from G1/S
  CHECK(fit_panel(data, spec).outcome.ok());
}

TEST_CASE("missed divisions do not lower the rate of division") {
  // memoryless stays of 8 h (G1) and 10 h (S/G2/M) seen every half hour for 60 h; the tracker misses every fifth division and goes on with a daughter
  PanelData data;
  data.source = "drawn";
  data.phases = {"G1", "S/G2/M", "divided"};
  data.covariates.resize(1, 0);
  long missed = 0;
  for (std::uint32_t c = 0; c < 1500; ++c) {
    RandomStream random(7, 3, c);
    PanelSubject subject{std::to_string(c), {}, 0, true};
    int phase = 0;
    double until = -8 * std::log(random.uniform());
    for (int look = 0; look <= 120; ++look) {
      const double time = 0.5 * look;
      bool ended = false;
      while (until < time && !ended) {
        ended = phase == 1 && random.uniform() > 0.2;
        missed += phase == 1 && !ended ? 1 : 0;
        phase = 1 - phase;
        until -= (phase == 1 ? 10 : 8) * std::log(random.uniform());
      }
      subject.looks.push_back({time, ended ? 2 : phase});
      if (ended) break;
    }
    data.subjects.push_back(subject);
  }
  const PanelCuts cuts = cut_undivided(data);
  CHECK(cuts.leftover == 0);
  CHECK(cuts.undivided > 0.9 * static_cast<double>(missed));      // 6 % of the G1 stays of 8 h are over within half an hour, between two looks
  const PanelFit fit = fit_panel(data, spec_of(data, {}));
  REQUIRE(fit.outcome.ok());
  for (const PanelEstimate& rate : fit.estimates) {
    INFO(rate.name << " " << rate.estimate << " [" << rate.lower << ", " << rate.upper << "]");
    const double truth = rate.name.find("divided") != rate.name.npos ? 0.1 : 0.125;
    CHECK(std::abs(rate.estimate / truth - 1) < 0.09);      // three standard errors of 1500 stays; cut off, it would be 20 % low
    CHECK(rate.upper - rate.lower < 0.15 * truth);
  }
}
