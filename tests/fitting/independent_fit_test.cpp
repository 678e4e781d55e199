// Independent-frames likelihoods: exact derivatives, residuals that are the deviance, optima against closed forms and each other.
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "fitting/independent_fit.hpp"
#include "tests/fitting/small_problem.hpp"

using namespace hyped;
using namespace hyped::test;

namespace {

const std::vector<IndependentNoise> all_noise = {IndependentNoise::multinomial, IndependentNoise::multinomial_poisson, IndependentNoise::dirichlet_multinomial,
                                                 IndependentNoise::negative_binomial, IndependentNoise::gaussian};

Eigen::VectorXd moved_truth(const CycleProblem& problem, const LogLikelihood& likelihood, double log10_dispersion) {
  Eigen::VectorXd theta(likelihood.parameter_count());
  theta.head(problem.space().count()) = small_truth(problem.space()).array() + 0.03;
  if (theta.size() > problem.space().count()) theta[problem.space().count()] = log10_dispersion;
  return theta;
}

}  // namespace

TEST_CASE("a deviance residual squares to the deviance and is smooth through y = mu") {
  for (const double mu : {0.3, 7.0, 2500.0})
    for (const double ratio : {0.0, 0.2, 0.9985, 0.9991, 1 - 1e-9, 1.0, 1 + 1e-7, 1.0009, 1.0011, 3.0}) {
      const double y = mu * ratio, h = 1e-6 * mu;
      const DevianceResidual r = deviance_residual(y, mu);
      CHECK(r.value * r.value == Approx(2 * ((y > 0 ? y * std::log(y / mu) : 0) - y + mu)).epsilon(1e-6).margin(1e-9 * mu));
      CHECK(r.slope == Approx((deviance_residual(y, mu + h).value - deviance_residual(y, mu - h).value) / (2 * h)).epsilon(1e-5));
    }
}

TEST_CASE("independent frames: exact Jacobian and score") {
  const CycleSetup setup = small_setup();
  const CycleProblem problem(setup, poisson_data(setup, 2, 200, 1));
  for (const auto noise : {IndependentNoise::multinomial, IndependentNoise::multinomial_poisson, IndependentNoise::gaussian}) {
    INFO(to_string(noise));
    const DevianceResiduals residuals(problem, noise, 3.0);
    CHECK(jacobian_error(residuals, small_truth(problem.space()).array() + 0.03) < 1e-6);
  }
  for (const auto noise : all_noise)
    for (const bool censored : {false, true}) {
      if (censored && noise != IndependentNoise::gaussian) continue;
      INFO(to_string(noise) << " " << censored);
      const IndependentLikelihood likelihood(problem, noise, censored ? std::optional<double>(150.0) : std::nullopt);
      CHECK(score_error(likelihood, moved_truth(problem, likelihood, noise == IndependentNoise::gaussian ? 1.2 : -1.5)) < 1e-6);
    }
}

TEST_CASE("the sum of squares is -2 log L up to a constant") {
  const CycleSetup setup = small_setup();
  const CycleProblem problem(setup, poisson_data(setup, 2, 200, 2));
  for (const auto noise : {IndependentNoise::multinomial, IndependentNoise::multinomial_poisson}) {
    const DevianceResiduals residuals(problem, noise);
    const IndependentLikelihood likelihood(problem, noise);
    double constant = 0;
    for (int k = 0; k < 3; ++k) {
      const Eigen::VectorXd theta = small_truth(problem.space()).array() + 0.05 * k;
      Eigen::VectorXd r;
      LikelihoodValue value;
      REQUIRE(residuals.evaluate(theta, r, nullptr).ok());
      REQUIRE(likelihood.evaluate(theta, value, false).ok());
      const double sum = r.squaredNorm() + 2 * value.log_likelihood;
      if (k == 0) constant = sum;
      CHECK(sum == Approx(constant).epsilon(1e-11));
    }
  }
}

// G1 of cells that never divide empties as exp(-rate t): the binomial likelihood of one rate, maximised by bisection of its score.
TEST_CASE("one rate of a two-phase problem agrees with a closed form") {
  CycleSetup setup = small_setup(1);
  setup.stages.effects.clear();
  setup.arms = {{"control", {{1, {}}}, {}}};
  ParameterChoice division, death, start;
  division.name = "division";
  division.lower = 1e-12;
  division.fixed = 1e-12;
  death.name = "death";
  death.fixed = 0.0;
  start.name = "start_S/G2/M";
  start.fixed = 1e-4;
  setup.parameters = {division, death, start};
  setup.random_effects.clear();
  PhaseCounts data = blank_data(2, frames(30, 2));
  data.wells.erase(data.wells.begin() + 1, data.wells.end());
  RandomStream random(5, 0, 0);
  auto share = [](double rate, double t) { return std::exp(-rate * t) / (1 + 1e-4); };
  for (int t = 0; t < data.wells[0].values.rows(); ++t) {
    const double n = 400;
    data.wells[0].values(t, 0) = static_cast<double>(random.binomial(400, share(0.08, data.wells[0].times_h[t])));
    data.wells[0].values(t, 1) = n - data.wells[0].values(t, 0);
  }
  auto score = [&](double rate) {
    double sum = 0;
    for (int t = 0; t < data.wells[0].values.rows(); ++t) {
      const double h = data.wells[0].times_h[t], p = share(rate, h);
      sum -= h * (data.wells[0].values(t, 0) - data.wells[0].values(t, 1) * p / (1 - p));
    }
    return sum;
  };
  double low = 0.01, high = 0.5;
  for (int i = 0; i < 80; ++i) (score((low + high) / 2) > 0 ? low : high) = (low + high) / 2;
  double information = 0;
  for (const double h : data.wells[0].times_h) information += 400 * h * h * share(low, h) / (1 - share(low, h));
  const CycleProblem problem(setup, data);
  REQUIRE(problem.space().count() == 1);
  const IndependentFit fit = fit_independent(problem, {.starts = 3});
  CHECK(fit.outcome.ok());
  CHECK(fit.parameters[0].estimate == Approx(low).epsilon(1e-7));
  CHECK(fit.parameters[0].sd == Approx(1 / std::sqrt(information) / low / std::numbers::ln10).epsilon(1e-5));
  CHECK(fit.parameter_count == 1);
  CHECK(fit.data_count == 16);
  const IndependentFit screened = fit_independent(problem, {.starts = 40});      // most starts are left half way
  CHECK(screened.outcome.ok());
  CHECK(screened.starts.size() == 40);
  CHECK(screened.parameters[0].estimate == Approx(low).epsilon(1e-7));
}

TEST_CASE("least squares and scoring find the same optimum, overdispersion is estimated") {
  const CycleSetup setup = small_setup();
  const CycleProblem problem(setup, poisson_data(setup, 2, 300, 3, 0.02));
  const ParameterSpace& space = problem.space();
  for (const auto noise : {IndependentNoise::multinomial, IndependentNoise::multinomial_poisson}) {
    const IndependentFit fit = fit_independent(problem, {.noise = noise, .starts = 2});
    CHECK(fit.outcome.ok());
    const LikelihoodResult scored = maximise(IndependentLikelihood(problem, noise), space.start(), space.lower(), space.upper());
    CHECK(scored.outcome.ok());
    CHECK(scored.at.log_likelihood == Approx(fit.log_likelihood).epsilon(1e-10));
    CHECK((scored.theta - fit.theta).cwiseAbs().maxCoeff() < 1e-4);
  }
  const IndependentFit plain = fit_independent(problem, {.noise = IndependentNoise::multinomial, .starts = 1});
  const IndependentFit mixed = fit_independent(problem, {.noise = IndependentNoise::dirichlet_multinomial, .starts = 1});
  REQUIRE(mixed.outcome.ok());
  CHECK(mixed.log_likelihood > plain.log_likelihood + 10);
  CHECK(*mixed.dispersion == Approx(0.01).margin(0.004));      // gamma amounts with variance .02 split as a Dirichlet of weight 100
  CHECK(mixed.parameters[0].sd > 1.2 * plain.parameters[0].sd);
  const IndependentFit totals = fit_independent(problem, {.noise = IndependentNoise::negative_binomial, .starts = 1});
  REQUIRE(totals.outcome.ok());
  CHECK(*totals.dispersion == Approx(0.01).margin(0.004));
  CHECK(totals.parameters.back().name == "dispersion");
  CHECK(totals.scales[0] == Approx(300).epsilon(0.05));
  const IndependentFit gaussian = fit_independent(problem, {.noise = IndependentNoise::gaussian, .starts = 1});
  REQUIRE(gaussian.outcome.ok());
  CHECK(gaussian.parameters.back().name == "sd");
  // a saturation above every value changes nothing; one inside the data still finds the rates
  const IndependentFit high = fit_independent(problem, {.noise = IndependentNoise::gaussian, .starts = 1, .saturation = 1e9});
  CHECK(high.log_likelihood == Approx(gaussian.log_likelihood).epsilon(1e-9));
  const IndependentFit cut = fit_independent(problem, {.noise = IndependentNoise::gaussian, .starts = 1, .saturation = 350.0});
  REQUIRE(cut.outcome.ok());
  CHECK(cut.parameters[0].estimate == Approx(0.09).epsilon(0.15));
  const IndependentFit none = fit_independent(CycleProblem(setup, poisson_data(setup, 2, 300, 4)), {.noise = IndependentNoise::dirichlet_multinomial, .starts = 1});
  CHECK(*none.dispersion < 1e-3);
}

TEST_CASE("independent frames refuse data their noise cannot describe") {
  const CycleSetup setup = small_setup();
  PhaseCounts data = poisson_data(setup, 1, 200, 6);
  data.quantity = Quantity::relative_total;
  CHECK_THROWS_WITH(fit_independent(CycleProblem(setup, data)), Catch::Contains("needs counts"));
  data.quantity = Quantity::count;
  data.wells[0].values(0, 0) += 0.5;
  CHECK_THROWS_WITH(fit_independent(CycleProblem(setup, data)), Catch::Contains("no count"));
  data.wells[0].values(0, 0) += 0.5;
  CHECK(data_fingerprint(CycleProblem(setup, data)) != data_fingerprint(CycleProblem(setup, poisson_data(setup, 1, 200, 6))));
  CHECK_THROWS_WITH(independent_noise_named("multinomal", "x"), Catch::Contains("multinomial"));
}
