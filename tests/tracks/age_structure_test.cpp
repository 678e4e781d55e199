// Populations from single-cell durations against closed forms and the staged models.
#include <catch2/catch.hpp>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "libhyped/model/staged.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/tracks/durations/age_structure.hpp"

using namespace hyped;

namespace {

PhaseLaw erlang(const std::string& phase, double mean, int stages) {
  return {phase, [=](double t) { return t <= 0 ? 1.0 : boost::math::gamma_q(stages, stages * t / mean); }};
}

}  // namespace

TEST_CASE("balanced growth: exponential and Erlang phases in closed form") {
  // One exponential phase: r = rate.
  CHECK(balanced_ages({erlang("all", 20, 1)}).growth_rate_per_h == Approx(1 / 20.0).epsilon(1e-8));
  // Erlang(k), mean m: 2 (1 + r m / k)^-k = 1.
  CHECK(balanced_ages({erlang("all", 20, 7)}).growth_rate_per_h == Approx(7 / 20.0 * (std::pow(2.0, 1.0 / 7) - 1)).epsilon(1e-8));
  // Two phases: shares by entries and stays.
  const BalancedAges two = balanced_ages({erlang("G1", 12, 1), erlang("S/G2/M", 8, 1)});
  const double r = two.growth_rate_per_h;
  CHECK(2 / ((1 + 12 * r) * (1 + 8 * r)) == Approx(1).epsilon(1e-8));
  CHECK(two.shares[0] / two.shares[1] == Approx((12 / (1 + 12 * r)) / (1 / (1 + 12 * r) * 8 / (1 + 8 * r))).epsilon(1e-7));
  // A third of the cells that never leave G1 still lets it grow, two thirds do not.
  const auto never = [](double share) { return PhaseLaw{"G1", [=](double t) { return share + (1 - share) * std::exp(-t / 10); }}; };
  CHECK(balanced_ages({never(0.3)}).growth_rate_per_h == Approx((2 * 0.7 - 1) / 10).epsilon(1e-3));
  CHECK_FALSE(balanced_ages({never(0.6)}).outcome.ok());
}

TEST_CASE("the course of an age-structured population is that of the staged model") {
  const std::vector<PhaseLaw> cycle{erlang("G1", 14, 8), erlang("S/G2/M", 12.8, 20)};
  StageSettings settings;
  settings.stages = {{"G1", 8}, {"S/G2/M", 20}};
  const auto model = make_staged("cell_cycle/two_phase", settings);
  std::vector<double> p = model->default_parameters();
  p[static_cast<std::size_t>(model->parameter_index("g1_exit"))] = 1 / 14.0;
  p[static_cast<std::size_t>(model->parameter_index("division"))] = 1 / 12.8;
  p[static_cast<std::size_t>(model->parameter_index("death"))] = 0.003;
  Experiment experiment;
  experiment.initial.assign(28, 0.0);
  experiment.initial[0] = 100;
  std::vector<double> times;
  for (int i = 0; i <= 24; ++i) times.push_back(3.0 * i);
  experiment.sample_times_h = times;
  const Trajectory staged = simulate(*model, p, experiment);
  REQUIRE(staged.outcome.ok());
  const AgeCourse course = age_course(cycle, {Eigen::Vector2d(100, 0), true}, times, 0.003);
  CHECK(course.step_error < 1e-3);
  for (std::size_t t = 0; t < times.size(); ++t) {
    const auto row = static_cast<Eigen::Index>(t);
    CHECK(course.cells(row, 0) == Approx(staged.states.row(row).head(8).sum()).epsilon(2e-4).margin(0.02));
    CHECK(course.cells(row, 1) == Approx(staged.states.row(row).tail(20).sum()).epsilon(2e-4).margin(0.02));
  }
}

TEST_CASE("balanced ages stay balanced") {
  const std::vector<PhaseLaw> cycle{{"G1", [](double t) { return 0.5 * std::erfc((std::log(std::max(t, 1e-12)) - std::log(10)) / 0.4 / std::sqrt(2.0)); }}, erlang("S/G2/M", 9, 15)};
  const BalancedAges balanced = balanced_ages(cycle);
  const AgeCourse course = age_course(cycle, {1000 * balanced.shares, false}, {0, 10, 40, 70});
  for (Eigen::Index t = 0; t < 4; ++t) {
    CHECK(course.cells.row(t).sum() == Approx(1000 * std::exp(balanced.growth_rate_per_h * course.times_h[static_cast<std::size_t>(t)])).epsilon(5e-4));
    CHECK(course.cells(t, 0) / course.cells.row(t).sum() == Approx(balanced.shares[0]).epsilon(5e-4));
  }
}

TEST_CASE("the nearest Erlang stay finds itself and states its distance from others") {
  const ErlangStay same = nearest_erlang(erlang("G1", 11, 9));
  CHECK(same.stages == 9);
  CHECK(same.mean_h == Approx(11).epsilon(1e-6));
  CHECK(same.distance < 1e-6);
  // Log-normal with sigma .38: distance known from the two distribution functions.
  const PhaseLaw law{"G1", [](double t) { return t <= 0 ? 1.0 : 0.5 * std::erfc((std::log(t) - 2.0) / 0.38 / std::sqrt(2.0)); }};
  const ErlangStay near = nearest_erlang(law);
  CHECK(near.mean_h == Approx(std::exp(2 + 0.5 * 0.38 * 0.38)).epsilon(1e-5));
  CHECK(near.stages >= 6);
  CHECK(near.stages <= 9);
  CHECK(near.distance > 0.01);
  CHECK(near.distance == Approx(std::abs(boost::math::gamma_q(near.stages, near.stages * near.at_h / near.mean_h) - law.survival(near.at_h))).epsilon(1e-9));
}
