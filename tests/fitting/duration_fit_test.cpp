// Durations fitted: closed forms, derivatives, selection and censoring undone, covariates, what is not identified.
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/duration_check.hpp"
#include "fitting/duration_fit.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/duration_data.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// One of everything a film can show.
DurationData mixed_data(bool residual) {
  DurationData data = empty_data("mixed");
  RandomStream random(3, 1, 1);
  for (int i = 0; i < 60; ++i) {
    Duration d;
    const double t = 8 * std::exp(0.35 * random.normal());
    switch (i % 6) {
      case 0: d.lower_h = d.upper_h = t; break;
      case 1: d.lower_h = std::floor(t), d.upper_h = std::floor(t) + 1; break;
      case 2: d.lower_h = 0.8 * t, d.upper_h = infinity, d.cause = -1; break;
      case 3: d.lower_h = std::floor(t), d.upper_h = std::floor(t) + 1, d.entry_spread_h = 1; break;
      case 4: d.lower_h = d.upper_h = t, d.seen_if_above_h = 0.5 * t; break;
      default:
        if (residual) d.residual = true, d.lower_h = 0.3 * t, d.upper_h = 0.4 * t;
        else d.lower_h = d.upper_h = t, d.seen_if_below_h = 1.5 * t;
    }
    data.durations.push_back(d);
  }
  data.growth_rate_per_h = residual ? 0.05 : 0;
  data.covariates = {"dose"};
  data.design.resize(60, 1);
  for (int i = 0; i < 60; ++i) data.design(i, 0) = i % 3;
  return data;
}

}  // namespace

TEST_CASE("score and information of every family are the derivatives of the likelihood") {
  for (const bool residual : {false, true}) {
    const DurationData data = mixed_data(residual);
    for (const FamilyKind kind : {FamilyKind::gamma, FamilyKind::lognormal, FamilyKind::weibull, FamilyKind::exgaussian}) {
      const DurationModel model{{kind, 1}, false};
      const std::string second = model.family.parameters()[1].name;
      const DurationLikelihood function(data, model, {{"location", {"dose"}}, {second, {"dose"}}});
      const Eigen::VectorXd theta = function.starts()[0] + Eigen::VectorXd::Constant(function.parameter_count(), 0.02);
      INFO(model.family.name() << " residual " << residual);
      CHECK(score_error(function, theta) < 1e-7);
      const Eigen::MatrixXd information = function.observed_information(theta);
      LikelihoodValue up, down;
      for (int i = 0; i < theta.size(); ++i) {
        const Eigen::VectorXd step = 1e-5 * Eigen::VectorXd::Unit(theta.size(), i);
        REQUIRE(function.evaluate(theta + step, up, true).ok());
        REQUIRE(function.evaluate(theta - step, down, true).ok());
        const Eigen::VectorXd column = -(up.gradient - down.gradient) / 2e-5;
        CHECK((column - information.col(i)).cwiseAbs().maxCoeff() < 1e-6 * information.cwiseAbs().maxCoeff());
      }
    }
  }
}

TEST_CASE("complete data: log-normal and exponential fits are the closed forms") {
  DurationData data = empty_data("complete");
  RandomStream random(5, 1, 1);
  double sum = 0, squares = 0, plain = 0;
  for (int i = 0; i < 80; ++i) {
    const double t = std::exp(2.1 + 0.3 * random.normal());
    add(data, t);
    sum += std::log(t);
    squares += std::log(t) * std::log(t);
    plain += t;
  }
  finish(data);
  const DurationFit fit = fit_durations(data, {{FamilyKind::lognormal, 1}, false});
  REQUIRE(fit.outcome.ok());
  const double mu = sum / 80, sigma = std::sqrt(squares / 80 - mu * mu);
  CHECK(std::log(fit.interval("median").estimate) == Approx(mu).epsilon(1e-8));
  CHECK(fit.interval("sigma").estimate == Approx(sigma).epsilon(1e-7));
  // -2 log L rises by 80 log(1 + (d / sigma)^2) when mu is off by d
  const double reach = sigma * std::sqrt(std::expm1(3.841458820694124 / 80));
  CHECK(std::log(fit.interval("median").upper) - mu == Approx(reach).epsilon(1e-4));
  CHECK(mu - std::log(fit.interval("median").lower) == Approx(reach).epsilon(1e-4));
  const DurationFit erlang = fit_durations(data, {{FamilyKind::erlang, 1}, false});
  CHECK(erlang.interval("mean").estimate == Approx(plain / 80).epsilon(1e-9));
  // the number of stages beats its neighbours
  for (const int step : {-1, 1}) {
    const DurationLikelihood near(data, {{FamilyKind::erlang, erlang.model.family.stages + step}, false});
    LikelihoodValue value;
    REQUIRE(near.evaluate(erlang.best.theta, value, false).ok());
    CHECK(value.log_likelihood < erlang.log_likelihood());
  }
  CHECK(erlang.interval("stages").lower < erlang.model.family.stages);
  const DurationFit gamma = fit_durations(data, {{FamilyKind::gamma, 1}, false});
  CHECK(erlang.interval("mean").upper == Approx(gamma.interval("mean").upper).epsilon(0.01));
}

TEST_CASE("a delayed exponential ends at its edge, and its interval of the delay is the exact one") {
  DurationData data = empty_data("delayed");
  RandomStream random(6, 1, 1);
  double shortest = infinity, sum = 0;
  for (int i = 0; i < 40; ++i) {
    const double t = 5 + 3 * random.exponential();
    add(data, t);
    shortest = std::min(shortest, t);
    sum += t;
  }
  finish(data);
  const DurationFit fit = fit_durations(data, {{FamilyKind::delayed_exponential, 1}, false});
  REQUIRE(fit.outcome.ok());
  CHECK(fit.interval("delay").estimate == Approx(shortest).epsilon(1e-8));
  CHECK(fit.interval("mean_excess").estimate == Approx(sum / 40 - shortest).epsilon(1e-6));
  CHECK(fit.interval("mean").estimate == Approx(sum / 40).epsilon(1e-7));
  // -2 log L rises by 2 n log((mean - delay) / (mean - shortest)); its law is chi-square with 2 degrees
  const double reach = (sum / 40 - shortest) * std::exp(5.991464547107979 / 80);
  CHECK(fit.interval("delay").lower == Approx(sum / 40 - reach).epsilon(1e-4));
  DurationData with = data;
  with.covariates = {"x"};
  with.design = Eigen::MatrixXd::Ones(40, 1);
  CHECK_THROWS_WITH(DurationLikelihood(with, {{FamilyKind::delayed_exponential, 1}, false}, {{"delay", {"x"}}}), Catch::Matchers::Contains("use the exgaussian"));
}

TEST_CASE("finite films: means of finished stays are short, the likelihood is not") {
  // stays begin evenly over a film of 24 h; truth: gamma, mean 12 h, sd 4 h
  const double shape = 9, mean = 12;
  DurationData finished = empty_data("finished"), all = empty_data("all");
  RandomStream random(7, 1, 1);
  double plain = 0;
  for (int i = 0; i < 1500; ++i) {
    const double window = 24 * random.uniform(), t = random.gamma(shape) * mean / shape;
    add(all, t, window);
    if (t > window) continue;
    add(finished, t);
    finished.durations.back().seen_if_below_h = window;
    plain += t;
  }
  finish(finished);
  finish(all);
  const DurationModel gamma{{FamilyKind::gamma, 1}, false};
  const DurationFit selected = fit_durations(finished, gamma), censored = fit_durations(all, gamma);
  REQUIRE(selected.outcome.ok());
  REQUIRE(censored.outcome.ok());
  INFO("plain " << plain / finished.count() << " selected " << selected.interval("mean").lower << " " << selected.interval("mean").upper);
  CHECK(plain / finished.count() < 0.9 * mean);
  for (const DurationFit* fit : {&selected, &censored}) {
    CHECK(fit->interval("mean").lower < mean);
    CHECK(fit->interval("mean").upper > mean);
    CHECK(fit->interval("shape").lower < shape);
    CHECK(fit->interval("shape").upper > shape);
  }
}

TEST_CASE("stays met half way carry the mean, at the population's growth") {
  // residual life of a gamma at growth g: drawn as what is left of a stay drawn with weight (1 - exp(-g t)) and cut at a truncated exponential age
  const double shape = 6, mean = 10, g = 0.07;
  DurationData data = empty_data("residual");
  data.growth_rate_per_h = g;
  RandomStream random(8, 1, 1);
  while (data.count() < 250) {
    const double t = random.gamma(shape) * mean / shape, weight = 1 - std::exp(-g * t);
    if (random.uniform() > weight) continue;
    const double age = -std::log(1 - random.uniform() * weight) / g;
    Duration d;
    d.residual = true;
    d.lower_h = d.upper_h = t - age;
    data.durations.push_back(d);
  }
  finish(data);
  const DurationFit fit = fit_durations(data, {{FamilyKind::gamma, 1}, false});
  REQUIRE(fit.outcome.ok());
  CHECK(fit.interval("mean").lower < mean);
  CHECK(fit.interval("mean").upper > mean);
  DurationData steady = data;
  steady.growth_rate_per_h = 0;
  const DurationFit wrong = fit_durations(steady, {{FamilyKind::gamma, 1}, false});
  CHECK(wrong.interval("mean").lower > mean);      // ignoring growth makes stays too long
  CHECK_THROWS_WITH(DurationLikelihood(data, {{FamilyKind::gamma, 1}, true}), Catch::Matchers::Contains("no steady state"));
}

TEST_CASE("covariates act on location, spread and the cure fraction") {
  DurationData data = empty_data("arms");
  data.covariates = {"arm", "dose"};
  RandomStream random(9, 1, 1);
  std::vector<double> rows;
  for (int i = 0; i < 1200; ++i) {
    const double arm = i % 2, dose = (i / 2) % 3;
    const double never = 1 / (1 + std::exp(-(-2 + 1.5 * arm)));
    const double t = random.uniform() < never ? infinity : std::exp(2 + 0.4 * arm + std::exp(-1.2 + 0.2 * dose) * random.normal());
    add(data, t, 40);
    rows.insert(rows.end(), {arm, dose});
  }
  data.design = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, 2, Eigen::RowMajor>>(rows.data(), data.count(), 2);
  const Eigen::VectorXd treated{{1.0, 0.0}};
  const DurationFit fit = fit_durations(data, {{FamilyKind::lognormal, 1}, true}, {{"location", {"arm"}}, {"sigma", {"dose"}}, {"never", {"arm"}}}, {.intervals = true, .told_at = {{"treated", treated}}});
  REQUIRE(fit.outcome.ok());
  const auto holds = [&](const std::string& name, double truth) {
    INFO(name << " " << fit.interval(name).lower << " " << fit.interval(name).upper);
    CHECK(fit.interval(name).lower < truth);
    CHECK(fit.interval(name).upper > truth);
  };
  holds("log median: arm", 0.4);
  holds("log sigma: dose", 0.2);
  holds("logit never: arm", 1.5);
  holds("never", 1 / (1 + std::exp(2.0)));
  holds("mean: treated", std::exp(2.4 + 0.5 * std::exp(-2.4)));
  CHECK_THROWS_AS(fit_durations(data, {{FamilyKind::lognormal, 1}, false}, {{"location", {"dsoe"}}}), InputError);
}

TEST_CASE("a never-progressing fraction is said to be open when nobody was watched long enough") {
  DurationData short_film = empty_data("short"), long_film = empty_data("long");
  RandomStream random(10, 1, 1);
  for (int i = 0; i < 150; ++i) {
    const double t = random.uniform() < 0.1 ? infinity : 8 * std::exp(0.4 * random.normal());
    add(short_film, t, 6);
    add(long_film, t, 60);
  }
  finish(short_film);
  finish(long_film);
  const DurationFit open = fit_durations(short_film, {{FamilyKind::lognormal, 1}, true}), closed = fit_durations(long_film, {{FamilyKind::lognormal, 1}, true});
  REQUIRE(open.outcome.ok());
  REQUIRE(closed.outcome.ok());
  CHECK(closed.interval("never").identified());
  CHECK(closed.interval("never").lower < 0.1);
  CHECK(closed.interval("never").upper > 0.1);
  CHECK_FALSE(open.interval("never").identified());
  REQUIRE_FALSE(open.words.empty());
}

TEST_CASE("families are compared on the same data, and the same with any number of threads") {
  DurationData data = empty_data("compare");
  RandomStream random(11, 1, 1);
  for (int i = 0; i < 400; ++i) add(data, 3 + 0.5 * random.normal() + 4 * random.exponential(), 14);
  finish(data);
  const FamilyComparison found = compare_families(data, all_families(), false);
  REQUIRE(found.fits.size() == 6);
  double best = 0;
  std::string name;
  for (const ModelScore& score : found.scores)
    if (score.weight > best) best = score.weight, name = score.model;
  CHECK(name == "exgaussian");
  CHECK(best > 0.9);
  set_threads(1);
  const FamilyComparison again = compare_families(data, all_families(), false);
  set_threads(0);
  for (std::size_t i = 0; i < found.fits.size(); ++i) {
    CHECK(again.fits[i].log_likelihood() == found.fits[i].log_likelihood());
    for (std::size_t q = 0; q < found.fits[i].intervals.size(); ++q) CHECK(again.fits[i].intervals[q].lower == found.fits[i].intervals[q].lower);
  }
}

TEST_CASE("goodness of fit: calibrated for the right family, small for the wrong one") {
  DurationData right = empty_data("right"), wrong = empty_data("wrong");
  RandomStream random(12, 1, 1);
  for (int i = 0; i < 150; ++i) {
    const double limit = 6 + 12 * random.uniform();
    add(right, random.gamma(5) * 2, limit);
    add(wrong, random.uniform() < 0.5 ? 4 + 0.4 * random.normal() : 11 + 0.4 * random.normal(), limit + 5);
  }
  finish(right);
  finish(wrong);
  const DurationModel gamma{{FamilyKind::gamma, 1}, false};
  const GoodnessOfFit good = goodness_of_fit(right, fit_durations(right, gamma), {.draws = 99}), bad = goodness_of_fit(wrong, fit_durations(wrong, gamma), {.draws = 99});
  REQUIRE(good.outcome.ok());
  CHECK(good.p_value > 0.05);
  CHECK(bad.p_value == Approx(0.01));
  for (const auto& transform : good.transforms) CHECK(transform.lower <= transform.upper);
}

TEST_CASE("bad durations are refused by number") {
  DurationData data = empty_data("bad");
  add(data, 5);
  add(data, 0);
  finish(data);
  CHECK_THROWS_WITH(fit_durations(data, {{FamilyKind::gamma, 1}, false}), Catch::Matchers::Contains("number 1") && Catch::Matchers::Contains("exactly 0 h"));
  data.durations[1].lower_h = 3, data.durations[1].upper_h = 2;
  CHECK_THROWS_WITH(fit_durations(data, {{FamilyKind::gamma, 1}, false}), Catch::Matchers::Contains("ended after 2 h but was there for 3 h"));
  data.durations[1].upper_h = 3, data.durations[1].seen_if_below_h = 2;
  CHECK_THROWS_AS(fit_durations(data, {{FamilyKind::gamma, 1}, false}), InputError);
}
