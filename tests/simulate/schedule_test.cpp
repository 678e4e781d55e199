// What schedules and input courses mean: order at one instant, stops at breaks, and what is refused.
#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/segments.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

static const CompiledModel<Pools> pools;
static const CompiledModel<Logistic> logistic;

static std::string refusal(const Experiment& experiment, std::vector<double> p = {0.2, 0.4, 0.3, 2}) {
  try {
    plan_of(pools, p, experiment);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("a sample at an event's time sees the state after it, events act in the order given") {
  const std::vector<double> frozen{0, 0, 0, 2};
  auto experiment = culture({1, 1}, {0, 2, 3},
                            {{0, "a", Action::set, 4}, {2, "cells", Action::scale, 0.5}, {2, "a", Action::add, 10}, {3, "b", Action::set, 7}});
  const Trajectory run = simulate_ode(pools, frozen, experiment);
  REQUIRE(run.outcome.ok());
  CHECK(run.states(0, 0) == Approx(4));
  CHECK(run.states(1, 0) == Approx(4 * 0.5 + 10));             // halved first, then added to
  CHECK(run.states(1, 1) == Approx((1 + 0.1 * 2) * 0.5));
  CHECK(run.states(2, 1) == Approx(7));
}

TEST_CASE("a parameter changed by the schedule holds until the next change") {
  const std::vector<double> p{0, 0, 0, 2};
  auto experiment = culture({0, 0}, {1, 2, 3, 4, 5},
                            {{1, "u", Action::set, 3}, {2, "u", Action::scale, 2}, {3, "u", Action::add, -5}, {4, "u", Action::set, 0, "dose"}});
  const Trajectory run = simulate_ode(pools, p, experiment);
  for (const auto& [row, expected] : {std::pair{0, 0.0}, {1, 3.0}, {2, 9.0}, {3, 10.0}, {4, 12.0}})
    CHECK(run.states(row, 0) == Approx(expected).margin(1e-9));
}

TEST_CASE("an input course overrides its parameter, also through a jump at its start and outside the table") {
  const std::vector<double> p{99, 0, 0, 2};
  auto experiment = culture({0, 0}, {1, 3, 5});
  experiment.inputs["u"] = InputCourse({1, 3}, {2, 4}, {1, 1}, {});      // 0 before 1 h, 1 + t, then 4
  const Trajectory run = simulate_ode(pools, p, experiment);
  CHECK(run.states(0, 0) == Approx(0).margin(1e-12));
  CHECK(run.states(1, 0) == Approx(6));
  CHECK(run.states(2, 0) == Approx(14));
}

TEST_CASE("segments: boundaries at events and breaks inside after the start up to the last sample, samples in their segment") {
  const std::vector<double> p{0.2, 0.4, 0.3, 2};
  auto experiment = culture({1, 1}, {0, 1, 2, 6}, {{2, "a", Action::add, 1}, {6, "a", Action::add, 1}, {9, "a", Action::add, 1}});
  experiment.inputs["u"] = InputCourse({-3, 12}, {1, 1}, {0, 0}, {4, 8});
  const Plan plan = plan_of(pools, p, experiment);
  REQUIRE(plan.segments.size() == 4);
  CHECK(plan.segments[0].samples_h == std::vector<double>{0, 1});
  CHECK(plan.segments[1].samples_h == std::vector<double>{2});
  CHECK(plan.segments[1].until_h == 4);
  CHECK(plan.segments[2].samples_h.empty());
  CHECK(plan.segments[3].from_h == plan.segments[3].until_h);
  CHECK(plan.segments[3].events.size() == 1);
  CHECK(plan.segments[3].samples_h == std::vector<double>{6});
}

TEST_CASE("wrong experiments are refused with names") {
  using Catch::Matchers::Contains;
  CHECK(refusal(culture({1, 1}, {1})) == "accepted");
  CHECK_THAT(refusal(culture({1}, {1})), Contains("2 states"));
  CHECK_THAT(refusal(culture({1, 1}, {1}), {1, 2}), Contains("parameters were given"));
  CHECK_THAT(refusal(culture({1, 1}, {2, 1})), Contains("must increase"));
  CHECK_THAT(refusal(culture({1, 1}, {1, 1})), Contains("must increase"));
  CHECK_THAT(refusal(culture({1, 1}, {-1})), Contains("before the start"));
  CHECK_THAT(refusal(culture({1, NAN}, {1})), Contains("not finite"));
  CHECK_THAT(refusal(culture({1, 1}, {1}, {{0, "dosee", Action::set, 1}})), Contains("unknown target 'dosee'") && Contains("'dose'"));
  CHECK_THAT(refusal(culture({1, 1}, {1}, {{0, "a", Action::set, 1, "doze"}})), Contains("amount parameter") && Contains("'dose'"));
  CHECK_THAT(refusal(culture({1, 1}, {1}, {{-1, "a", Action::set, 1}})), Contains("before the start"));
  CHECK_THAT(refusal(culture({1, 1}, {1}, {{1, "a", Action::set, 1}, {0, "a", Action::set, 1}})), Contains("not sorted"));
  CHECK_THAT(refusal(culture({1, 1}, {1}, {{1, "a", Action::set, 1}, {1, "b", Action::set, 1}, {1, "a", Action::add, 1}})),
             Contains("second event on 'a'"));
  auto experiment = culture({1, 1}, {1}, {{0.5, "u", Action::scale, 2}});
  experiment.inputs["u"] = InputCourse({0, 1}, {1, 1}, {0, 0}, {});
  CHECK_THAT(refusal(experiment), Contains("given over time"));
  experiment = culture({1, 1}, {1});
  experiment.inputs["v"] = InputCourse({0, 1}, {1, 1}, {0, 0}, {});
  CHECK_THAT(refusal(experiment), Contains("unknown input 'v'"));
  experiment = culture({1, 1}, {1});
  experiment.initial_by_parameter = Eigen::MatrixXd::Zero(2, 2);
  CHECK_THAT(refusal(experiment), Contains("expected 2 x at least 4"));
  CHECK_THROWS_AS(pulse("u", 3, 3, 1), InputError);
  CHECK_THROWS_AS(keep_fraction_of_cells(1, 1.5), InputError);
  CHECK_THROWS_AS(InputCourse({0, 0}, {1, 1}, {0, 0}, {}), InputError);
}

TEST_CASE("pulse, merge and keep_fraction_of_cells") {
  const Schedule all = merge({pulse("u", 5, 8, 2), {keep_fraction_of_cells(6, 0.5)}, pulse("d", 1, 6, 3)});
  REQUIRE(all.size() == 5);
  CHECK(std::is_sorted(all.begin(), all.end(), [](auto& a, auto& b) { return a.time_h < b.time_h; }));
  CHECK(all[2].target == "cells");      // the earlier part first at one instant
  CHECK(all[3].amount == 0);
}

TEST_CASE("input courses: cubic exactly, slope, range and scaling") {
  const auto f = [](double t) { return t * t * t - 2 * t * t + 0.3; };
  const auto g = [](double t) { return 3 * t * t - 4 * t; };
  const InputCourse course({0, 0.7, 2}, {f(0), f(0.7), f(2)}, {g(0), g(0.7), g(2)}, {0.7});
  for (const double t : {0.0, 0.1, 0.7, 1.3, 1.99}) {
    CHECK(course(t) == Approx(f(t)));
    CHECK(course.slope(t) == Approx(g(t)).margin(1e-12));
    CHECK(course.scaled(-3)(t) == Approx(-3 * f(t)));
  }
  CHECK(course(-0.01) == 0);
  CHECK(course(2.5) == Approx(f(2)));
  CHECK(course.breaks() == std::vector<double>{0, 0.7, 2});
  const auto [low, high] = course.range(0.2, 1.9);
  CHECK(low == Approx(f(4.0 / 3)));
  CHECK(high == Approx(std::max(f(0.2), f(1.9))));
}
