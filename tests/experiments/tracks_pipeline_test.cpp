// The whole way of single cells by the command: twin, phases, durations, rates, and tracks beside counts in one fit.
#include <catch2/catch.hpp>

#include <cmath>

#include "libhyped/store/run_summary.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

double result(const CommandFolder& folder, const std::string& run, const std::string& name) {
  for (const RunResult& one : read_summary(folder.path() / run).results)
    if (one.name == name && one.value) return *one.value;
  return std::nan("");
}

std::map<std::string, std::string> row(const std::vector<std::map<std::string, std::string>>& table, const std::string& column, const std::string& value) {
  for (const auto& one : table)
    if (one.at(column) == value) return one;
  return {};
}

double number(const std::map<std::string, std::string>& row, const std::string& column) { return row.count(column) ? std::strtod(row.at(column).c_str(), nullptr) : std::nan(""); }

}  // namespace

TEST_CASE("a twin's film goes through phases, durations and rates, and joins its counts", "[slow]") {
  const CommandFolder folder;
  Ended ended = folder.run("twin cycle --out twin --seed 3");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  REQUIRE(folder.table("twin/data/film/films.tsv").size() == 10);
  REQUIRE(text_of(folder.path() / "twin/data/film_truth.tsv").size() > 1000000);

  const std::string channels = " --reporter cdt1_geminin --g1-channel mKate --cycling-channel tagGFP";
  ended = folder.run("tracks phases twin/data/film" + channels + " --method kinetics --out phases");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("'mKate' on in G1"));
  CHECK(result(folder, "phases", "uncertain") < 0.15);
  CHECK(read_summary(folder.path() / "phases").warnings.empty());
  const auto support = folder.table("phases/tables/map_support.tsv");
  CHECK(support.at(0).at("given") == "yes");
  // The twin's kinetics are the smoother's own: calls against the truth, row by row.
  const auto truth = folder.table("twin/data/film_truth.tsv"), called = folder.table("phases/data/frames.tsv");
  REQUIRE(truth.size() == called.size());
  long wrong = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) wrong += (called[i].at("phase") == "G1") != (truth[i].at("true_phase") != "S/G2/M") ? 1 : 0;
  CHECK(static_cast<double>(wrong) < 0.02 * static_cast<double>(truth.size()));

  // The other way round the light makes no cycle, and the command says so.
  ended = folder.run("tracks phases twin/data/film --reporter cdt1_geminin --g1-channel tagGFP --cycling-channel mKate --out swapped");
  CHECK_THAT(ended.out, Contains("explains the tracks worse than another"));

  ended = folder.run("tracks durations phases/data --family gamma --draws 0 --counts twin/data/counts.tsv --from-h 30 --out durations");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  bool seen = false;
  for (const auto& one : folder.table("durations/tables/duration_fits.tsv"))
    if (one.at("phase") == "S/G2/M" && one.at("condition") == "control" && one.at("family") == "gamma" && one.at("name") == "mean") {
      seen = true;
      CHECK(number(one, "estimate") == Approx(12.8).margin(1.3));
    }
  CHECK(seen);
  CHECK(number(row(folder.table("durations/tables/growth.tsv"), "name", "growth_rate"), "estimate") > 0.01);
  CHECK(folder.table("durations/tables/counts_prediction.tsv").size() == 4);

  ended = folder.run("tracks multistate phases/data --same-rates --stages G1=2 --stages S/G2/M=3 --out rates");
  INFO(ended.out << ended.err);
  CHECK(ended.code <= 1);
  CHECK(folder.table("rates/tables/sojourns.tsv").size() == 2);

  ended = folder.run("tracks multistate phases/data --reference control --delivery siPRRX1=sirna@0 --driven G1-S/G2/M --out driven");
  INFO(ended.out << ended.err);
  CHECK(ended.code <= 1);
  CHECK(ended.out.find("sirna from 0 h in siPRRX1: dose 1, highest at") != std::string::npos);
  const auto drive = row(folder.table("driven/tables/rates.tsv"), "name", "sirna from 0 h drives G1-S/G2/M");
  CHECK(number(drive, "lower") < number(drive, "upper"));
  CHECK(folder.table("driven/tables/delivered.tsv").size() > 20);

  ended = folder.run("cycle fit hyped_twin twin/data/counts.tsv --starts 2 --out alone");
  REQUIRE(ended.code == 0);
  ended = folder.run("cycle fit hyped_twin twin/data/counts.tsv --starts 2 --tracks phases/data --out together");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const auto alone = row(folder.table("alone/tables/parameters.tsv"), "name", "division"), together = row(folder.table("together/tables/parameters.tsv"), "name", "division");
  CHECK(number(together, "upper") - number(together, "lower") < number(alone, "upper") - number(alone, "lower"));
  CHECK(together.at("how") == "data and prior");
  CHECK(folder.table("together/tables/track_evidence.tsv").size() == 2);
}

TEST_CASE("wrong reporters, channels, transitions and classes are refused") {
  const CommandFolder folder;
  folder.write("t.csv", "cell,time_h,red,green,phase\n1,0,100,10,G1\n1,1,90,11,G1\n1,2,20,100,S\n1,3,22,110,M\n1,4,30,90,S\n");
  const auto refused = [&](const std::string& arguments, const std::string& why, const std::string& fix) {
    const Ended ended = folder.run(arguments + " --out out");
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(why) && Contains(fix));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  const std::string read = "t.csv --column channel=red --column channel=green";
  refused("tracks phases " + read + " --reporter fucci --g1-channel red --cycling-channel green", "fucci", "pip");
  refused("tracks phases " + read + " --reporter pip --g1-channel rad --cycling-channel green", "no channel 'rad'", "red, green");
  refused("tracks phases " + read + " --reporter pip --g1-channel red --cycling-channel green --method magic", "magic", "auto, kinetics, levels (or smoother) or gates");
  refused("tracks multistate " + read, "M-S", "--misread");
  refused("tracks multistate " + read + " --transition G1-X", "G1-X", "G1, S");
  refused("tracks multistate " + read + " --transition G1-S --transition S-G1 --stages G2=3", "G2", "G1, S");
  const std::string allowed = "tracks multistate " + read + " --transition G1-S --transition S-M --transition M-S --transition S-G1";
  refused(allowed + " --delivery siPRRX1=sirna", "siPRRX1=sirna", "CONDITION=KIND@FROM_H");
  refused(allowed + " --delivery siPRRX1=sirna@0", "no condition 'siPRRX1'", "conditions of the tracks");
  refused(allowed + " --delivery siPRRX1=rna@0", "rna", "sirna");
  refused("tracks durations " + read + " --only X", "X", "G1");
  refused("cycle fit hyped_twin t.csv --tracks nowhere", "t.csv", "");
}
