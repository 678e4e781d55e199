// `hyped tracks convert` and `hyped inspect` on tracks: what is printed, written and refused.
#include <algorithm>
#include <catch2/catch.hpp>

#include "libhyped/store/run_summary.hpp"
#include "tests/experiments/run_checks.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {
const std::string btrack = "ID,t,y,x\n1,0,1,1\n1,1,1,2\n2,2,1,3\n3,2,1,4\n2,3,2,3\n";
}

TEST_CASE("convert writes the tidy form, which converts to itself") {
  const CommandFolder folder;
  folder.write("t.csv", btrack);
  folder.write("g.json", "{\"2\": [1], \"3\": [1]}");
  const Ended ended = folder.run("tracks convert t.csv --graph g.json --frame-interval-min 15 --condition control --out out");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("3 in 1 tree; 1 divided") && Contains("frame x 15 min, as given"));
  const auto cells = folder.table("out/data/cells.tsv");
  REQUIRE(cells.size() == 3);
  CHECK(cells[1].at("mother") == "1");
  CHECK(cells[1].at("end") == "film_end");
  CHECK(cells[2].at("end") == "lost");
  CHECK(folder.table("out/tables/conditions.tsv").at(0).at("condition") == "control");
  const RunSummary summary = read_summary(folder.path() / "out");
  CHECK(summary.inputs.size() == 2);
  CHECK(summary.figures.at(0).outcome.empty());
  const Ended again = folder.run("tracks convert out --out again");
  INFO(again.err);
  REQUIRE(again.code == 0);
  for (const char* name : {"cells", "frames", "films"}) CHECK(text_of(folder.path() / "out/data" / (std::string(name) + ".tsv")) == text_of(folder.path() / "again/data" / (std::string(name) + ".tsv")));
}

TEST_CASE("a table of events is read by the columns that are named") {
  const CommandFolder folder;
  folder.write("e.csv", "id,dam,drug,born,g1,split,gone\na,,mock,,5,10,\nb,a,mock,10,18,,24\nc,a,mock,10,16,20,\n");
  const std::string named = "tracks convert e.csv --column cell=id --column mother=dam --column condition=drug --event birth=born --event division=split --event lost=gone --event G1=g1";
  const Ended ended = folder.run(named + " --event S/G2/M= --unit-h 0.5 --out out");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("annotated times x 0.5 h"));
  const auto cells = folder.table("out/data/cells.tsv");
  REQUIRE(cells.size() == 3);
  CHECK(cells[0].at("end") == "division");
  CHECK(cells[1].at("end") == "lost");
  CHECK(cells[2].at("mother") == "a");
  const auto refused = [&](const std::string& more, const std::string& text) {
    const Ended wrong = folder.run(named + more + " --out no");
    INFO(wrong.err);
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, Contains(text));
  };
  refused(" --event S/G2/M=", "--unit-h");
  refused(" --event S= --event G2=g2 --unit-h 1", "only the last phase");
  refused(" --event death= --unit-h 1", "names no column");
}

TEST_CASE("wrong tracks are refused with one line and leave nothing behind") {
  const CommandFolder folder;
  folder.write("t.csv", btrack);
  folder.write("twice.csv", btrack + "1,1,7,7\n");
  const auto refused = [&](const std::string& arguments, const std::vector<std::string>& texts) {
    const Ended ended = folder.run("tracks convert " + arguments + " --out out");
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
    for (const auto& text : texts) CHECK_THAT(ended.err, Contains(text));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  refused("t.csv", {"the interval between frames is not known", "--frame-interval-min 15"});
  refused("twice.csv --frame-interval-min 15", {"twice.csv:7: ", "cell '1' is twice in frame 1"});
  refused("t.csv --frame-interval-min 15 --column nucleus=ID", {"--column nucleus=ID", "roles are cell"});
  refused("t.csv --frame-interval-min 15 --column cell=id", {"t.csv:1", "no column 'id'", "'ID'"});
  refused("t.csv --format btrak", {"did you mean 'btrack'"});
  refused("none.csv", {"does not exist"});
}

TEST_CASE("inspect knows tracks, says what is missing, and shows folders of the tidy form as one") {
  const CommandFolder folder;
  folder.write("t.csv", btrack);
  const Ended seen = folder.run("inspect t.csv");
  CHECK(seen.code == 0);
  CHECK_THAT(seen.out, Contains("cells followed over time (btrack)") && Contains("frames, not hours") && Contains("example --frame-interval-min 15"));
  REQUIRE(folder.run("tracks convert t.csv --frame-interval-min 15 --out out").code == 0);
  const Ended tidy = folder.run("inspect out/data");
  CHECK(tidy.code == 0);
  CHECK_THAT(tidy.out, Contains("cells followed over time (btrack)") && Contains("a frame every 15 min"));
}

TEST_CASE("help of the tracks and bench verbs fits 80 columns and 24 lines") {
  check_help({"tracks", "tracks convert", "tracks phases", "tracks durations", "tracks multistate", "bench run", "bench score", "bench audit", "bench distance", "bench leaderboard"});
}
