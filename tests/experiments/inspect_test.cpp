// What `hyped inspect` says of small tables of each format, and how the command ends.
#include "experiments/inspect.hpp"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <sys/wait.h>

#include "libhyped/errors.hpp"
#include "libhyped/store/run_directory.hpp"
#include "tests/places.hpp"

using namespace hyped;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {
struct Place {
  fs::path path = fs::temp_directory_path() / ("hyped_inspect_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()));
  Place() { fs::create_directories(path); }
  ~Place() { fs::remove_all(path); }
  fs::path file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
};

struct Ended {
  int code = 0;
  std::string said;
};
Ended run(const std::string& arguments) {
  FILE* pipe = popen((hyped::tests::command_path() + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Ended ended;
  std::array<char, 4096> block;
  for (std::size_t n = 0; (n = fread(block.data(), 1, block.size(), pipe)) > 0;) ended.said.append(block.data(), n);
  ended.code = WEXITSTATUS(pclose(pipe));
  return ended;
}
}  // namespace

TEST_CASE("inspect finds arms, wells, the frame interval, gaps, missing values and doubts of a tidy table") {
  const Place place;
  std::string rows = "condition,well,time_h,class,count\n";
  for (const std::string well : {"control,B2", "control,B3", "siPRRX1,C2"})
    for (const int frame : {0, 1, 2, 3, 9, 10}) rows += well + "," + std::to_string(frame * 0.5) + ",G1," + (frame == 2 ? "" : "10") + "\n";
  const auto found = inspect(place.file("counts.csv", rows)).at(0);
  CHECK(found.format == "tidy table of counts");
  REQUIRE(found.arms.rows().size() == 2);
  const auto& control = found.arms.rows()[0];
  CHECK(std::get<std::string>(control[0]) == "control");
  CHECK(std::get<std::int64_t>(control[1]) == 2);
  CHECK(std::get<std::int64_t>(control[2]) == 6);
  CHECK(std::get<double>(control[5]) == Approx(30));
  CHECK(std::get<std::int64_t>(control[6]) == 2);
  CHECK(std::get<std::string>(control[7]) == "1.5-4.5 h");
  const std::string text = to_terminal(found);
  CHECK_THAT(text, Contains("1 of 2 arms have one well") && Contains("channel map"));
  std::istringstream lines(text);
  std::getline(lines, rows);      // the path, which cannot be broken
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
}

TEST_CASE("inspect knows the other formats, folders of tables and run directories") {
  const Place place;
  place.file("nuclei.tsv", "condition\tscene\tstage\tframe\tn_cells_approx\na\tB1\t1\t0\t10\na\tB1\t1\t1\t11\na\tB1\t2\t2\t12\n");
  place.file("bj.csv", "condition,frame,channel,nucleus_count\nMyoD+ (B3),1,1,10\nMyoD+ (B3),1,2,20\nMyoD+ (B3),1,3,5\n");
  place.file("other.csv", "gene,count\nMYOD1,4\n");
  const auto found = inspect(place.path);
  REQUIRE(found.size() == 3);
  CHECK(found[0].format == "BJ PIP-FUCCI nuclei per channel");
  CHECK(found[1].format == "HYPED nuclei counts");
  CHECK_THAT(found[2].doubts.at(0), Contains("map its columns"));
  CHECK_THAT(to_terminal(found[0]), Contains("they overlap"));
  RunDirectory made(place.path / "run", {"hyped", "demo"}, 1);
  made.set_title("Demo", "Which rate?");
  made.finish();
  CHECK(inspect(place.path / "run").at(0).format == "a run directory of hyped");
  CHECK_THROWS_AS(inspect(place.path / "nothing"), InputError);
}

TEST_CASE("in a folder a bad file does not hide the others, and scenarios are known") {
  const Place place;
  place.file("a.csv", "condition,well,time_h,class,count\nc,1,0,G1,-5\n");
  place.file("b.csv", "condition,well,time_h,class,count\nc,1,0,G1,5\n");
  place.file("c.toml", "question = \"Which?\"\n[model]\nname = \"cell_cycle/two_phase\"\n[reporter]\ntype = \"cdt1_geminin\"\n"
                       "classes = [{name = \"G1\", phases = [\"G1\"]}, {name = \"rest\", phases = [\"S/G2/M\"]}]\n[[arm]]\ncondition = \"c\"\n");
  const auto found = inspect(place.path);
  REQUIRE(found.size() == 3);
  CHECK(found[0].failed);
  CHECK_THAT(found[0].doubts.at(0), Contains("a.csv:2") && Contains("negative"));
  CHECK(found[1].format == "tidy table of counts");
  CHECK_FALSE(found[1].failed);
  CHECK_THAT(to_terminal(found[2]), Contains("a scenario of hyped") && Contains("rest = S/G2/M") && Contains("Which?"));
  CHECK(run("inspect " + place.path.string()).code == 0);      // the bad file is listed, the others are shown
  std::filesystem::remove(place.path / "b.csv");
  std::filesystem::remove(place.path / "c.toml");
  CHECK(run("inspect " + place.path.string()).code == 2);
}

TEST_CASE("the command ends with 0, or with 2 and one line on wrong input") {
  const Place place;
  const auto good = run("inspect " + place.file("a.csv", "condition,well,time_h,class,count\nc,1,0,G1,5\n").string());
  CHECK(good.code == 0);
  CHECK_THAT(good.said, Contains("tidy table"));
  const auto bad = run("inspect " + place.file("b.csv", "condition,well,time_h,class,count\nc,1,0,G1,-5\n").string());
  CHECK(bad.code == 2);
  CHECK_THAT(bad.said, Contains("b.csv:2") && Contains("negative"));
  CHECK(std::count(bad.said.begin(), bad.said.end(), '\n') == 1);
  CHECK(run("report " + place.path.string()).code == 2);
  CHECK(run("no-such-command").code == 2);
  CHECK(run("inspect").code == 2);
  CHECK(run("--version").code == 0);
  for (const std::string command : {"inspect", "report"}) {
    const auto help = run(command + " --help");
    CHECK(help.code == 0);
    CHECK_THAT(help.said, Contains("Example: hyped " + command));
    CHECK(std::count(help.said.begin(), help.said.end(), '\n') <= 24);
  }
}
