// What a run says against its own headlines: plateaus, skipped phases, marks of the film, copulas, masks, light that fits no phase.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <set>

#include "experiments/tracks/durations.hpp"
#include "experiments/tracks/multistate.hpp"
#include "experiments/tracks/phases.hpp"
#include "experiments/tracks/population.hpp"
#include "experiments/twin/film.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/run_summary.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/tracks/simulated_histories.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

std::string line_with(const std::vector<std::string>& list, const std::string& text) {
  for (const auto& one : list)
    if (one.find(text) != one.npos) return one;
  return "";
}

// Annotated cells of three phases, born; a stay of 0 h is a phase that is passed by; beyond `film_h` cut off.
CellTracks annotated(const std::vector<std::array<double, 3>>& hours, double film_h) {
  CellTracks tracks;
  tracks.source = "drawn";
  tracks.phases = {"G1", "S", "G2/M"};
  tracks.films = {{"f", "all", 0, 0, film_h}};
  for (std::size_t i = 0; i < hours.size(); ++i) {
    FollowedCell cell{std::to_string(i), 0, -1, {}, {}, CellStart::division, CellEnd::division, 0, 0};
    for (int k = 0; k < 3 && cell.end != CellEnd::film_end; ++k) {
      const double lasts = hours[i][static_cast<std::size_t>(k)], until = std::min(cell.end_h + lasts, film_h);
      if (lasts == 0) continue;
      const bool cut = cell.end_h + lasts > film_h;
      cell.stays.push_back({k, cell.end_h, cell.end_h, until, until, true, cut ? StayEnd::film_end : k == 2 ? StayEnd::division : StayEnd::next});
      cell.end_h = until;
      if (cut) cell.end = CellEnd::film_end;
    }
    tracks.cells.push_back(cell);
  }
  return tracks;
}

std::vector<std::array<double, 3>> drawn(int cells, std::uint32_t stream, double scale = 1) {
  RandomStream random(31, stream, 0);
  std::vector<std::array<double, 3>> out;
  for (int i = 0; i < cells; ++i) out.push_back({scale * random.gamma(16) * 0.5, random.gamma(16) * 0.4, random.gamma(16) * 0.3});
  return out;
}

struct Durations {
  RunFolder place{"hyped_doubts"};
  RunDirectory run{place.path, {"hyped"}, 1};
  explicit Durations(const CellTracks& tracks, DurationSettings settings = {}) {
    run.set_title("t", "q");
    settings.draws = 0;
    settings.families = {"lognormal"};
    const DurationRun durations = run_durations(run, tracks, settings);
    run_population(run, tracks, settings, {}, durations);
  }
  const RunSummary& said() const { return run.summary(); }
};

}  // namespace

TEST_CASE("a mean and a growth that a plateau speaks against are marked as not to be used", "[standard]") {
  auto hours = drawn(60, 1);
  Durations plain(annotated(hours, 60));
  CHECK(line_with(plain.said().answers, "G1 of all: mean").find("not to be used") == std::string::npos);
  CHECK(line_with(plain.said().answers, "/h [").find("not to be used") == std::string::npos);
  for (int i = 0; i < 12; ++i) hours.push_back({1e9, 1, 1});
  Durations stuck(annotated(hours, 60));
  CHECK_THAT(line_with(stuck.said().answers, "G1 of all"), Contains("not to be used: mean") && Contains("never to leave"));
  CHECK_THAT(line_with(stuck.said().answers, "of growth"), Contains("'all': not to be used: ") && Contains("G1: "));
  CHECK(line_with(stuck.said().answers, "S of all").find("not to be used") == std::string::npos);
  stuck.run.finish();
  const DelimitedTable fits = stuck.place.table("duration_fits"), growth = stuck.place.table("growth");
  for (std::size_t row = 0; row < fits.rows(); ++row) CHECK((fits.text(row, fits.column("use")) == "yes") == (fits.text(row, fits.column("phase")) != "G1"));
  for (std::size_t row = 0; row < growth.rows(); ++row) CHECK_THAT(growth.text(row, growth.column("use")), Contains("no: G1: "));
}

TEST_CASE("cells that skip a phase are counted and warned of, with what becomes of them", "[standard]") {
  auto hours = drawn(60, 2);
  CHECK(line_with(Durations(annotated(hours, 60)).said().warnings, "go past it").empty());
  for (int i = 0; i < 15; ++i) hours[static_cast<std::size_t>(4 * i)][1] = 0;
  Durations run(annotated(hours, 60));
  CHECK_THAT(line_with(run.said().warnings, "go past it"), Contains("S of all: 15 of 60 cells (25.0 %)") && Contains("passed_by"));
  run.run.finish();
  const DelimitedTable used = run.place.table("durations_used");
  CHECK(used.number(row_of(used, "phase", "S"), used.column("skipped")) == 15);
  CHECK(used.number(row_of(used, "phase", "G1"), used.column("skipped")) == 0);
}

TEST_CASE("stays before and after a mark are warned of, and told apart by --split", "[standard]") {
  const CommandFolder folder;
  std::string text = "id,born,g1,split\n";
  RandomStream random(5, 9, 0);
  for (int i = 0; i < 80; ++i) {
    const double born = i < 40 ? 4 * random.uniform() : 20 + 4 * random.uniform(), g1 = born + (i < 40 ? 5 : 10) + random.uniform();
    text += std::to_string(i) + "," + std::to_string(born) + "," + std::to_string(g1) + "," + std::to_string(g1 + 4 + random.uniform()) + "\n";
  }
  folder.write("e.csv", text);
  REQUIRE(folder.run("tracks convert e.csv --column cell=id --event birth=born --event G1=g1 --event S/G2/M= --event division=split --unit-h 1 --event film_end_h=60 --out t").code == 0);
  const std::string films = text_of(folder.path() / "t/data/films.tsv");
  folder.write("t/data/films.tsv", films.substr(0, films.find_last_not_of("\n") + 1) + "dose@18\n");
  Ended ended = folder.run("tracks durations t/data --draws 0 --family lognormal --out pooled");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const auto pooled = read_summary(folder.path() / "pooled");
  CHECK_THAT(line_with(pooled.warnings, "dose"), Contains("1 of 1 films carry the mark 'dose' (at 18 h)") && Contains("--split \"dose\""));
  ended = folder.run("tracks durations t/data --draws 0 --family lognormal --split dose --out apart");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK(line_with(read_summary(folder.path() / "apart").warnings, "carry the mark").empty());
  std::map<std::string, double> mean;
  for (const auto& row : folder.table("apart/tables/duration_fits.tsv"))
    if (row.at("phase") == "G1" && row.at("name") == "mean") mean[row.at("condition")] = std::stod(row.at("estimate"));
  CHECK(mean.at("all before dose") == Approx(5.5).margin(0.2));
  CHECK(mean.at("all after dose") == Approx(10.5).margin(0.2));
  ended = folder.run("tracks durations t/data --split doze --out no");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("did you mean 'dose'"));
}

TEST_CASE("the likeness of sisters names its estimator, all pairs and the complete ones, with Pearson beside", "[standard]") {
  auto hours = drawn(60, 3);
  for (std::size_t i = 1; i < hours.size(); i += 2) hours[i][0] = 0.5 * (hours[i][0] + hours[i - 1][0]);
  for (std::size_t i = 0; i < 20; ++i) hours[i][0] = 1e9;
  CellTracks tracks = annotated(hours, 60);
  for (std::size_t i = 0; i < tracks.cells.size(); ++i) tracks.cells[i].family = "m" + std::to_string(i / 2);
  Durations run(tracks);
  CHECK_THAT(line_with(run.said().answers, "sisters, G1"), Contains("correlation of normal scores") && Contains("(Gaussian copula; 30 pairs, 20 of them complete)") && Contains("Pearson of the hours of the complete ones"));
}

TEST_CASE("frames that fit no phase above a declared share are no success", "[standard]") {
  FilmSettings settings;
  settings.founders = 40;
  for (int i = 0; i <= 108; ++i) settings.times_h.push_back(i / 3.0);
  FilmedCells film = film_cells(simulated_histories({{"G1", 12, 0.35}, {"S/G2/M", 13, 0.2}}, 12, 36, 77), settings, 78);
  RandomStream random(79, 1, 1);
  for (int row = 0; row < film.tracks.frames.rows(); ++row)      // a tenth of the frames show debris: light of any height
    if (random.uniform() < 0.1) film.tracks.frames.intensity.row(row) << std::exp(14 * random.uniform()), std::exp(14 * random.uniform());
  for (const double most : {0.02, 1.0}) {
    CellTracks tracks = film.tracks;
    RunFolder place("hyped_misfit");
    RunDirectory run(place.path, {"hyped"}, 1);
    run.set_title("t", "q");
    PhaseSettings phases;
    phases.reporter = "cdt1_geminin";
    phases.g1_channel = settings.channels[0];
    phases.cycling_channel = settings.channels[1];
    phases.method = "levels";
    phases.most_misfit = most;
    call_phases(run, tracks, phases);
    INFO(run.summary().status_message);
    CHECK((run.summary().status == "ok") == (most == 1.0));
    if (most < 1) CHECK_THAT(run.summary().status_message, Contains("fit no phase's light") && Contains("--most-misfit"));
    CHECK_FALSE(line_with(run.summary().warnings, "fit no phase's light").empty());
    CHECK_FALSE(line_with(tracks.notes, "fit no phase's light").empty());
    run.finish();
    const DelimitedTable states = place.table("smoother");
    std::set<std::string> names;
    for (std::size_t row = 0; row < states.rows(); ++row) CHECK(names.insert(states.text(row, states.column("state"))).second);
  }
}

TEST_CASE("reporters that two channels do not tell are neither taken nor offered") {
  const CommandFolder folder;
  folder.write("t.csv", "cell,time_h,red,green\n1,0,100,10\n1,1,90,11\n1,2,20,100\n");
  for (const char* name : {"cdk_sensor", "nuclei_only", "pipp"}) {
    const Ended ended = folder.run("tracks phases t.csv --column channel=red --column channel=green --reporter " + std::string(name) + " --g1-channel red --cycling-channel green --out no");
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains("'pip'") || Contains("pip, ") || Contains("pip\n") || Contains("or pip") || Contains(", pip"));
    for (const std::string refused : {"cdk_sensor", "nuclei_only"})
      if (refused != name) CHECK(ended.err.find(refused) == std::string::npos);
  }
}

TEST_CASE("errors stand last, in a folder with their table, and a folder of exports is listed") {
  const CommandFolder folder;
  folder.write("t.csv", "cell,mother,time_h,phase\n1,,0,G1\n1,,1,S\n2,1,2,G1\n2,1,3,G1\n");
  REQUIRE(folder.run("tracks convert t.csv --out t").code == 0);
  const std::string cells = text_of(folder.path() / "t/data/cells.tsv");
  std::string wrong = cells;
  wrong.replace(wrong.find("division\tfilm_end\t2\t3"), 21, "division\tfilm_end\t0\t3");
  folder.write("t/data/cells.tsv", wrong);
  Ended ended = folder.run("tracks convert t/data --out no");
  INFO(ended.err);
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("t/data/cells.tsv:3"));
  folder.write("t/data/cells.tsv", cells);
  std::string frames = text_of(folder.path() / "t/data/frames.tsv");
  const auto third = frames.find("\t1\t1\t1\t");      // cell, frame, time
  REQUIRE(third != frames.npos);
  frames.replace(third, 7, "\t1\t1\t0\t");
  folder.write("t/data/frames.tsv", frames);
  ended = folder.run("tracks convert t/data --out no");
  INFO(ended.err);
  CHECK_THAT(ended.err, Contains("t/data/frames.tsv:"));
  std::filesystem::create_directory(folder.path() / "exports");
  folder.write("exports/a.csv", "ID,t,y,x\n1,0,1,1\n");
  folder.write("exports/readme.txt", "nothing\n");
  ended = folder.run("tracks convert exports --out no");
  CHECK_THAT(ended.err, Contains("is a folder") && Contains("a.csv (btrack)") && !Contains("readme"));
  // what was printed before stands before the error, also where both go to one file
  const int status = std::system(("cd '" + folder.path().string() + "' && '" + hyped::tests::command_path() + "' tracks multistate t.csv --stages G3=2 --out no > both.txt 2>&1").c_str());
  CHECK(WEXITSTATUS(status) == 2);
  const std::string both = text_of(folder.path() / "both.txt");
  INFO(both);
  CHECK(both.find("time      ") != both.npos);
  CHECK(both.rfind("hyped: ") > both.rfind("time      "));
}

TEST_CASE("times since birth are asked about, and can be said") {
  const CommandFolder folder;
  std::string since = "id,born,g1,split\n", film = since;
  RandomStream random(5, 10, 0);
  for (int i = 0; i < 30; ++i) {
    const double born = 7 * random.uniform(), g1 = 8 + random.uniform(), split = g1 + 5 + random.uniform();
    since += std::to_string(i) + "," + std::to_string(born) + "," + std::to_string(g1) + "," + std::to_string(split) + "\n";
    film += std::to_string(i) + "," + std::to_string(born) + "," + std::to_string(born + g1) + "," + std::to_string(born + split) + "\n";
  }
  folder.write("since.csv", since);
  folder.write("film.csv", film);
  const std::string read = " --column cell=id --event birth=born --event G1=g1 --event S/G2/M= --event division=split --unit-h 1 --event film_end_h=60";
  CHECK_THAT(folder.run("tracks convert since.csv" + read + " --out a").out, Contains("do they count from birth?"));
  CHECK(folder.run("tracks convert film.csv" + read + " --out b").out.find("do they count") == std::string::npos);
  REQUIRE(folder.run("tracks convert since.csv" + read + " --event times=since_birth --out c").code == 0);
  CHECK(folder.table("c/data/stays.tsv").at(3).at("left_by_h") == folder.table("b/data/stays.tsv").at(3).at("left_by_h"));
  folder.write("early.csv", "id,born,g1,split\na,10,5,9\n");
  const Ended ended = folder.run("tracks convert early.csv" + read + " --out no");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("early.csv:2") && Contains("--event times=since_birth"));
}

TEST_CASE("the rates of picked tracks: stages of one phase, own clocks, marked means", "[standard]") {
  const auto file = real_data("data/fucci/carr2021_scratch_wm983c/tracks.csv");
  if (file.empty()) return;
  RunFolder place("hyped_carr");
  RunDirectory run(place.path, {"hyped"}, 1);
  run_multistate(run, file, {}, {});
  CHECK_THAT(line_with(run.summary().warnings, "'SG2M_green' are memoryless"), Contains("of AIC") && Contains("--stages"));
  CHECK_THAT(line_with(run.summary().answers, "SG2M_green"), Contains("Not to be used"));
  run.finish();
  const DelimitedTable assumptions = place.table("assumptions"), sojourns = place.table("sojourns");
  CHECK_THAT(assumptions.text(row_of(assumptions, "assumption", "rates do not change with time"), assumptions.column("verdict")), Contains("not applicable"));
  CHECK_THAT(sojourns.text(row_of(sojourns, "name", "SG2M_green"), sojourns.column("use")), Contains("no: "));
}
