// Bootstraps of a cheap process fit: spread as the covariance says, counted failures, the same for any number of threads.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/twin/twin.hpp"
#include "fitting/bootstrap.hpp"
#include "libhyped/parallel.hpp"
#include "tests/fitting/small_problem.hpp"

using namespace hyped;

namespace {

PhaseCounts small_twin(const CycleSetup& setup, int wells, double spread, std::uint64_t seed) {
  TwinSettings settings;
  settings.wells = {{"control", wells}, {"drug", wells}};
  settings.times_h = test::frames(24, 2);
  settings.cells_per_well = 300;
  settings.rate_spread = spread;
  settings.missed = 0;
  settings.truth = {{"g1_exit", 0.09}, {"division", 0.07}, {"drug_on_g1_exit", -0.8}, {"start_S/G2/M", 0.6}, {"death", 0.0}};
  return simulate_twin(setup, settings, seed).counts;
}

}  // namespace

TEST_CASE("percentiles") {
  CHECK(percentile({3, 1, 2, 4}, 0.5) == Approx(2.5));
  CHECK(percentile({5}, 0.9) == 5);
  CHECK(percentile({0, 10}, 0.25) == Approx(2.5));
}

TEST_CASE("the parametric bootstrap scatters as the fit's covariance says, refits are the same for any number of threads") {
  const CycleSetup setup = test::small_setup();
  const CycleProblem problem(setup, small_twin(setup, 3, 0.03, 4));
  ProcessOptions settings;
  settings.starts = 1;
  const ProcessFit fit = fit_process(problem, settings);
  REQUIRE(fit.outcome.ok());
  BootstrapOptions options;
  options.replicates = 150;
  const Bootstrap all = bootstrap_parametric(problem, fit, options);
  CHECK(all.outcome.ok());
  CHECK(all.failures + all.theta.rows() == 150);
  for (std::size_t i = 0; i < fit.parameters.size(); ++i) {
    INFO(fit.parameters[i].name);
    CHECK(all.parameters[i].sd == Approx(fit.parameters[i].sd).epsilon(0.3));      // sd of a sd from 150 draws: 6 %
    CHECK(all.parameters[i].lower < fit.parameters[i].estimate);
    CHECK(all.parameters[i].upper > fit.parameters[i].estimate);
  }
  options.replicates = 6;
  const int before = threads();
  set_threads(1);
  const Bootstrap serial = bootstrap_parametric(problem, fit, options);
  set_threads(before);
  CHECK(serial.theta == all.theta.topRows(6));
  CHECK(serial.parameters[0].used == 6);
  CHECK(serial.parameters[0].lower == problem.space()[0].lower);      // six refits make no interval
  options.least_squares.iteration_limit = 0;
  const Bootstrap none = bootstrap_parametric(problem, fit, options);
  CHECK(none.failures == 6);
  CHECK(none.outcome.status == Status::not_converged);
}

TEST_CASE("the bootstrap over wells sees the spread between wells, and refuses an arm with one") {
  const CycleSetup setup = test::small_setup();
  const PhaseCounts data = small_twin(setup, 6, 0.15, 9);
  const CycleProblem problem(setup, data);
  ProcessOptions settings;
  settings.starts = 1;
  const ProcessFit fit = fit_process(problem, settings);
  REQUIRE(fit.outcome.ok());
  BootstrapOptions options;
  options.replicates = 150;
  const Bootstrap wells = bootstrap_wells(problem, fit, options);
  CHECK(wells.outcome.ok());
  const int rate = problem.space().index("division");
  CHECK(wells.parameters[rate].sd == Approx(fit.parameters[rate].sd).epsilon(0.6));      // 12 wells: sd of a sd 21 %
  CHECK(wells.parameters[rate].used == 150 - wells.failures);
  PhaseCounts one = data;
  while (std::count_if(one.wells.begin(), one.wells.end(), [](const auto& well) { return well.condition == "drug"; }) > 1)
    one.wells.erase(std::find_if(one.wells.begin(), one.wells.end(), [](const auto& well) { return well.condition == "drug"; }));
  const CycleProblem lonely(setup, one);
  CHECK_THROWS_WITH(bootstrap_wells(lonely, fit_process(lonely, settings), options), Catch::Contains("'drug' has one well"));
}
