// Fractions: shares of the cells seen, fitted with the covariance that shares of the branching process have.
#include <catch2/catch.hpp>

#include <cmath>

#include "experiments/scenario.hpp"
#include "fitting/process_fit.hpp"

using namespace hyped;

TEST_CASE("shares of a twin's cells are fitted as such: truth inside, exact derivatives, no scale") {
  Scenario scenario = read_scenario(shipped_scenario("hyped_twin"));
  scenario.twin->rate_spread = 0;
  scenario.twin->sister_correlation = 0;
  Twin twin = simulate_twin(scenario.setup, *scenario.twin, 5);
  twin.counts.quantity = Quantity::fraction;
  for (auto& well : twin.counts.wells)
    for (int t = 0; t < well.values.rows(); ++t) well.values.row(t) /= well.values.row(t).sum();
  ParameterChoice kept;      // shares do not see a loss that hits all classes alike
  kept.name = "kept_at_wash";
  kept.fixed = 0.9;
  scenario.setup.parameters.push_back(kept);
  const CycleProblem problem(scenario.setup, twin.counts);
  CHECK_FALSE(problem.has_scale());
  const auto means = problem.unit_means(problem.space().start(), false);
  for (Eigen::Index at = 0; at < means[0].mean.size(); at += 3) CHECK(means[0].mean.segment(at, 3).sum() == Approx(1));
  ProcessOptions options;
  options.starts = 1;
  options.sister = 0.0;
  const ProcessFit fit = fit_process(problem, options);
  INFO(fit.outcome.message);
  REQUIRE(fit.outcome.ok());
  Outcome outcome;
  // differences of runs with their own Magnus steps (1e-7), whitened by the nearly fixed sum of the shares
  CHECK(jacobian_error(*frozen_residuals(problem, fit, outcome), fit.theta) < 1e-4);
  int inside = 0, known = 0;
  for (const auto& p : fit.parameters) {
    const double truth = twin.truth.at(p.name);
    ++known;
    inside += p.lower <= truth && truth <= p.upper ? 1 : 0;
    // a well has about 700 cells and a share no more information than that: errors within four claimed standard errors
    const double error = std::abs(problem.space().search(problem.space().index(p.name), p.estimate) - problem.space().search(problem.space().index(p.name), truth));
    INFO(p.name);
    CHECK(error < 4 * p.sd);
  }
  CHECK(inside >= known - 2);
  // unit_variance is one over the cells of a well
  CHECK(1 / fit.components[0].value > 200);
  CHECK(1 / fit.components[0].value < 2500);
}
