// The truncated master equation against closed forms, sample paths and its own bounds.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/master_equation.hpp"
#include "libhyped/simulate/moments.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "tests/simulate/jump_models.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

const CompiledModel<BirthDeath> birth_death;
const CompiledModel<Schlogl> schlogl;
const CompiledModel<SelfShut> self_shut;
const CompiledModel<Reversible> reversible;
const CompiledModel<Logistic> logistic;

void check_certificate(const Distribution& d, double tolerance) {
  REQUIRE(d.outcome.ok());
  for (const auto& one : d.snapshots) {
    CHECK(one.probability.minCoeff() >= 0);
    CHECK(one.truncated_mass <= tolerance);
    CHECK(std::abs(one.probability.sum() + one.truncated_mass - 1) < 1e-13 + 2e-16 * static_cast<double>(d.work.products));
    CHECK(one.states.minCoeff() >= 0);
  }
}

}  // namespace

TEST_CASE("master equation: immigration and death give the whole Poisson distribution") {
  const std::vector<double> p{0, 0.1, 3};
  const Distribution d = simulate_master_equation(birth_death, p, culture({0}, {0, 1, 10, 60}));
  check_certificate(d, 1e-8);
  for (std::size_t t = 0; t < 4; ++t) {
    const double mean = 30 * (1 - std::exp(-0.1 * d.times_h[t]));
    const Eigen::VectorXd found = d.snapshots[t].marginal(0);
    double weight = std::exp(-mean), left_out = 0;
    for (int k = 0; k < 200; ++k, weight *= mean / k) {
      const double here = k < found.size() ? found[k] : 0;
      CHECK(here <= weight + 1e-14);
      left_out += weight - here;
    }
    CHECK(left_out <= d.snapshots[t].truncated_mass + 1e-13);
    CHECK(d.mean(static_cast<int>(t), 0) == Approx(mean).epsilon(1e-7).margin(1e-12));
  }
}

TEST_CASE("master equation: birth, death and immigration with thinning, addition and a change of rate meet the exact moments") {
  const std::vector<double> p{0.1, 0.12, 0.4};
  const auto experiment = culture({20}, {3, 8, 15, 20}, {{5, "cells", Action::scale, 0.35}, {8, "X", Action::add, 4}, {8, "death", Action::set, 0.3}, {15, "X", Action::scale, 2}});
  const Distribution d = simulate_master_equation(birth_death, p, experiment);
  check_certificate(d, 1e-8);
  const Moments moments = simulate_moments(birth_death, p, experiment);
  for (int t = 0; t < 4; ++t) {
    CHECK(d.mean(t, 0) == Approx(moments.mean(t, 0)).epsilon(1e-6));
    CHECK(d.covariance[static_cast<std::size_t>(t)](0, 0) == Approx(moments.covariance[static_cast<std::size_t>(t)](0, 0)).epsilon(1e-5));
  }
  const Distribution fraction = simulate_master_equation(birth_death, p, culture({2.25}, {0}));
  CHECK(fraction.snapshots[0].marginal(0)[2] == Approx(0.75));
  CHECK(fraction.snapshots[0].marginal(0)[3] == Approx(0.25));
  const Distribution set = simulate_master_equation(birth_death, p, culture({20}, {4}, {{4, "X", Action::set, 7}}));
  CHECK(set.snapshots[0].probability.size() == 1);
  CHECK(set.mean(0, 0) == 7);
}

TEST_CASE("master equation: Schlögl's two modes are those of the sample paths") {
  const auto p = schlogl.default_parameters();
  const auto experiment = culture({250}, {5});
  const Distribution d = simulate_master_equation(schlogl, p, experiment);
  check_certificate(d, 1e-8);
  const Eigen::VectorXd marginal = d.snapshots[0].marginal(0);
  const int runs = 3000, width = 40;
  std::vector<double> expected(30, 0.0), counted(30, 0.0);
  for (int k = 0; k < marginal.size(); ++k) expected[static_cast<std::size_t>(std::min(29, k / width))] += marginal[k] * runs;
  for (int k = 0; k < runs; ++k) {
    const double x = simulate_ssa(schlogl, p, experiment, {}, static_cast<std::uint32_t>(k)).states(0, 0);
    ++counted[static_cast<std::size_t>(std::min(29.0, x / width))];
  }
  double chi = 0;
  int bins = 0;
  for (std::size_t b = 0; b < 30; ++b)
    if (expected[b] > 5) chi += std::pow(counted[b] - expected[b], 2) / expected[b], ++bins;
  CHECK(bins > 8);
  CHECK(chi < bins + 4.5 * std::sqrt(2.0 * bins));
  CHECK(marginal.segment(0, 250).sum() > 0.2);      // both modes
  CHECK(marginal.segment(400, marginal.size() - 400).sum() > 0.2);
}

TEST_CASE("master equation: two species not of mass action, looser tolerances bound tighter ones, same bytes on any threads") {
  const auto p = self_shut.default_parameters();
  const auto experiment = culture({5, 0}, {1, 6});
  const Distribution d = simulate_master_equation(self_shut, p, experiment);
  check_certificate(d, 1e-8);
  const SsaEnsemble paths = simulate_ssa_ensemble(self_shut, p, experiment, 8000);
  for (int t = 0; t < 2; ++t)
    for (int s = 0; s < 2; ++s)
      CHECK(std::abs(paths.mean(t, s) - d.mean(t, s)) < 4 * std::sqrt(d.covariance[static_cast<std::size_t>(t)](s, s) / 8000));
  const Distribution loose = simulate_master_equation(self_shut, p, experiment, {.tolerance = 1e-3});
  check_certificate(loose, 1e-3);
  CHECK(loose.largest_set < d.largest_set);
  const Eigen::VectorXd rough = loose.snapshots[1].marginal(0), fine = d.snapshots[1].marginal(0);
  for (Eigen::Index k = 0; k < std::min(rough.size(), fine.size()); ++k) {
    CHECK(rough[k] <= fine[k] + d.truncated_mass + 1e-13);
    CHECK(fine[k] <= rough[k] + loose.truncated_mass + 1e-13);
  }
  for (const int count : {1, 2, 8}) {
    set_threads(count);
    const Distribution other = simulate_master_equation(self_shut, p, experiment);
    CHECK((other.mean.array() == d.mean.array()).all());
    CHECK(other.snapshots[1].probability == d.snapshots[1].probability);
  }
  set_threads(0);
}

TEST_CASE("master equation: stiff rates, limits and refusals") {
  const std::vector<double> stiff{0, 1e4, 2e5};      // Poisson with mean 20 within a millisecond of an hour
  const Distribution d = simulate_master_equation(birth_death, stiff, culture({0}, {1}));
  check_certificate(d, 1e-8);
  CHECK(d.mean(0, 0) == Approx(20).epsilon(1e-6));
  CHECK(d.covariance[0](0, 0) == Approx(20).epsilon(1e-5));
  const Distribution limited = simulate_master_equation(birth_death, std::vector<double>{0.5, 0, 0}, culture({5}, {0, 10}), {.state_limit = 100});
  CHECK(limited.outcome.status == Status::step_limit);
  CHECK(limited.times_h.size() == 1);
  CHECK(limited.mean.rows() == 1);
  Experiment varying = culture({5}, {1, 10});
  varying.inputs["death"] = InputCourse({2, 5}, {0, 1}, {0.2, 0}, {});
  const auto p = birth_death.default_parameters();
  CHECK_THROWS_WITH(simulate_master_equation(birth_death, p, varying), Catch::Matchers::Contains("use SSA"));
  CHECK_THROWS_AS(simulate_master_equation(logistic, logistic.default_parameters(), culture({1}, {1})), InputError);
  const auto q = reversible.default_parameters();
  CHECK_THROWS_WITH(simulate_master_equation(reversible, q, culture({0, 3}, {1})), Catch::Matchers::Contains("split reversible reactions"));
  const Distribution later = simulate_master_equation(reversible, q, culture({10, 0}, {0, 10}, {{5, "A", Action::set, 0}}));
  CHECK(later.outcome.status == Status::not_converged);
  CHECK_THAT(later.outcome.message, Catch::Matchers::Contains("split reversible reactions"));
}
