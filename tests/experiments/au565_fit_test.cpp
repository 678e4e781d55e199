// AU565, all drugs and doses in one fit, beside the published durations and a steady start.
#include <fmt/format.h>

#include "experiments/cycle/cycle_run.hpp"
#include "libhyped/ingest/read_published.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/sanitized.hpp"

using namespace hyped;
using namespace hyped::testing;

TEST_CASE("must/foundation/2", "[standard]") {
  const auto folder = real_data("data/fucci/au565_population/population_timecourse.csv");
  if (folder.empty()) return;
  Scenario scenario = read_scenario(shipped_scenario("au565"));
  if (hyped::tests::sanitized) {
    scenario.fit.starts = 1;
    scenario.profiles.clear();
    scenario.bootstrap_wells = scenario.bootstrap_parametric = 0;
    scenario.compare_in_fit = false;
  }
  const PhaseCounts data = read_data(scenario, folder.string());
  CHECK(data.wells.size() == 118);      // 120 and two copies
  const RunFolder out("hyped_au565");
  {
    RunDirectory run(out.path, {"hyped", "cycle", "fit", "au565"}, 1);
    const CycleFit fitted = run_cycle_fit(run, scenario, data, {});
    CHECK(fitted.fit.outcome.ok());
    CHECK(fitted.problem->setup().arms.size() == 36);
    for (const FittedParameter& p : fitted.fit.parameters) {
      INFO(p.name);
      CHECK(p.identified);
      CHECK((p.lower < p.estimate && p.estimate < p.upper));
      CHECK(std::isfinite(p.sd));
    }
    run.finish();
  }
  if (hyped::tests::sanitized) return;

  // A free start against balanced growth of the control, by -2 log L and by AICc, in the table and in words.
  const DelimitedTable models = out.table("model_comparison");
  const auto stated = row_of(models, "model", "as stated"), steady = row_of(models, "model", "steady start");
  const double gain = 2 * (models.number(stated, models.column("log_l")) - models.number(steady, models.column("log_l")));
  INFO("-2 log L gained by the free start: " << gain);
  CHECK(gain > 50);
  CHECK(models.number(steady, models.column("d_aicc")) > models.number(stated, models.column("d_aicc")) + 50);
  CHECK_THAT(out.text("summary.json"), Catch::Matchers::Contains("\\\"steady start\\\" against the model as stated: -2 log L higher (worse)"));

  // What the handling at 48 h left is no growth and no death.
  const DelimitedTable parameters = out.table("parameters");
  CHECK(parameters.number(row_of(parameters, "name", "kept_at_48h"), parameters.column("upper")) < 1);

  // Seven published treatments, two durations each.
  const DelimitedTable references = out.table("reference_comparison");
  REQUIRE(references.rows() == 14);
  std::map<std::pair<std::string, std::string>, double> hours;
  for (std::size_t row = 0; row < references.rows(); ++row) {
    const double estimate = references.number(row, references.column("estimate"));
    const double lower = references.number(row, references.column("lower")), upper = references.number(row, references.column("upper"));
    CHECK((lower < estimate && estimate < upper));
    hours[{references.text(row, references.column("condition")), references.text(row, references.column("parameter"))}] = estimate;
  }
  REQUIRE(hours.size() == 14);
  const auto g1 = [&](const char* condition) { return hours.at({condition, "g1_exit"}); };
  const auto sg2 = [&](const char* condition) { return hours.at({condition, "division"}); };
  // As published: lapatinib lengthens G1 with dose, more than S/G2; 5 nM gemcitabine shortens G1. The strongest doses (10 nM
  // gemcitabine, 3 nM paclitaxel) come out longer here: hardly a cell divides, and death and arrest are told apart by the prior.
  CHECK(g1("untreated") < g1("lapatinib 25 nM"));
  CHECK(g1("lapatinib 25 nM") < g1("lapatinib 50 nM"));
  CHECK(g1("lapatinib 50 nM") / g1("untreated") > sg2("lapatinib 50 nM") / sg2("untreated"));
  CHECK(g1("gemcitabine 5 nM") < g1("untreated"));
  int inside = 0;
  for (std::size_t row = 0; row < references.rows(); ++row) inside += references.text(row, references.column("inside")) == "yes" ? 1 : 0;
  CHECK(inside >= 7);
}
