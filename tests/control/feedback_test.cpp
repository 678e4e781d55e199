// Closed loops: the filter learns rates that are off, and looking beats not looking.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/planning/mpc/mpc_run.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/control/planned_cycles.hpp"

using namespace hyped;

TEST_CASE("a culture that is looked at is held nearer to the wanted share than one that is not", "[standard]") {
  const Scenario scenario = tests::twin_scenario();
  StageSettings stages = scenario.setup.stages;
  stages.stages = {{"G0", 3}, {"G1", 3}, {"S/G2/M", 5}};
  const auto model = make_staged(scenario.setup.model, stages);
  std::vector<double> truth = model->default_parameters();
  for (const auto& [name, value] : scenario.twin->truth)
    if (const int at = model->parameter_index(name); at >= 0) truth[static_cast<std::size_t>(at)] = value;
  // The ensemble believes cells enter S more slowly, by a factor of 1.5, and does not know it well.
  std::vector<std::vector<double>> members;
  for (std::uint32_t m = 0; m < 40; ++m) {
    RandomStream random(3, 1, m);
    auto p = truth;
    for (const char* name : {"release", "g1_exit"}) p[static_cast<std::size_t>(model->parameter_index(name))] *= std::exp(0.35 * random.normal()) / 1.5;
    members.push_back(p);
  }
  MpcSettings mpc;
  mpc.cells = 500, mpc.until_h = 36, mpc.observe_h = 1, mpc.block_h = 3, mpc.horizon_h = 9;
  FeedbackSettings settings{"mmMYOD1", 1.5, 3, 9, {"S/G2/M"}, 0.25, 1e-4, 0.02, 6, 5};
  const MpcCourse closed = run_culture(settings, stages, scenario.setup.model, truth, members, mpc, MpcRegime::closed);
  const MpcCourse open = run_culture(settings, stages, scenario.setup.model, truth, members, mpc, MpcRegime::open);
  const MpcCourse none = run_culture(settings, stages, scenario.setup.model, truth, members, mpc, MpcRegime::none);
  REQUIRE(closed.outcome.ok());
  REQUIRE(open.outcome.ok());
  WARN("error " << closed.error << " looking, " << open.error << " not looking, " << none.error << " without input; slowest decision " << closed.slowest_s << " s, inside " << closed.inside << "/" << closed.times_h.size());
  CHECK(closed.error < 0.8 * open.error);
  CHECK(closed.error < 0.5 * none.error);
  CHECK(closed.inside >= static_cast<int>(0.7 * static_cast<double>(closed.times_h.size())));
  set_threads(1);
  const MpcCourse again = run_culture(settings, stages, scenario.setup.model, truth, members, mpc, MpcRegime::closed);
  set_threads(0);
  CHECK(again.true_share == closed.true_share);
}
