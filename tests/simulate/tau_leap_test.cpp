// Tau-leaping against exact moments: the coupled bias is the bias, the corrected mean has none, the verdict says so.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/master_equation.hpp"
#include "libhyped/simulate/moments.hpp"
#include "libhyped/simulate/tau_leap.hpp"
#include "tests/simulate/jump_models.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

const CompiledModel<BirthDeath> birth_death;
const CompiledModel<Schlogl> schlogl;
const CompiledModel<SelfShut> self_shut;
const CompiledModel<Reversible> reversible;

}  // namespace

TEST_CASE("tau-leaping: the bias found by coupled paths is the true one, the corrected mean is without bias") {
  const std::vector<double> p{0.0, 0.5, 500};
  const auto experiment = culture({5000}, {0.5, 2, 6}, {{4, "cells", Action::scale, 0.5}});
  const Moments exact = simulate_moments(birth_death, p, experiment);
  const TauLeapEnsemble rough = simulate_tau_leap_ensemble(birth_death, p, experiment, 4000, {.epsilon = 0.3, .first_coupled_runs = 512});
  CHECK(rough.outcome.status == Status::not_converged);
  CHECK_THAT(rough.outcome.message, Catch::Matchers::Contains("leaping changes the"));
  for (int t = 0; t < 3; ++t) {
    const double variance = exact.covariance[static_cast<std::size_t>(t)](0, 0), bias = rough.leap_mean(t, 0) - exact.mean(t, 0);
    CHECK(std::abs(bias - rough.mean_bias(t, 0)) < 4 * std::hypot(rough.mean_bias_error(t, 0), std::sqrt(variance / 4000)));
    CHECK(std::abs(rough.mean(t, 0) - exact.mean(t, 0)) < 4 * rough.mean_error(t, 0));
    const double leap_variance = rough.covariance[static_cast<std::size_t>(t)](0, 0);
    CHECK(std::abs(leap_variance - variance - rough.variance_bias(t, 0)) <
          4.5 * std::hypot(rough.variance_bias_error(t, 0), leap_variance * std::sqrt(2.0 / 4000)));
  }
  CHECK(std::abs(rough.mean_bias(1, 0)) > 10 * rough.mean_bias_error(1, 0));      // a bias that is really there
  const TauLeapEnsemble fine = simulate_tau_leap_ensemble(birth_death, p, experiment, 1000, {.epsilon = 0.01, .mean_tolerance = 0.01});
  INFO(fine.outcome.message << " pairs " << fine.coupled_runs);
  CHECK(fine.outcome.ok());
  CHECK(fine.steps / fine.runs < 800);      // about 6000 reactions
}

TEST_CASE("tau-leaping: where leaps do not pay or reactions are critical the law is the exact one") {
  const auto p = self_shut.default_parameters();
  const auto experiment = culture({5, 0}, {1, 6});
  const Distribution exact = simulate_master_equation(self_shut, p, experiment);
  const TauLeapEnsemble found = simulate_tau_leap_ensemble(self_shut, p, experiment, 4000);
  INFO(found.outcome.message);
  for (int t = 0; t < 2; ++t)
    for (int s = 0; s < 2; ++s) CHECK(std::abs(found.mean(t, s) - exact.mean(t, s)) < 4 * found.mean_error(t, s));
}

TEST_CASE("tau-leaping: mean of Schlögl's network with all orders of mass action, same bytes on any threads, counts whole") {
  const auto p = schlogl.default_parameters();
  const auto experiment = culture({250}, {1, 3}, {{2, "X", Action::add, 10.5}});
  const Distribution exact = simulate_master_equation(schlogl, p, experiment);
  const TauLeapOptions options{.variance_tolerance = 0.3, .first_coupled_runs = 256};
  const TauLeapEnsemble found = simulate_tau_leap_ensemble(schlogl, p, experiment, 1000, options);
  for (int t = 0; t < 2; ++t) CHECK(std::abs(found.mean(t, 0) - exact.mean(t, 0)) < 4 * found.mean_error(t, 0));
  for (const int count : {1, 2, 8}) {
    set_threads(count);
    const TauLeapEnsemble other = simulate_tau_leap_ensemble(schlogl, p, experiment, 1000, options);
    CHECK((other.mean.array() == found.mean.array()).all());
    CHECK((other.variance_bias.array() == found.variance_bias.array()).all());
    CHECK(other.coupled_steps == found.coupled_steps);
  }
  set_threads(0);
  const Trajectory path = simulate_tau_leap(schlogl, p, experiment, {.epsilon = 0.5}, 3);
  REQUIRE(path.outcome.ok());
  CHECK(path.states.minCoeff() >= 0);
  CHECK((path.states.array() == path.states.array().round()).all());
}

TEST_CASE("tau-leaping: refusals and limits") {
  const auto q = reversible.default_parameters();
  CHECK_THROWS_WITH(simulate_tau_leap(reversible, q, culture({0, 3}, {1})), Catch::Matchers::Contains("split reversible reactions"));
  Experiment varying = culture({5}, {1, 10});
  varying.inputs["death"] = InputCourse({2, 5}, {0, 1}, {0.2, 0}, {});
  CHECK_THROWS_WITH(simulate_tau_leap(birth_death, birth_death.default_parameters(), varying), Catch::Matchers::Contains("use SSA"));
  const Trajectory limited = simulate_tau_leap(birth_death, std::vector<double>{1, 0, 0}, culture({100}, {1, 10}), {.step_limit = 5});
  CHECK(limited.outcome.status == Status::step_limit);
}
