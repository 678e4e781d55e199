// Information of candidate wells against the fit's own, and the verbs transitions and design end to end.
#include <Eigen/Eigenvalues>
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/control/next_experiment/cycle_candidates.hpp"
#include "experiments/planning/verb_scenarios.hpp"
#include "experiments/scenario.hpp"
#include "experiments/twin/twin.hpp"
#include "fitting/linearised_wells.hpp"
#include "fitting/process_fit.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/small_scenario.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::testing;

namespace {

const std::string twin_part = R"(
[fit]
starts = 1
sister_correlation = 0
[twin]
wells = {control = 3, drug = 3}
cells_per_well = 400
seeding_spread = 0.2
rate_spread = 0
missed = 0.02
truth = {g1_exit = 0.09, division = 0.07, labelled_fraction = 1, "start_S/G2/M" = 0.6, drug_on_g1_exit = -0.4}
frame_interval_h = 8
until_h = 48
)";

std::string small() {
  std::string text = small_scenario;
  const auto at = text.find("[data]\nfile = \"counts.tsv\"");
  return text.replace(at, std::string("[data]\nfile = \"counts.tsv\"").size(), "[data]") + twin_part;
}

const std::string wells = R"(
title = "small"
cycle = "small.toml"
[[quantity]]
parameter = "drug_on_g1_exit"
[candidates]
[[candidates.sampling]]
name = "whole"
from_h = 0
until_h = 48
every_h = 8
[[candidates.sampling]]
name = "late"
times_h = [24, 36, 48]
[cost]
well = 1
frame = 0.05
[design]
draws = 3
budget = 4
refits = 200
)";

}  // namespace

TEST_CASE("candidate wells bring the information that the fit finds in such wells") {
  const CommandFolder folder;
  folder.write("small.toml", small());
  const Scenario scenario = read_scenario(folder.path() / "small.toml");
  CycleSetup setup = scenario.setup;
  setup.block_h = 0;
  const PhaseCounts data = simulate_twin(setup, *scenario.twin, 3).counts;
  const CycleProblem problem(setup, data);
  const Eigen::VectorXd theta = problem.space().start();
  const std::vector<VarianceComponent> components{{"unit_variance", 1, false}, {"sister_correlation", 0, false}, {"detection_variance", 0.03, false}};
  const std::vector<double> scales(problem.wells().size(), 500.0);
  const LinearisedWells blocks = linearise_wells(problem, theta, {}, scales, components.size(), problem.unit_covariances(theta));
  REQUIRE(blocks.outcome.ok());
  const MixedFit mixed = fit_variance_components(blocks.blocks, components);
  const CycleCandidates candidates(setup, data, {{"control", scenario.twin->times_h}, {"drug", scenario.twin->times_h}, {"drug", {8, 24, 48}}}, problem.space());
  std::vector<Eigen::MatrixXd> information;
  REQUIRE(candidates.information(theta, components, 500, information).ok());
  const Eigen::MatrixXd sum = 3 * information[0] + 3 * information[1];
  CHECK((sum - mixed.information).cwiseAbs().maxCoeff() < 1e-8 * sum.cwiseAbs().maxCoeff());
  // fewer frames of the same well never say more
  const Eigen::VectorXd less = (information[1] - information[2]).eval().selfadjointView<Eigen::Lower>().eigenvalues();
  CHECK(less.minCoeff() > -1e-8 * information[1].cwiseAbs().maxCoeff());
  CHECK_THROWS_AS(CycleCandidates(setup, data, {{"control", {0, 1}}}, problem.space()), InputError);
  CHECK_THROWS_AS(CycleCandidates(setup, data, {{"nobody", {0, 1, 2}}}, problem.space()), InputError);
}

TEST_CASE("control design: predicted standard errors are those of refits of simulated data", "[standard]") {
  const CommandFolder folder;
  folder.write("small.toml", small());
  folder.write("wells.toml", wells);
  const Ended ended = folder.run("control design wells.toml --seed 4 --out out");
  INFO(ended.err << ended.out);
  REQUIRE(ended.code == 0);
  const auto ranking = folder.table("out/tables/ranking.tsv");
  REQUIRE(ranking.size() == 4);
  CHECK(std::stod(ranking[0].at("width_after")) < std::stod(ranking[0].at("width_before")));
  int shares = 0;
  double sum = 0;
  for (const auto& row : folder.table("out/tables/design.tsv")) {
    sum += std::stod(row.at("share"));
    shares += std::stoi(row.at("count"));
    if (std::stod(row.at("share")) > 0.01) CHECK(std::stod(row.at("slack")) < 1e-3);
  }
  CHECK(sum == Approx(1).epsilon(1e-6));
  CHECK(shares >= 1);
  const auto checks = folder.table("out/tables/verification.tsv");
  REQUIRE(checks.size() == 2);
  // 200 refits: the realised standard error has one of 5 %; what is not linear adds a little
  for (const auto& row : checks) CHECK(std::stod(row.at("ratio")) == Approx(1).margin(0.2));
  CHECK(std::stod(checks[1].at("predicted_sd")) < std::stod(checks[0].at("predicted_sd")));
}

TEST_CASE("control design of a network: ranking, proof, and coverage of the predicted intervals", "[standard]") {
  const CommandFolder folder;
  const Ended ended = folder.run("control design cascade_next_dish --out out");
  INFO(ended.err << ended.out);
  REQUIRE(ended.code == 0);
  const auto checks = folder.table("out/tables/verification.tsv");
  REQUIRE(!checks.empty());
  const auto& last = checks.back();
  CHECK(last.at("experiment") == "with the design");
  CHECK(std::stod(last.at("ratio")) == Approx(1).margin(0.25));
  CHECK(std::stod(last.at("coverage")) > 0.88);
}

TEST_CASE("control design of a network: arms and shifted inputs are those that are named, A ranks by the sum of variances") {
  const CommandFolder folder;
  std::string text = text_of(std::filesystem::path(tests::source_folder()) / "experiments/scenarios/control/cascade_next_dish.toml");
  const auto changed = [](std::string out, const std::string& from, const std::string& to) {
    REQUIRE(out.find(from) != out.npos);
    return out.replace(out.find(from), from.size(), to);
  };
  text = changed(changed(text, "draws = 16", "draws = 2"), "refits = 400", "refits = 0");
  folder.write("arms.toml", changed(text, "shifts_h = [0]", "arms = [\"low dox\"]\nshifted = [\"dox\"]\nshifts_h = [-2, 0]"));
  const Ended ended = folder.run("control design arms.toml --out out");
  INFO(ended.err << ended.out);
  REQUIRE(ended.code == 0);
  const auto rows = folder.table("out/tables/ranking.tsv");
  CHECK(rows.size() == 8);      // one arm, two shifts, four samplings
  for (const auto& row : rows) CHECK_THAT(row.at("experiment"), Catch::Matchers::Contains("low dox"));
  folder.write("bad.toml", changed(text, "shifts_h = [0]", "arms = [\"lou dox\"]"));
  CHECK_THAT(folder.run("control design bad.toml --out bad").err, Catch::Matchers::Contains("low dox"));
  folder.write("bad.toml", changed(text, "shifts_h = [0]", "shifted = [\"doxy\"]\nshifts_h = [0, 2]"));
  CHECK_THAT(folder.run("control design bad.toml --out bad").err, Catch::Matchers::Contains("dox"));
  folder.write("sum.toml", changed(changed(text, "criterion = \"c\"", "criterion = \"A\""), "[[quantity]]\nparameter = \"half\"", "[[quantity]]\nparameter = \"half\"\n[[quantity]]\nparameter = \"lost\""));
  const Ended sum = folder.run("control design sum.toml --out sum");
  INFO(sum.err << sum.out);
  REQUIRE(sum.code == 0);
  double before = 0;
  for (const auto& row : folder.table("sum/tables/ranking.tsv")) {
    CHECK(std::stod(row.at("criterion")) >= before);
    before = std::stod(row.at("criterion"));
  }
}

TEST_CASE("control transitions: exact chances lie within the intervals of the paths, and the barrier is the action", "[standard]") {
  const CommandFolder folder;
  const Ended ended = folder.run("control transitions toggle_crossing --runs 400 --out out");
  INFO(ended.err << ended.out);
  REQUIRE(ended.code == 0);
  int outside = 0, rows = 0;
  double least = 1, most = 0;
  for (const auto& row : folder.table("out/tables/efficiency.tsv")) {
    if (row.at("exact").empty()) continue;
    const double exact = std::stod(row.at("exact"));
    ++rows;
    outside += exact < std::stod(row.at("reached_lower")) - 1e-9 || exact > std::stod(row.at("reached_upper")) + 1e-9;
    least = std::min(least, std::stod(row.at("held")));
    most = std::max(most, std::stod(row.at("held")));
  }
  CHECK(rows == 25);
  CHECK(outside <= 4);      // one in twenty is expected, Clopper-Pearson errs to fewer
  CHECK(most - least > 0.3);      // the input decides
  const auto barrier = folder.table("out/tables/barrier.tsv");
  CHECK(barrier.size() >= 4);
  for (const auto& row : barrier)
    if (!row.at("path_mean_h").empty()) {
      INFO("size " << row.at("size"));
      const double half = std::stod(row.at("path_upper_h")) - std::stod(row.at("path_mean_h"));
      CHECK(std::abs(std::stod(row.at("path_mean_h")) - std::stod(row.at("mean_h"))) < 2.2 * half);      // more than four standard errors
    }
}

TEST_CASE("control: wrong input is refused with line, name and fix, and nothing is left") {
  const CommandFolder folder;
  folder.write("small.toml", small());
  const auto refused = [&](const std::string& verb, const std::string& text, const std::string& words) {
    folder.write("bad.toml", text);
    const Ended ended = folder.run("control " + verb + " bad.toml --out out");
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Catch::Matchers::Contains(words));
    CHECK(!std::filesystem::exists(folder.path() / "out"));
  };
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  refused("design", with(wells, "drug_on_g1_exit", "drug_on_g1_exi"), "drug_on_g1_exit");
  refused("design", with(wells, "budget = 4", "budgets = 4"), "bad.toml");
  refused("design", with(wells, "budget = 4", "budget = 0.5"), "buys no experiment");
  refused("design", with(wells, "draws = 3", "criterion = \"E\""), "unknown");
  refused("design", with(wells, "[candidates]\n", "[candidates]\narms = [\"drugs\"]\n"), "drugs");
  const std::string crossing = "network = \"sized_toggle\"\n[target]\nat_least = {V = 30}\n[[input]]\nname = \"push\"\nparameters = {push = 1}\ndoses = [1]\ndurations_h = [2]\n[efficiency]\nhorizon_h = 10\nruns = 20\n";
  refused("transitions", with(crossing, "{V = 30}", "{W = 30}"), "no species 'W'");
  refused("transitions", with(crossing, "{push = 1}", "{pusch = 1}"), "push");
  refused("transitions", with(crossing, "horizon_h = 10", "horizon_h = 0"), "longer horizon");
  refused("transitions", with(crossing, "{V = 30}", "{U = 30}"), "inside the target");
  refused("transitions", with(crossing, "doses = [1]", "doses = []"), "'doses' is an empty list");
  refused("transitions", with(crossing, "runs = 20", "runs = 20\nlevel = 1.5"), "'level' is 1.5");
  refused("transitions", with(crossing, "{push = 1}", "{push = -5}"), "may not be below 0");
  refused("transitions", crossing + "[exact]\nmost = {U = 56, V = 20}\n", "bad.toml:3: 'V' is to reach 30");
  // names are checked before the fit: here there is nothing to fit
  std::string bare = small();
  folder.write("bare.toml", bare.substr(0, bare.find("[twin]")));
  const std::string unfitted = with(wells, "small.toml", "bare.toml");
  refused("design", unfitted, "there are no data");
  refused("design", with(unfitted, "parameter = \"drug_on_g1_exit\"", "arm = \"drugg\"\ntime_h = 24"), "there is no arm 'drugg'");
  refused("design", with(unfitted, "[candidates]\n", "[candidates]\narms = [\"drugs\"]\n"), "[candidates] arms names 'drugs'");
  refused("design", with(wells, "draws = 3", "draws = 1000000000"), "at most 10000");
  refused("design", with(wells, "times_h = [24, 36, 48]", "times_h = [-12, 36, 48]"), "bad.toml:14: 'times_h' has a time of -12 h");
  const std::string dish = "network = \"dox_cascade\"\n[reading]\nspecies = [\"Y\"]\n[[unknown]]\nparameter = \"half\"\nprior_sd = 0.5\n[[arm]]\nname = \"low\"\ninputs = {dox = 40}\nfrom_h = 6\n[[quantity]]\nparameter = \"half\"\n[candidates]\n[[candidates.sampling]]\nname = \"a\"\ntimes_h = [12]\n[design]\nbudget = 1\n";
  refused("design", with(dish, "dox = 40", "dox = -40"), "bad.toml:9: 'dox' is -40");
  refused("design", with(dish, "prior_sd = 0.5", "prior_sd = -0.5"), "'prior_sd' of 'half' is -0.5");
  refused("design", with(dish, "from_h = 6", "from_h = 6\nmeasured_at_h = [-1, 3]"), "bad.toml:11: 'measured_at_h' of 'low' holds -1");
  for (const char* verb : {"linear", "design", "transitions", "mpc", "plan", "pareto"}) {
    const Ended ended = folder.run(std::string("control ") + verb + " nosuch --out out");
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Catch::Matchers::Contains(verb_scenario_names(verb).front()) && !Catch::Matchers::Contains("bj_myod"));
    for (const auto& name : verb_scenario_names(verb)) CHECK(std::filesystem::exists(verb_scenario(verb, name)));
  }
}
