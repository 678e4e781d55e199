// Help of the gene network and control verbs fits a screen and leaves rarely used options to --help-all; messages about ranges are short.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/experiments/run_checks.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

TEST_CASE("help of the grn and control verbs fits 80 columns and 24 lines") {
  testing::check_help({"grn", "grn fit", "grn predict", "grn edges", "grn steady", "grn knockouts", "grn dual-arm", "grn order", "grn identify", "control", "control plan", "control pareto", "control mpc", "control dgc", "control transitions", "control design"});
}

TEST_CASE("rarely used options are in --help-all only and --help says so") {
  const testing::CommandFolder folder;
  const testing::Ended few = folder.run("grn dual-arm --help"), all = folder.run("grn dual-arm --help-all");
  CHECK(few.code == 0);
  CHECK(all.code == 0);
  CHECK_THAT(few.out, Contains("More options: hyped grn dual-arm --help-all"));
  CHECK_THAT(few.out, !Contains("--wash-h"));
  CHECK_THAT(few.out, Contains("--silenced"));
  CHECK_THAT(all.out, Contains("--wash-h") && Contains("--silenced") && !Contains("More options"));
  // what every verb has is there
  const testing::Ended plain = folder.run("grn edges --help"), plain_all = folder.run("grn edges --help-all");
  CHECK_THAT(plain.out, Contains("--help-all") && !Contains("--threads"));
  CHECK(plain_all.code == 0);
  CHECK_THAT(plain_all.out, Contains("--from") && Contains("--seed") && Contains("--threads"));
}

TEST_CASE("a number out of range is refused in a short line") {
  const testing::CommandFolder folder;
  for (const char* arguments : {"grn order t.tsv --rank -1", "grn order t.tsv --least-cpm -0.5", "grn order t.tsv --random-orders 0", "cells prepare c.h5ad --mads -1", "cells prepare c.h5ad --max-pct-mt 101",
                                "cells embed c.h5ad --perplexity 0", "cells embed c.h5ad --neighbours 0.5", "cells de c.h5ad --fdr 2"}) {
    const testing::Ended ended = folder.run(std::string(arguments) + " --out out");
    INFO(arguments << "\n" << ended.err);
    CHECK(ended.code == 2);
    std::istringstream in(ended.err);
    for (std::string line; std::getline(in, line);) CHECK(line.size() <= 120);
  }
  CHECK_THAT(folder.run("grn order t.tsv --rank -1 --out out").err, Contains("'-1' is not a whole number of 0 or more"));
}
