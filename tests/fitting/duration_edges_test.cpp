// Durations at the edges of what can be fitted: hardly any scatter, parameters at bounds, delays between frames, draws of nothing.
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/duration_check.hpp"
#include "fitting/duration_fit.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/duration_data.hpp"

using namespace hyped;
using namespace hyped::testing;

TEST_CASE("stays that hardly vary have no best number of stages, and the climb ends") {
  DurationData data;
  data.name = "alike stays";
  data.design.resize(3, 0);
  for (const double t : {10.0, 10.0001, 10.0002}) {
    Duration d;
    d.lower_h = d.upper_h = t;
    data.durations.push_back(d);
  }
  const DurationFit fit = fit_durations(data, {{FamilyKind::erlang, 1}, false});
  CHECK(fit.outcome.status == Status::not_identifiable);
  CHECK(fit.outcome.message.find("hardly vary") != std::string::npos);
}

namespace {

// -(theta - m)' A (theta - m) / 2
class Quadratic final : public LogLikelihood {
 public:
  int parameter_count() const override { return 2; }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool) const override {
    const Eigen::Matrix2d a{{2, 1}, {1, 2}};
    const Eigen::Vector2d gap = theta - Eigen::Vector2d(0.5, 0);
    out.log_likelihood = -0.5 * gap.dot(a * gap);
    out.gradient = -a * gap;
    out.information = a;
    return {};
  }
};

}  // namespace

TEST_CASE("a profile holds parameters at their bounds and lets them go again") {
  // the first would like to be 0.5 and may not be above 0: below the optimum of the second, 0.25, it stays there; above 1 it leaves
  const Quadratic function;
  ParameterSpace space;
  space.add({"held", "1", "", -10, 0, -1, SearchScale::linear, {}});
  space.add({"told", "1", "", -10, 10, 0, SearchScale::linear, {}});
  const LikelihoodResult best = maximise(function, Eigen::Vector2d(-1, 0), space.lower(), space.upper(), {}, {.gain_tolerance = 1e-16});
  REQUIRE(best.at_upper == std::vector<int>{0});
  CHECK(best.theta[1] == Approx(0.25));
  const auto same = [](double g) { return g; };
  const LikelihoodInterval told = likelihood_interval(function, space, best, {}, parameter_quantity(space, 1, "told", same));
  const double rise = 3.841458820694124;
  CHECK(told.identified());
  CHECK(told.lower == Approx(0.25 - std::sqrt(rise / 2)).epsilon(1e-9));
  CHECK(told.upper == Approx(std::sqrt((0.375 + rise) / 1.5)).epsilon(1e-9));
  const LikelihoodInterval held = likelihood_interval(function, space, best, {}, parameter_quantity(space, 0, "held", same));
  CHECK(held.above == ProfileEnd::open);
  CHECK(held.upper == 0);
  CHECK(held.lower == Approx(0.5 - std::sqrt((0.375 + rise) / 1.5)).epsilon(1e-9));
}

TEST_CASE("an edge between frames: the delayed exponential's likelihood is smooth, and its intervals close") {
  // 5 h and an exponential of 3 h, begun and ended anywhere between frames half an hour apart
  DurationData data = empty_data("framed");
  data.frame_interval_h = 0.5;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    RandomStream random(5, 9, i);
    const double begin = 0.5 * random.uniform(), end = begin + 5 - 3 * std::log(random.uniform());
    Duration d;
    d.lower_h = 0.5 * std::floor(end / 0.5) - 0.5;      // counted from the frame after the begin
    d.upper_h = d.lower_h + 0.5;
    d.entry_spread_h = 0.5;
    data.durations.push_back(d);
  }
  finish(data);
  const DurationFit fit = fit_durations(data, {{FamilyKind::delayed_exponential, 1}, false});
  REQUIRE(fit.outcome.ok());
  CHECK(fit.not_estimable.empty());
  for (const auto& [name, truth] : {std::pair("delay", 5.0), std::pair("mean_excess", 3.0), std::pair("mean", 8.0)}) {
    const LikelihoodInterval& one = fit.interval(name);
    INFO(name << " " << one.estimate << " [" << one.lower << ", " << one.upper << "] " << one.verdict);
    CHECK(one.identified());
    CHECK(one.lower < truth);
    CHECK(one.upper > truth);
  }
  CHECK(fit.interval("delay").upper - fit.interval("delay").lower < 0.25);      // finer than a frame
}

TEST_CASE("goodness of fit of an exgaussian that has some mass below 0: draws of 0 are short stays, no error") {
  DurationData data = empty_data("short");
  for (std::uint32_t i = 0; i < 120; ++i) {
    RandomStream random(11, 2, i);
    add(data, std::max(0.05, 1 + 0.7 * random.normal() - 1.5 * std::log(random.uniform())));
  }
  finish(data);
  const DurationFit fit = fit_durations(data, {{FamilyKind::exgaussian, 1}, false}, {}, {.intervals = false});
  REQUIRE(fit.outcome.ok());
  REQUIRE(mass_below_zero(fit.model.family, {fit.best.theta[0], fit.best.theta[1], fit.best.theta[2]}) > 1e-3);
  const GoodnessOfFit check = goodness_of_fit(data, fit, {99, 1});
  CHECK(check.outcome.ok());
  CHECK(check.draws >= 90);
}
