// A run folder: complete or not there, never over a stranger's files, and everything in it reads back.
#include "libhyped/store/run_directory.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "libhyped/store/run_file.hpp"
#include "libhyped/store/sha256.hpp"

using namespace hyped;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {
struct Place {
  fs::path path = fs::temp_directory_path() / ("hyped_run_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()));
  Place() { fs::create_directories(path); }
  ~Place() { fs::remove_all(path); }
};

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}
}  // namespace

TEST_CASE("SHA-256 of the published examples, across block boundaries") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a finished run reads back: numbers, tables, figures, provenance") {
  const Place place;
  const fs::path input = place.path / "counts.csv", out = place.path / "deep" / "run";
  std::ofstream(input) << "abc";
  RunDirectory run(out, {"hyped", "cycle", "fit", "a b.toml"}, 18446744073709551615u);
  run.set_title("Fit", "Which rate?");
  run.add_input(input);
  run.add_setting("starts", "20");
  Table table({{"name", "", "parameter"}, {"rate", "1/h", "exit"}});
  table.add_row({std::string("g1"), 0.1});
  run.add_table("parameters", table, "The parameters");
  run.add_figure({"growth curve", "Cells", "answer", "<svg/>", "", {{"points", table}}});
  run.add_figure({"broken", "Not drawn", "diagnostics", "", "gnuplot is not installed", {{"points", table}}});
  run.add_result("growth", 0.0129, "1/h");
  run.add_result("doubling", std::nan(""), "h");
  run.add_answer("It is \"G1\" <b>.");
  run.set_outcome({Status::at_bound, "g1 is at its bound"});
  CHECK_FALSE(fs::exists(out));
  CHECK(run.finish() == out);
  const RunSummary read = read_summary(out);
  CHECK(read.seed == 18446744073709551615u);
  CHECK(read.command_line.at(3) == "a b.toml");
  CHECK(read.inputs.at(0).sha256 == sha256("abc"));
  CHECK(read.results.at(0).value == 0.0129);
  CHECK_FALSE(read.results.at(1).value);
  CHECK(read.tables.at(0).columns.at(1).unit == "1/h");
  CHECK(text_of(out / read.tables.at(0).file) == "name\trate\ng1\t0.1\n");
  CHECK(text_of(out / read.figures.at(0).svg) == "<svg/>");
  CHECK(fs::exists(out / read.figures.at(0).data.at(0)));
  CHECK(read.figures.at(1).outcome == "gnuplot is not installed");
  CHECK_THAT(read.warnings.at(0), Contains("'broken' could not be drawn"));
  CHECK(read.status == "at_bound");
  CHECK(read.versions.at("hyped") == HYPED_VERSION);
  CHECK(read.versions.count("commit") == 1);
  CHECK(entries(out.parent_path()) == 1);
}

TEST_CASE("an unfinished run leaves nothing, an earlier run is replaced, a stranger's folder is not") {
  const Place place;
  const fs::path out = place.path / "out";
  { RunDirectory run(out, {"hyped"}, 1); }
  CHECK(entries(place.path) == 0);
  { RunDirectory(out, {"hyped", "first"}, 1).finish(); }
  std::ofstream(out / "left.txt") << "x";
  { RunDirectory(out, {"hyped", "second"}, 1).finish(); }
  CHECK(read_summary(out).command_line.at(1) == "second");
  CHECK_FALSE(fs::exists(out / "left.txt"));
  CHECK(entries(place.path) == 1);
  const fs::path mine = place.path / "thesis";
  fs::create_directories(mine);
  std::ofstream(mine / "summary.json") << "{}";
  CHECK_THROWS_WITH(RunDirectory(mine, {"hyped"}, 1), Contains("thesis") && Contains("not written by hyped") && Contains("new folder"));
  CHECK(fs::exists(mine / "summary.json"));
  CHECK_THROWS_AS(RunDirectory(mine / "summary.json", {"hyped"}, 1), InputError);
  fs::create_directories(place.path / "empty");
  CHECK_NOTHROW(RunDirectory(place.path / "empty/", {"hyped"}, 1).finish());
}

TEST_CASE("a folder that is no run, or a broken one, is said") {
  const Place place;
  CHECK_THROWS_WITH(read_summary(place.path), Contains("no summary.json") && Contains("--out"));
  std::ofstream(place.path / "summary.json") << "{\"written_by\": \"hyped\", \"schema_version\": 1, ";
  CHECK_THROWS_WITH(read_summary(place.path), Contains("summary.json: is broken"));
  std::ofstream(place.path / "summary.json") << "{\"written_by\": \"hyped\", \"schema_version\": 99}";
  CHECK_THROWS_WITH(read_summary(place.path), Contains("another version"));
}

TEST_CASE("run.h5 makes the round trip") {
  const Place place;
  RunArrays arrays;
  arrays.attributes = {{"commit", "abc"}, {"scenario", "a = 1\n"}};
  arrays.arrays["trajectories/control/states"] = {Eigen::MatrixXd::Random(4, 2), {"G1", "S/G2"}, {"cells", "cells"}};
  arrays.arrays["trajectories/control/times"] = {Eigen::MatrixXd::Random(4, 1), {}, {}};
  arrays.names["parameters/names"] = {"g1_exit", "division"};
  write_run_file(place.path / "run.h5", arrays);
  const RunArrays read = read_run_file(place.path / "run.h5");
  CHECK(read.attributes == arrays.attributes);
  CHECK(read.names == arrays.names);
  REQUIRE(read.arrays.size() == 2);
  CHECK(read.arrays.at("trajectories/control/states").values == arrays.arrays["trajectories/control/states"].values);
  CHECK(read.arrays.at("trajectories/control/states").units.at(1) == "cells");
  CHECK(read.arrays.at("trajectories/control/times").columns.empty());
  CHECK(entries(place.path) == 1);
  std::ofstream(place.path / "other.h5") << "x";
  CHECK_THROWS_AS(read_run_file(place.path / "other.h5"), InputError);
}
