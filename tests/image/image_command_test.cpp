// `hyped twin images` and `hyped image inspect|run|phases` as a user runs them: whole, with broken files, resumed.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>
#include <sstream>

#include "experiments/image/image_run.hpp"
#include "libhyped/errors.hpp"
#include "experiments/twin/images/image_twin.hpp"
#include "libhyped/hdf5/file.hpp"
#include "tests/experiments/run_checks.hpp"

using namespace hyped;
using hyped::testing::check_help;
using hyped::testing::CommandFolder;
namespace fs = std::filesystem;

namespace {

const std::string reporter = " --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel Cy5 --start cycling --break-frame 0 --contiguous --light levels --draws 100";

void overwrite(const fs::path& file, int rows, int columns, std::uint16_t value) {
  const std::vector<std::uint16_t> values(static_cast<std::size_t>(4 * rows * columns), value);
  const auto out = hdf5::File::create(file);
  out.root().write_numbers("Scene", hdf5::NumberType::u16, {4, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, values.data());
  out.root().write_text("Channels", {4}, {"tagGFP", "MKate", "Cy5", "Oblique"});
}

}  // namespace

TEST_CASE("a folder of frames becomes phase counts, and broken files are listed", "[standard]") {
  const CommandFolder here;
  const auto made = here.run("twin images --rows 300 --columns 420 --frames 14 --wells 1 --cells 2500 --gzip 1 --no-labels --break-frame 0 --out film --seed 3");
  INFO(made.err << made.out);
  REQUIRE(made.code == 0);
  const auto run = here.run("image run film" + reporter + " --overlays 2 --out out");
  INFO(run.err << run.out);
  CHECK(run.code == 0);
  const auto counts = here.table("out/data/phase_counts.tsv");
  CHECK(counts.size() == 4U * 14U * 3U);
  int nuclei = 0;
  for (const auto& row : counts) nuclei += std::stoi(row.at("count"));
  const auto truth = here.table("film/truth/nuclei.tsv");
  CHECK(nuclei == Approx(static_cast<double>(truth.size())).epsilon(0.15));      // the twin's nuclei less those cut by the edge
  CHECK(here.table("out/tables/phase_shares.tsv").size() == counts.size());
  CHECK(fs::exists(here.path() / "out/overlays/contact_sheet.png"));
  CHECK(hyped::testing::text_of(here.path() / "out/report.html").find("data:image/png;base64") != std::string::npos);
  CHECK_FALSE(fs::exists(here.path() / "out.unfinished"));
  // phases called anew from the tracks it wrote are the same
  const auto again = here.run("image phases out/data/tracks --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel Cy5 --start cycling --light levels --draws 100 --tile-rows 300 --tile-columns 420 --out again");
  INFO(again.err << again.out);
  CHECK(again.code == 0);
  CHECK(here.table("again/data/phase_counts.tsv").size() == counts.size());

  const fs::path well = here.path() / "film/Imaging/Imaging/Myod/1";
  fs::resize_file(well / "t_2.hdf5", 5000);
  overwrite(well / "t_5.hdf5", 300, 420, 0);
  overwrite(well / "t_6.hdf5", 300, 420, 16383);
  overwrite(well / "t_9.hdf5", 310, 420, 500);
  fs::remove(well / "t_11.hdf5");
  const auto bad = here.run("image run film" + reporter + " --overlays 0 --well Myod/1 --out bad");
  INFO(bad.err << bad.out);
  CHECK(bad.code == 1);
  const auto listed = here.table("bad/tables/bad_frames.tsv");
  REQUIRE(listed.size() == 4);
  for (const auto& [place, words] : {std::pair(0, "t_2.hdf5"), std::pair(1, "all black"), std::pair(2, "white level"), std::pair(3, "310 x 420")})
    CHECK_THAT(listed[static_cast<std::size_t>(place)].at("problem"), Catch::Matchers::Contains(words));
  CHECK(here.table("bad/data/phase_counts.tsv").size() == 9U * 3U);
  const auto looked = here.run("image inspect film --every 1 --out looked");
  CHECK(looked.code == 1);
  CHECK(here.table("looked/tables/bad_frames.tsv").size() == 4);
  CHECK(here.table("looked/tables/wells.tsv").size() == 4);

  CHECK(here.run("image run film --out no").code == 2);      // the reporter is never guessed
  CHECK(here.run("image run nowhere" + reporter + " --out no").code == 2);
  const auto unnamed = here.run("image run film --reporter cdt1_geminin --g1-channel mCherry --cycling-channel tagGFP --dna-channel Cy5 --start starved --out no");
  CHECK(unnamed.code == 2);      // no frame has it
  CHECK_THAT(unnamed.err, Catch::Matchers::Contains("no channel 'mCherry'") && Catch::Matchers::Contains("MKate"));
  const auto wrong = here.run("image run film --reporter cdt1_geminin --g1-channel MKate --cycling-channel mKate2 --dna-channel Cy5 --start cycling --out no");
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Catch::Matchers::Contains("is the G1 channel too"));
  CHECK_FALSE(fs::exists(here.path() / "no"));
}

TEST_CASE("label pictures made elsewhere are used, one of another shape and a missing one are bad frames", "[standard]") {
  const CommandFolder here;
  REQUIRE(here.run("twin images --rows 300 --columns 420 --frames 8 --wells 1 --cells 2500 --gzip 1 --break-frame 0 --out film --seed 3").code == 0);
  const fs::path labels = here.path() / "film/truth/labels/Myod/1";
  fs::remove(labels / "labels_5.hdf5");
  const std::vector<std::int32_t> wrong(290 * 420, 1);
  hdf5::File::create(labels / "labels_3.hdf5").root().write_numbers("labels", hdf5::NumberType::i32, {290, 420}, wrong.data());
  const auto run = here.run("image run film" + reporter + " --labels film/truth/labels --overlays 0 --well Myod/1 --out out");
  INFO(run.err << run.out);
  CHECK(run.code == 1);
  const auto bad = here.table("out/tables/bad_frames.tsv");
  REQUIRE(bad.size() == 2);
  CHECK_THAT(bad[0].at("problem"), Catch::Matchers::Contains("labels_3.hdf5") && Catch::Matchers::Contains("290 x 420; its picture is 300 x 420"));
  CHECK_THAT(bad[1].at("problem"), Catch::Matchers::Contains("labels_5.hdf5"));
  // every label counts once, but for those the picture's edge cuts
  std::map<std::string, int> counted;
  for (const auto& row : here.table("out/data/phase_counts.tsv")) counted[row.at("time_h")] += std::stoi(row.at("count"));
  CHECK(counted.size() == 6);
  for (const int frame : {0, 1, 2, 4, 6, 7}) {
    const auto data = hdf5::File::open(labels / fmt::format("labels_{}.hdf5", frame)).root().dataset("labels").read<std::int32_t>();
    std::set<std::int32_t> whole(data.begin(), data.end()), cut{0};
    for (int row = 0; row < 300; ++row) cut.insert({data[static_cast<std::size_t>(row * 420)], data[static_cast<std::size_t>(row * 420 + 419)]});
    for (int column = 0; column < 420; ++column) cut.insert({data[static_cast<std::size_t>(column)], data[static_cast<std::size_t>(299 * 420 + column)]});
    for (const auto label : cut) whole.erase(label);
    INFO("frame " << frame);
    CHECK(counted.at(fmt::format("{:.6g}", frame / 3.0)) == static_cast<int>(whole.size()));
  }
}

TEST_CASE("wells of another magnification are said") {
  ImageTwinSettings settings;
  settings.rows = 240, settings.columns = 300, settings.frames = 2, settings.cells_per_frame = 3000;
  const Scenario scenario = read_scenario(shipped_scenario("hyped_images"));
  const ImageTwin usual(scenario, settings, 8, 1);
  settings.radius_px = 12;
  settings.cells_per_frame = 1000;
  const ImageTwin large(scenario, settings, 8, 1);
  std::vector<WellFrames> wells;
  for (int w = 0; w < 4; ++w) {
    const ImageTwin& twin = w == 3 ? large : usual;
    const auto film = std::make_shared<FieldFilm>(twin.film(w));
    WellFrames well{"control", "1", "sample", std::to_string(w), {{0, 0, 0}}, 1.0 / 3, 240, 300, 16383, {}};
    well.picture = [film, &twin](const FrameStamp& stamp, const std::string& channel) { return twin.pictures().picture(*film, static_cast<int>(stamp.number), channel); };
    wells.push_back(std::move(well));
  }
  std::vector<std::string> doubts;
  const double radius = radius_of_wells(wells, "Cy5", doubts);
  CHECK(radius == Approx(7).epsilon(0.25));
  REQUIRE(doubts.size() == 1);
  CHECK_THAT(doubts[0], Catch::Matchers::Contains("sample/3") && Catch::Matchers::Contains("pixels of another size"));
  wells.pop_back();
  doubts.clear();
  radius_of_wells(wells, "Cy5", doubts);
  CHECK(doubts.empty());
}

TEST_CASE("help of the image verbs fits 80 columns and 24 lines") {
  check_help({"image", "image inspect", "image segment", "image measure", "image track", "image phases", "image run", "image denoise", "image score", "twin images"});
}

TEST_CASE("a stopped run goes on with the frames it had") {
  const CommandFolder here;
  ImageTwinSettings settings;
  settings.rows = 240, settings.columns = 300, settings.frames = 6, settings.cells_per_frame = 3000;
  const ImageTwin twin(read_scenario(shipped_scenario("hyped_images")), settings, 8, 1);
  const auto film = std::make_shared<FieldFilm>(twin.film(0));      // shared with the callbacks
  std::atomic<int> read{0};
  int fails_from = 3;
  WellFrames well{"control", "1", "Negative_Controls", "1", {}, 1.0 / 3, 240, 300, 16383, {}};
  for (int f = 0; f < 6; ++f) well.frames.push_back({f, f / 3.0, 0});
  well.picture = [&](const FrameStamp& stamp, const std::string& channel) {
    if (stamp.number >= fails_from) throw InputError("t_" + std::to_string(stamp.number) + ".hdf5", "cannot be read");
    ++read;
    return twin.pictures().picture(*film, static_cast<int>(stamp.number), channel);
  };
  ImageRunSettings run;
  run.phases.calls.map = {Reporter::cdt1_geminin, "MKate", "tagGFP"};
  run.phases.light.dna_channel = "Cy5";
  run.segment.radius = 7;
  const std::map<std::string, std::string> identity{{"data", "x"}};
  {
    FrameShelf shelf(here.path() / "shelf", identity, false);
    const MeasuredWells first = measure_wells({well}, run, &shelf);
    CHECK(first.bad.size() == 3);
    CHECK(read == 9);
  }
  CHECK_THROWS_AS(FrameShelf(here.path() / "shelf", identity, false), InputError);
  CHECK_THROWS_AS(FrameShelf(here.path() / "shelf", {{"data", "y"}}, true), InputError);
  CHECK_THROWS_AS(FrameShelf(here.path() / "none", identity, true), InputError);
  fails_from = 100;
  read = 0;
  const MeasuredWells plain = measure_wells({well}, run, nullptr);
  CHECK(read == 18);
  read = 0;
  FrameShelf shelf(here.path() / "shelf", identity, true);
  const MeasuredWells resumed = measure_wells({well}, run, &shelf);
  CHECK(read == 9);      // the three that failed
  CHECK(resumed.bad.empty());
  REQUIRE(resumed.tracks.frames.rows() == plain.tracks.frames.rows());
  const auto same = [](const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) { return ((a.array() == b.array()) || (a.array().isNaN() && b.array().isNaN())).all(); };      // nuclei cut by the edge have no light
  CHECK(same(resumed.tracks.frames.intensity.leftCols(3), plain.tracks.frames.intensity.leftCols(3)));
  CHECK(same(resumed.tracks.frames.position, plain.tracks.frames.position));
  CHECK(resumed.tracks.cells.size() == plain.tracks.cells.size());
  shelf.finish();
  CHECK_FALSE(fs::exists(here.path() / "shelf"));
}

TEST_CASE("a break before the frames in front of it is refused at once") {
  const CommandFolder here;
  fs::create_directories(here.path() / "film");
  const std::string map = " --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel Cy5 --start cycling";
  const auto run = here.run("image run film" + map + " --frame-interval-min 30 --out out");
  CHECK(run.code == 2);
  CHECK(run.err.find("time would run backwards") != std::string::npos);
  CHECK(run.err.find("--contiguous") != std::string::npos);
  const auto same = here.run("image run film --reporter cdt1_geminin --g1-channel MKate --cycling-channel tagGFP --dna-channel mKate --start cycling --out out");
  CHECK(same.code == 2);
  CHECK(same.err.find("--dna-channel mKate") != std::string::npos);
}
