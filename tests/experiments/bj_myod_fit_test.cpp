// BJ PIP-FUCCI, MYOD1 against control: doubts about wells, channel map and time axis are said and are in the intervals.
#include <cmath>

#include "experiments/cycle/cycle_run.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/sanitized.hpp"

using namespace hyped;
using namespace hyped::testing;

TEST_CASE("must/foundation/4", "[standard]") {
  const auto file = real_data("data/fucci/bj_pipfucci_lab/bj_myod_vs_control_channel_counts.csv");
  if (file.empty()) return;
  Scenario scenario = read_scenario(shipped_scenario("bj_myod"));
  if (hyped::tests::sanitized) {
    scenario.fit.starts = 1;
    scenario.profiles.clear();
    scenario.bootstrap_wells = scenario.bootstrap_parametric = 0;
    scenario.compare_in_fit = false;
  }
  const PhaseCounts data = read_data(scenario, file.string());
  REQUIRE(data.wells.size() == 2);
  const RunFolder out("hyped_bj");
  {
    RunDirectory run(out.path, {"hyped", "cycle", "fit", "bj_myod"}, 1);
    run_cycle_fit(run, scenario, data, {});
    run.finish();
  }
  if (hyped::tests::sanitized) return;

  // Effects on each rate, with intervals, under both channel maps.
  const DelimitedTable effects = out.table("model_effects");
  for (const char* map : {"as stated", "red is G1"}) {
    int found = 0;
    for (std::size_t row = 0; row < effects.rows(); ++row) found += effects.text(row, effects.column("model")) == map ? 1 : 0;
    CHECK(found == 4);
  }
  const DelimitedTable parameters = out.table("parameters");
  for (const auto& effect : scenario.setup.stages.effects) {
    const auto row = row_of(parameters, "name", effect.coefficient);
    const double lower = parameters.number(row, parameters.column("lower")), upper = parameters.number(row, parameters.column("upper"));
    // never narrower than two wells that differ by the assumed spread allow
    CHECK(upper - lower > 2 * 1.96 * std::sqrt(2.0) * *scenario.setup.random_effects.front().assumed_sd);
  }

  // The other frame interval: a rate at 22.3 min is higher by about the ratio of the intervals, and the interval holds it.
  const DelimitedTable axis = out.table("time_axis_sensitivity");
  CHECK(axis.rows() == parameters.rows());
  const double ratio = scenario.data.frame_interval_h / scenario.data.frame_interval_alternative_h;
  for (const char* rate : {"release", "g1_exit"}) {
    INFO(rate);
    const auto row = row_of(axis, "name", rate);
    const double end = axis.number(row, axis.column("other_end"));
    // the rate of S phase is shared with the start's odds and priors, and need not scale
    if (std::string(rate) == "release") CHECK(axis.number(row, axis.column("ratio")) == Approx(ratio).epsilon(0.05));
    CHECK(axis.number(row, axis.column("lower")) < axis.number(row, axis.column("lower_counts_alone")));
    CHECK(axis.number(row, axis.column("upper")) > axis.number(row, axis.column("upper_counts_alone")));
    CHECK(end < axis.number(row, axis.column("upper")));
  }

  // Both maps are in the comparison (the stated one describes these counts better), and the doubts in the words.
  const DelimitedTable models = out.table("model_comparison");
  CHECK(models.number(row_of(models, "model", "red is G1"), models.column("d_aicc")) > 0);
  const std::string summary = out.text("summary.json");
  for (const char* said : {"The frame interval is 25 or 22.29 min (12 % apart)", "Arm 'MyoD+' has one well", "ASSUMPTION: rates differ between wells with a standard deviation of 0.1 ", "channels overlap"})
    CHECK_THAT(summary, Catch::Matchers::Contains(said));
}
