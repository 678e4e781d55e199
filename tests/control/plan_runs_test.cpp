// The verbs plan, pareto and mpc as a user runs them: figures and tables that are there, schedule files that run unchanged, bad input in words.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "experiments/planning/systems/hill_system.hpp"
#include "experiments/planning/systems/joint_system.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "models/gene_network/random_hill_network.hpp"
#include "tests/control/planned_cycles.hpp"
#include "tests/experiments/run_checks.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::control;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const std::string small_plan = R"(harvest_h = 72
protocol = "dual"
[model]
kind = "cycle"
scenario = "hyped_twin"
[ensemble]
members = 12
relative_sd = 0.1
kinetics = false
[[input]]
name = "siPRRX1"
amount = [0, 1.5]
start_h = [0, 30]
duration_h = [6, 30]
[[input]]
name = "mmMYOD1"
amount = [0, 1.5]
start_h = [0, 60]
[target]
within = 0.05
[[target.term]]
name = "S/G2/M at 48 h"
phases = ["S/G2/M"]
time_h = 48
value = 0.15
[[limit]]
name = "cells left"
quantity = "relative_cells"
least = 0.3
[search]
candidates = 6
starts = 1
screening = 2
polished = 1
pareto_points = 2
)";

fs::path written(const testing::CommandFolder& folder, const std::string& name, std::string text, const std::string& from = "", const std::string& to = "") {
  if (!from.empty()) {
    REQUIRE(text.find(from) != text.npos);
    text.replace(text.find(from), from.size(), to);
  }
  const fs::path file = folder.path() / name;
  std::ofstream(file) << text;
  return file;
}

}  // namespace

TEST_CASE("hyped control plan and pareto leave their figures, and the plan's file runs unchanged in hyped cycle simulate", "[standard]") {
  const testing::CommandFolder folder;
  written(folder, "small.toml", small_plan);
  const testing::Ended plan = folder.run("control plan small.toml --out plan");
  INFO(plan.out << plan.err);
  REQUIRE(plan.code == 0);
  for (const char* figure : {"comparison", "courses", "schedule"}) CHECK(fs::file_size(folder.path() / "plan/figures" / (std::string(figure) + ".svg")) > 1000);
  for (const char* table : {"plan", "shapes", "comparison", "target", "limits", "support", "slack", "sensitivity", "courses"}) CHECK(fs::exists(folder.path() / "plan/tables" / (std::string(table) + ".tsv")));
  const testing::Ended again = folder.run("cycle simulate plan/data/plan.toml --out simulated");
  INFO(again.out << again.err);
  REQUIRE(again.code == 0);
  const DelimitedTable expected = DelimitedTable::read(folder.path() / "simulated/tables/expected.tsv");
  double inside = 0, outside = 0;
  for (std::size_t r = 0; r < expected.rows(); ++r) {
    if (expected.text(r, expected.column("condition")) != "plan" || expected.number(r, expected.column("time_h")) != 48) continue;
    const std::string& seen = expected.text(r, expected.column("class"));
    if (seen == "S/G2/M") inside = expected.number(r, expected.column("expected"));
    if (seen == "G1") outside = expected.number(r, expected.column("expected"));
  }
  REQUIRE(inside > 0);
  CHECK(std::abs(inside / (inside + outside) - 0.15) == Approx(testing::number_in(folder.path() / "plan/summary.json", "distance_of_centre")).margin(1e-5));
  const testing::Ended front = folder.run("control pareto small.toml --out pareto");
  INFO(front.out << front.err);
  REQUIRE(front.code == 0);
  CHECK(fs::file_size(folder.path() / "pareto/figures/front.svg") > 1000);
  CHECK(fs::exists(folder.path() / "pareto/data/plan_1.toml"));
}

TEST_CASE("hyped control mpc leaves its figures", "[standard]") {
  const testing::CommandFolder folder;
  std::string text = testing::text_of(fs::path(tests::source_folder()) / "experiments/scenarios/mpc_twin.toml");
  text.replace(text.rfind("until_h = 60"), 12, "until_h = 6");
  written(folder, "long.toml", text, "members = 60", "members = 10");
  const testing::Ended refused = folder.run("control mpc long.toml --out none");
  CHECK(refused.code == 2);      // nothing of it lies after the first horizon
  CHECK_THAT(refused.err, Contains("after the first horizon"));
  text.replace(text.find("horizon_h = 12"), 14, "horizon_h = 4 ");
  written(folder, "mpc.toml", text, "members = 60", "members = 10");
  const testing::Ended mpc = folder.run("control mpc mpc.toml --out mpc");
  INFO(mpc.out << mpc.err);
  REQUIRE(mpc.code == 0);
  CHECK_THAT(testing::text_of(folder.path() / "mpc/summary.json"), !Contains("look surer than they are"));      // no carrier stands between
  for (const char* figure : {"course", "schedule"}) CHECK(fs::file_size(folder.path() / "mpc/figures" / (std::string(figure) + ".svg")) > 1000);
  const double error = testing::number_in(folder.path() / "mpc/summary.json", "error closed loop");
  CHECK(error > 0);
  CHECK(error < 0.5);
  // What was held runs again as a schedule: the expected share at the end is near that of the stochastic culture of 700 cells.
  const testing::Ended again = folder.run("cycle simulate mpc/data/applied.toml --out simulated");
  INFO(again.out << again.err);
  REQUIRE(again.code == 0);
  double inside = 0, outside = 0, last = 0;
  const DelimitedTable expected = DelimitedTable::read(folder.path() / "simulated/tables/expected.tsv");
  for (std::size_t r = 0; r < expected.rows(); ++r) {
    if (expected.text(r, expected.column("condition")) != "plan") continue;
    const std::string& seen = expected.text(r, expected.column("class"));
    const double t = expected.number(r, expected.column("time_h")), value = expected.number(r, expected.column("expected"));
    if (t > last) last = t, inside = outside = 0;
    if (t == last && seen == "S/G2/M") inside = value;
    if (t == last && seen == "G1") outside = value;
  }
  CHECK(last == Approx(6));
  const DelimitedTable course = DelimitedTable::read(folder.path() / "mpc/tables/course.tsv");
  double share = -1;
  for (std::size_t r = 0; r < course.rows(); ++r)
    if (course.text(r, course.column("regime")) == "closed loop" && course.number(r, course.column("time_h")) > 5.99) share = course.number(r, course.column("true_share"));
  REQUIRE(inside > 0);
  CHECK(inside / (inside + outside) == Approx(share).margin(0.06));      // 700 cells: standard error 0.015
}

TEST_CASE("closed loops refuse what they do not know") {
  const testing::CommandFolder folder;
  const std::string text = testing::text_of(fs::path(tests::source_folder()) / "experiments/scenarios/mpc_twin.toml");
  const struct {
    const char *from, *to, *said;
  } cases[] = {{"phases = [\"S/G2/M\"]\n", "", "names no phase"},
               {"value = 0.25", "value = 0.25\nside = \"at_most\"", "leave side out"},
               {"value = 0.25", "value = 0.25\n[[limit]]\nname = \"left\"\nquantity = \"relative_cells\"\nleast = 0.3", "knows no [[limit]]"},
               {"amount = [0, 1.5]", "amount = [0, 1.0]", "says something else"},
               {"missed = 0.02", "missed = 1.0", "no cell would ever be seen"},
               {"members = 60", "members = 1e9", "at most 10000"}};
  for (const auto& one : cases) {
    written(folder, "bad.toml", text, one.from, one.to);
    const testing::Ended ended = folder.run("control mpc bad.toml --out bad");
    INFO(one.to << "\n" << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(one.said));
  }
}

TEST_CASE("bad planning scenarios are one clear error and leave nothing") {
  const testing::CommandFolder folder;
  const struct {
    const char *from, *to, *said;
  } cases[] = {{"name = \"mmMYOD1\"", "name = \"mmMYOD\"", "did you mean 'mmMYOD1'"},
               {"phases = [\"S/G2/M\"]", "phases = [\"S\"]", "no phase 'S'"},
               {"least = 0.3", "least = 3", "cells left"},
               {"members = 12", "members = 1e9", "at most 10000"},
               {"protocol = \"dual\"", "protocol = \"duall\"", "did you mean 'dual'"},
               {"kind = \"cycle\"", "kind = \"cell\"", "joint"},
               {"amount = [0, 1.5]", "amount = [2, 1.5]", "down to"},
               {"least = 0.3", "least = 0.3\nchance = 0.95", "is not over"},
               {"start_h = [0, 60]", "start_h = [-4, 60]", "follows cells from"},
               {"harvest_h = 72", "harvest_h = inf", "finite"},
               {"quantity = \"relative_cells\"", "quantity = \"level\"", "no quantity 'level'"}};
  for (const auto& one : cases) {
    written(folder, "bad.toml", small_plan, one.from, one.to);
    const testing::Ended ended = folder.run("control plan bad.toml --out bad");
    INFO(one.to << "\n" << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(one.said));
    CHECK_FALSE(fs::exists(folder.path() / "bad"));
  }
}

TEST_CASE("planning scenarios refuse what no plan can be: doses after the harvest, pulses that do not fit, impossible targets") {
  const testing::CommandFolder folder;
  const struct {
    const char *from, *to, *said;
  } cases[] = {{"amount = [0, 1.5]\nstart_h = [0, 30]", "amount = [-2, 1.5]\nstart_h = [0, 30]", "bad.toml:12: the amount of 'siPRRX1' runs from -2 to 1.5"},
               {"duration_h = [6, 30]", "duration_h = [-6, 30]", "bad.toml:14: 'siPRRX1' may last -6 h"},
               {"harvest_h = 72", "harvest_h = 50", "'mmMYOD1' may start at 60 h, after the harvest at 50 h"},
               {"start_h = [0, 60]", "start_h = [0, 60]\npulses = [0, 3]\ngap_h = 40", "3 pulses of 'mmMYOD1' cannot stand 40 h apart"},
               {"time_h = 48\nvalue = 0.15", "time_h = 80\nvalue = 0.15", "asked for at 80 h, after the harvest at 72 h"},
               {"value = 0.15", "value = 1.7", "asks for the share 1.7"}};
  for (const auto& one : cases) {
    written(folder, "bad.toml", small_plan, one.from, one.to);
    const testing::Ended ended = folder.run("control plan bad.toml --out bad");
    INFO(one.to << "\n" << ended.err);
    CHECK(ended.code == 2);
    std::string flat = ended.err;
    for (std::size_t at; (at = flat.find("\n  ")) != flat.npos;) flat.replace(at, 3, " ");      // as wrapped for a terminal
    CHECK_THAT(flat, Contains(one.said));
  }
}

TEST_CASE("planning scenarios of networks refuse what belongs to cell cycles, and shares above one") {
  const testing::CommandFolder folder;
  const std::string text = testing::text_of(fs::path(tests::source_folder()) / "experiments/scenarios/plan_network.toml");
  const struct {
    const char *from, *to, *said;
  } cases[] = {{"harvest_h = 48", "harvest_h = 48\nprotocol = \"si\"", "belongs to cell-cycle"},
               {"members = 60", "members = 60\nkinetics = true", "belongs to cell-cycle"},
               {"members = 60", "members = 60\nrelative_sd = 0.2", "belongs to cell-cycle"},
               {"[risk]", "[[handling]]\ninput = \"mmG3\"\n[risk]", "belongs to cell-cycle"},
               {"precision = 0.8", "precision = 1.2", "at most 1"}};
  for (const auto& one : cases) {
    written(folder, "bad.toml", text, one.from, one.to);
    const testing::Ended ended = folder.run("control plan bad.toml none.csv --out bad");
    INFO(one.to << "\n" << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Contains(one.said));
  }
}

TEST_CASE("hyped control plan for a gene network", "[slow]") {
  const auto cells = testing::real_data("data/grn/hyped_like_gnw10/net1_cells_48h_counts.csv");
  if (cells.empty()) return;
  const testing::CommandFolder folder;
  const testing::Ended plan = folder.run("control plan plan_network " + cells.string() + " --out plan");
  INFO(plan.out << plan.err);
  REQUIRE(plan.code == 0);
  for (const char* figure : {"comparison", "genes", "schedule"}) CHECK(fs::file_size(folder.path() / "plan/figures" / (std::string(figure) + ".svg")) > 1000);
  const testing::Ended again = folder.run("network simulate plan/data/plan.toml --out simulated");
  INFO(again.out << again.err);
  CHECK(again.code == 0);
}

TEST_CASE("a joint system gives what its parts give, with their derivatives, for inputs in any order") {
  const Scenario scenario = tests::twin_scenario();
  CyclePlanSetup setup = tests::twin_setup(scenario);
  const auto cycle = std::make_shared<CycleSystem>(setup, tests::twin_members(scenario, 3, 0.1));
  RandomStream random(3, 1, 1);
  const std::vector<std::string> genes{"PRRX1", "MYOD1", "C"};
  const HillNetwork network = with_time_in_hours(models::random_hill_network("small", genes, {{0, 2, 1}, {1, 2, -1}}, random), 12);
  models::TransientDoses doses;
  doses.silenced = 0, doses.delivered = 1;
  const HillMember member = true_member(network, doses, {0.5, 0.4, 0.3}, {0.5, 0.4, 0.3});
  const auto hill = std::make_shared<HillSystem>(genes, std::vector<GeneQuantity>{{"C", 2, 48}}, std::vector<HillMember>{member, member, member}, 72);
  const JointSystem joint({cycle, {1, 0}, {0, 1, 2}}, {hill, {1, 0}, {0, 1, 2}});      // joint input 0 is the mRNA
  const std::vector<Pulse> pulses{{0, 0.7, 24, never_h}, {1, 0.8, 2, 26}}, theirs{{1, 0.7, 24, never_h}, {0, 0.8, 2, 26}};
  for (int m = 0; m < 3; ++m) {
    const PlannedAnswer both = joint.answer(m, pulses, true), one = cycle->answer(m, theirs, true), two = hill->answer(m, theirs, true);
    REQUIRE(both.outcome.ok());
    CHECK((both.values.head(one.values.size()) - one.values).norm() == 0);
    CHECK((both.values.tail(1) - two.values).norm() == 0);
    CHECK((both.by_pulses.topRows(one.values.size()) - one.by_pulses).norm() == 0);
    CHECK((both.by_pulses.bottomRows(1) - two.by_pulses).norm() == 0);
  }
  CHECK(joint.quantities().size() == cycle->quantities().size() + 1);
  CHECK(joint.parameters().rows() == 3);
  CHECK(static_cast<std::size_t>(joint.parameters().cols()) == joint.parameter_names().size());
  CHECK_THROWS_AS(JointSystem({cycle, {0, 1}, {0, 1, 2}}, {hill, {0, 1}, {0, 1}}), InputError);
}
