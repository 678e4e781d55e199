// A gene of the network drives the cell cycle: the same as the cycle under that gene's course, exact derivatives, and a schedule file that says it.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/planning/systems/hill_system.hpp"
#include "experiments/planning/systems/joint_system.hpp"
#include "experiments/planning/systems/schedule_file.hpp"
#include "libhyped/store/run_directory.hpp"
#include "models/gene_network/random_hill_network.hpp"
#include "tests/control/planned_cycles.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using namespace hyped::control;

namespace {

const std::vector<std::string> genes{"PRRX1", "MYOD1", "C"};

// The twin with one more effect: the level of C, relative to that without doses, slows division.
Scenario with_brake(double strength) {
  Scenario scenario = tests::twin_scenario();
  scenario.setup.stages.effects.push_back({"C_on_division", {"C_level"}, {"division"}});
  scenario.twin->truth["C_on_division"] = strength;
  return scenario;
}

HillMember network() {
  RandomStream random(3, 1, 1);
  const HillNetwork made = with_time_in_hours(models::random_hill_network("small", genes, {{0, 2, 1}, {1, 2, -1}}, random), 12);
  models::TransientDoses doses;
  doses.silenced = 0, doses.delivered = 1;
  return true_member(made, doses, {0.5, 0.4, 0.3}, {0.5, 0.4, 0.3});
}

std::shared_ptr<const HillSystem> looked_at(const HillMember& member) {
  std::vector<GeneQuantity> quantities{{"C", 2, 48}};
  for (const double t : coupling_times(72)) quantities.push_back({"C", 2, t});
  return std::make_shared<HillSystem>(genes, quantities, std::vector<HillMember>{member, member}, 72);
}

JointSystem coupled(double strength, const Scenario& scenario) {
  CyclePlanSetup setup = tests::twin_setup(scenario);
  setup.driven = {"C_level"};
  auto members = tests::twin_members(scenario, 2, 0.1);
  const auto model = make_staged(setup.model, setup.stages);
  for (auto& member : members) member.parameters[static_cast<std::size_t>(model->parameter_index("C_on_division"))] = strength;
  const auto cycle = std::make_shared<CycleSystem>(setup, members);
  return JointSystem({cycle, {0, 1}, {0, 1}}, {looked_at(network()), {0, 1}, {0, 1}}, {{"C", "C_level", coupling_times(72), 1}});
}

const std::vector<Pulse> pulses{{0, 0.8, 2.2, 26.1}, {1, 0.7, 24.3, never_h}};

}  // namespace

TEST_CASE("a coupled plan is the cycle under the gene's own course") {
  const double strength = -1.5;
  const Scenario scenario = with_brake(strength);
  const JointSystem joint = coupled(strength, scenario);
  const PlannedAnswer found = joint.answer(0, pulses, false);
  REQUIRE(found.outcome.ok());
  CHECK(joint.quantities().size() == 5);      // four of the cycle, one of the network: the nodes are nobody's target

  // By hand: the level from the network's own course, every quarter of an hour, as an input of the culture.
  const HillSystem alone(genes, {{"C", 2, 48}}, {network()}, 72);
  std::vector<double> times;
  for (double t = 0; t < 72.01; t += 0.25) times.push_back(t);
  Outcome outcome;
  const Eigen::MatrixXd dosed = alone.course(0, pulses, times, outcome), undosed = alone.course(0, {}, times, outcome);
  std::vector<double> level, slope(times.size(), 0);
  for (std::size_t t = 0; t < times.size(); ++t) level.push_back(dosed(static_cast<Eigen::Index>(t), 2) / undosed(static_cast<Eigen::Index>(t), 2) - 1);
  for (std::size_t t = 1; t + 1 < times.size(); ++t) slope[t] = (level[t + 1] - level[t - 1]) / 0.5;
  CyclePlanSetup setup = tests::twin_setup(scenario);
  setup.driven = {"C_level"};
  auto members = tests::twin_members(scenario, 2, 0.1);
  const auto model = make_staged(setup.model, setup.stages);
  for (auto& member : members) member.parameters[static_cast<std::size_t>(model->parameter_index("C_on_division"))] = strength;
  const CycleSystem cycle(setup, members);
  const std::vector<DrivenInput> driven{{"C_level", InputCourse(times, level, slope, {}), {}}};
  const PlannedAnswer by_hand = cycle.answer(0, pulses, false, driven);
  CHECK((found.values.head(4) - by_hand.values).cwiseAbs().maxCoeff() < 2e-3);      // nodes every hour against every quarter of one
  const PlannedAnswer uncoupled = cycle.answer(0, pulses, false);
  CHECK((found.values.head(4) - uncoupled.values).cwiseAbs().maxCoeff() > 0.02);     // and the coupling matters
  CHECK(coupled(0, with_brake(0)).answer(0, pulses, false).values.head(4).isApprox(uncoupled.values, 1e-7));      // without an effect it does not
}

TEST_CASE("a coupled plan has exact derivatives by amounts, starts and ends") {
  const JointSystem joint = coupled(-1.5, with_brake(-1.5));
  const PlannedAnswer at = joint.answer(1, pulses, true);
  REQUIRE(at.outcome.ok());
  for (int knob = 0; knob < 5; ++knob) {      // the mRNA is never washed out
    const auto moved = [&](double by) {
      auto other = pulses;
      Pulse& pulse = other[static_cast<std::size_t>(knob / 3)];
      (knob % 3 == 0 ? pulse.amount : knob % 3 == 1 ? pulse.start_h : pulse.until_h) += by;
      return joint.answer(1, other, false).values;
    };
    const double h = 2e-2;      // fourth-order differences
    const Eigen::VectorXd slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
    INFO("knob " << knob);
    CHECK((at.by_pulses.col(knob) - slope).cwiseAbs().maxCoeff() < 2e-5);
  }
}

TEST_CASE("couplings that cannot be are refused") {
  const Scenario scenario = with_brake(-1);
  CyclePlanSetup setup = tests::twin_setup(scenario);
  setup.driven = {"D_level"};
  CHECK_THROWS_WITH(CycleSystem(setup, tests::twin_members(scenario, 2, 0.1)), Catch::Matchers::Contains("D_level"));
  setup.driven = {"mmMYOD1"};
  CHECK_THROWS_WITH(CycleSystem(setup, tests::twin_members(scenario, 2, 0.1)), Catch::Matchers::Contains("the plan doses it"));
}

TEST_CASE("a schedule file keeps the course of a driven input") {
  const Scenario scenario = with_brake(-1.5);
  const JointSystem joint = coupled(-1.5, scenario);
  Outcome outcome;
  const auto driven = joint.driven(0, pulses, outcome);
  REQUIRE(driven.size() == 1);
  std::vector<double> nodes{0};
  for (const double t : coupling_times(72)) nodes.push_back(t);
  const testing::CommandFolder folder;
  const ScheduleFile schedule{"hyped_twin", "driven", "plan", 72, {}, {}, {}};
  const std::string text = testing::text_of(std::filesystem::path(tests::source_folder()) / "experiments/scenarios/hyped_twin.toml");
  write_file(folder.path() / "own.toml", text + "\n[[effect]]\nname = \"C_on_division\"\ninputs = [\"C_level\"]\nrates = [\"division\"]\n");
  ScheduleFile mine = schedule;
  mine.scenario = (folder.path() / "own.toml").string();
  mine.values = {{"C_on_division", -1.5}};
  write_file(folder.path() / "plan.toml", to_toml(mine) + to_toml(driven[0], nodes));
  const Scenario read = read_scenario(folder.path() / "plan.toml");
  REQUIRE(read.setup.arms.size() == 2);
  const InputCourse& course = read.setup.arms[0].strata[0].inputs.at("C_level");
  for (const double t : {0.3, 5.7, 26.4, 40.0, 71.2}) CHECK(course(t) == Approx(driven[0].course(t)).margin(1e-12));
  CHECK_FALSE(read.setup.arms[1].strata[0].inputs.contains("C_level"));
}
