// `hyped bench audit` and `hyped bench leaderboard` as they are run: what they write, what they refuse.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/experiments/command_run.hpp"
#include "tests/expression/shared_cells.hpp"

using hyped::testing::CommandFolder;
using hyped::testing::Ended;
using hyped::testing::shared_file;

namespace {

// Three methods, four perturbations; b is best by error, and c by nothing.
const char* const table = "method\tperturbation\terror\nm a\tp\t2\nm b\tp\t1\nm c\tp\t3\nm a\tq\t2\nm b\tq\t1\nm c\tq\t3\nm a\tr\t1\nm b\tr\t2\nm c\tr\t3\nm a\ts\t2\nm b\ts\t1\nm c\ts\t3\n";

}  // namespace

TEST_CASE("bench leaderboard: a table by hand, its runs' folders, and what it refuses") {
  const CommandFolder folder;
  folder.write("scores.tsv", table);
  const Ended ended = folder.run("bench leaderboard scores.tsv --metric error=lower --size 1 --size 3 --draws 2000 --out board");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const auto ranks = folder.table("board/tables/ranks.tsv");
  REQUIRE(ranks.size() == 3);
  CHECK(ranks[0].at("method") == "m b");
  CHECK(std::stod(ranks[0].at("first_of_1")) == Approx(0.75));      // 3 of 4 perturbations
  CHECK(std::stod(ranks[1].at("first_of_1")) == Approx(0.25));
  CHECK(std::stod(ranks[0].at("first_of_3")) == Approx(1));         // of any 3, b wins at least 2
  CHECK(std::stod(ranks[2].at("first")) == 0);
  // bootstrap of four: a wins with 3 or 4 draws of r, ties with 2: C(4,3) .25^3 .75 + .25^4 + half of C(4,2) .25^2 .75^2
  CHECK(std::stod(ranks[1].at("first")) == Approx(0.046875 + 0.00390625 + 0.10546875).margin(0.03));
  for (const char* figure : {"rank_chances", "rank_intervals", "paired_differences"}) CHECK(std::filesystem::exists(folder.path() / "board" / "figures" / (std::string(figure) + ".svg")));

  // what a method leaves out, and means over other metrics, are said
  folder.write("holes.tsv", "method\tperturbation\terror\tloss\nm a\tp\t2\t1\nm b\tp\t1\t2\nm a\tq\t2\t1\nm b\tq\t1\t\nm a\tr\t2\t1\nm a\ts\t1\t1\nm b\ts\t3\t1\n");
  const Ended holes = folder.run("bench leaderboard holes.tsv --metric error=lower --metric loss=lower --draws 200 --out holes");
  CHECK(holes.code == 0);
  CHECK_THAT(holes.out + holes.err, Catch::Matchers::Contains("1 of 4 perturbations") && Catch::Matchers::Contains("r (not of m") && Catch::Matchers::Contains("some methods lack some metrics (q)"));

  // two runs of bench score: folders are the methods
  for (const auto& [name, value] : {std::pair{"one", 1.0}, std::pair{"two", 2.0}}) {
    std::filesystem::create_directories(folder.path() / name / "tables");
    folder.write(std::string(name) + "/tables/scores.tsv", "condition\tmetric\tpreset\tvalue\twhy_undefined\tbetter\tformula\np\tmae\tstrict\t" + std::to_string(value) + "\t\tlower\t\nq\tmae\tstrict\t" + std::to_string(value + 1) + "\t\tlower\t\n");
  }
  const Ended runs = folder.run("bench leaderboard one two --out runs");
  INFO(runs.out << runs.err);
  REQUIRE(runs.code == 0);
  CHECK(folder.table("runs/tables/ranks.tsv")[0].at("method") == "one");

  for (const auto& [arguments, word] : {std::pair<std::string, std::string>{"scores.tsv", "--metric"}, {"scores.tsv --metric error=up", "NAME=higher"}, {"scores.tsv --metric eror=lower", "error"}, {"scores.tsv one", "one table"}, {"one board/figures", "neither"}}) {
    const Ended refused = folder.run("bench leaderboard " + arguments + " --out none");
    INFO(arguments << ": " << refused.err);
    CHECK(refused.code == 2);
    CHECK(refused.err.find(word) != std::string::npos);
    CHECK(!std::filesystem::exists(folder.path() / "none"));
  }
}

TEST_CASE("bench audit: refuses what it cannot use, and writes every table for one preset", "[standard]") {
  const auto file = shared_file("data/scrna/norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad");
  if (file.empty()) return;
  const CommandFolder folder;
  const std::string data = "'" + file.string() + "'";
  for (const auto& [arguments, word] : {std::pair<std::string, std::string>{"--by nothing --control control", "nothing"}, {"--by condition --control nobody", "nobody"}, {"--by condition --control control --preset cell-eval-9", "cell-eval"}, {"--by condition --control control --min-cells 100000", "--min-cells"},
                                        {"--by condition --control control --targets AHR", "LABEL=GENE"}}) {
    const Ended refused = folder.run("bench audit " + data + " " + arguments + " --out none");
    INFO(arguments << ": " << refused.err << refused.out);
    CHECK(refused.code == 2);
    CHECK(refused.err.find(word) != std::string::npos);
    CHECK(!std::filesystem::exists(folder.path() / "none"));
  }
  const Ended ended = folder.run("bench audit " + data + " --by condition --control control --preset cell-eval-0.8.1 --out audit");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  CHECK(folder.table("audit/tables/verdicts.tsv").size() > 10);
  CHECK(folder.table("audit/tables/scale_sweep.tsv").size() == 7);
  const Ended untargeted = folder.run("bench audit " + data + " --by condition --control control --preset cell-eval-0.8.1 --targets none --out untargeted");
  CHECK(untargeted.code == 0);
  CHECK_THAT(hyped::testing::text_of(folder.path() / "untargeted/summary.json"), Catch::Matchers::Contains("0 of 11 conditions have a target gene"));
  CHECK(folder.table("audit/tables/degenerate_cells.tsv").size() == 11);      // perturbed conditions of the file
  for (const auto& row : folder.table("audit/tables/gains.tsv")) CHECK(row.at("preset") == "cell-eval-0.8.1");
}
