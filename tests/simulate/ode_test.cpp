// The explicit and the stiff simulator against closed forms, differences, and published end points.
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>

#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/stiff_ode.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

static const CompiledModel<Logistic> logistic;
static const CompiledModel<Pools> pools;

static double logistic_at(double x0, double r, double k, double t) { return k / (1 + (k / x0 - 1) * std::exp(-r * t)); }

TEST_CASE("logistic growth: both methods meet the closed form at every sample") {
  const std::vector<double> p{0.3, 50, 0};
  const auto experiment = culture({1}, {0, 0.001, 5, 10, 20, 48});
  for (const Method& method : {Method{OdeOptions{}}, Method{StiffOptions{}}}) {
    const Trajectory run = simulate(logistic, p, experiment, method);
    REQUIRE(run.outcome.ok());
    REQUIRE(run.times_h == experiment.sample_times_h);
    for (std::size_t i = 0; i < run.times_h.size(); ++i)
      CHECK(run.states(static_cast<int>(i), 0) == Approx(logistic_at(1, 0.3, 50, run.times_h[i])).epsilon(1e-6));
  }
}

TEST_CASE("numerical failure is a value with the part that was reached") {
  const std::vector<double> explode{0.3, -50, 0};      // x' = r x (1 + x/50) leaves every bound near 13.1 h
  for (const Method& method : {Method{OdeOptions{}}, Method{StiffOptions{}}}) {
    const Trajectory run = simulate(logistic, explode, culture({1}, {1, 10, 20}), method);
    CHECK_FALSE(run.outcome.ok());
    CHECK(run.times_h.size() == 2);
    CHECK(run.states.rows() == 2);
    CHECK(run.states.allFinite());
    CHECK(run.outcome.time_h == Approx(std::log(51) / 0.3).epsilon(1e-3));
  }
  const std::vector<double> zero_capacity{0.3, 0, 0};
  CHECK(simulate(logistic, zero_capacity, culture({0}, {1}), OdeOptions{}).outcome.status == Status::not_finite);
  CHECK(simulate(logistic, zero_capacity, culture({0}, {1}), StiffOptions{}).outcome.status == Status::not_finite);
  OdeOptions few;
  few.step_limit = 3;
  CHECK(simulate(logistic, std::vector<double>{0.3, 50, 0}, culture({1}, {48}), few).outcome.status == Status::step_limit);
}

// Central differences of the last sample with respect to parameter j or, past them, event time k.
static double worst_derivative_error(const Model& model, const std::vector<double>& p, const Experiment& experiment, const Method& method) {
  const Trajectory run = simulate(model, p, experiment, method, Sensitivities::parameters_and_event_times);
  REQUIRE(run.outcome.ok());
  const Eigen::MatrixXd& s = run.sensitivities.back();
  REQUIRE(s.cols() == model.parameter_count() + static_cast<int>(experiment.schedule.size()));
  OdeOptions tight;
  tight.relative_tolerance = 1e-12;
  tight.absolute_tolerance = 1e-13;
  double worst = 0;
  for (int c = 0; c < s.cols(); ++c) {
    const auto at = [&](double step) -> Eigen::VectorXd {
      auto q = p;
      Experiment moved = experiment;
      if (c < model.parameter_count()) {
        q[static_cast<std::size_t>(c)] += step;
        if (moved.initial_by_parameter.size() > 0)
          for (int i = 0; i < model.state_count(); ++i) moved.initial[static_cast<std::size_t>(i)] += step * moved.initial_by_parameter(i, c);
      } else {
        moved.schedule[static_cast<std::size_t>(c - model.parameter_count())].time_h += step;
      }
      const Trajectory one = simulate(model, q, moved, tight);
      REQUIRE(one.outcome.ok());
      return one.states.bottomRows(1).transpose();
    };
    const double h = 2e-3;      // fourth-order difference
    const Eigen::VectorXd difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    const double scale = std::max(1e-2, difference.cwiseAbs().maxCoeff());
    worst = std::max(worst, (s.col(c) - difference).cwiseAbs().maxCoeff() / scale);
  }
  return worst;
}

static Experiment eventful() {
  Schedule schedule = merge({pulse("u", 1.5, 4, 1.3),      // dose time and duration
                             {{2, "a", Action::add, 0, "dose"},
                              {2.5, "k", Action::scale, 0.6},
                              {3, "d", Action::add, 0, "u"},
                              {3.5, "d", Action::scale, 0, "k"},
                              {5, "cells", Action::scale, 0.7},
                              {5, "b", Action::add, 0.25},
                              {5.5, "a", Action::scale, 0, "k"},
                              {6, "b", Action::set, 0, "dose"},
                              {6, "d", Action::set, 0, "k"},
                              {6.5, "a", Action::set, 0.4}}});
  Experiment experiment = culture({1, 0.5}, {2, 5, 8}, schedule);
  experiment.initial_by_parameter.setZero(2, 4);
  experiment.initial_by_parameter(0, 1) = 0.7;
  experiment.initial_by_parameter(1, 3) = -0.2;
  return experiment;
}

TEST_CASE("sensitivities across every kind of event equal differences, dose time and duration among them") {
  const std::vector<double> p{0.2, 0.4, 0.3, 2};
  // two events at 5 h and at 6 h: a moved event must keep its place, so those are checked pairwise by their own times
  Experiment experiment = eventful();
  for (auto& event : experiment.schedule)
    if (event.target == "b") event.time_h += 0.1;
  experiment.schedule = merge({experiment.schedule});
  CHECK(worst_derivative_error(pools, p, experiment, OdeOptions{}) < 1e-6);
  CHECK(worst_derivative_error(pools, p, experiment, StiffOptions{}) < 1e-6);
}

TEST_CASE("with an input course sensitivities of the other parameters stay right, the overridden one has none") {
  const std::vector<double> p{0.2, 0.4, 0.3, 2};
  Experiment experiment = culture({1, 0.5}, {8}, {{2, "a", Action::add, 0, "dose"}, {5, "k", Action::scale, 0, "d"}});
  experiment.inputs["u"] = InputCourse({1, 2, 4, 9}, {0.4, 1, 0.6, 0.1}, {0.5, 0.2, -0.3, -0.1}, {2});
  for (const Method& method : {Method{OdeOptions{}}, Method{StiffOptions{}}}) {
    const Trajectory run = simulate(pools, p, experiment, method, Sensitivities::parameters);
    CHECK(run.sensitivities.back().col(0).norm() == 0);
    CHECK(run.sensitivity_columns == std::vector<std::string>{"u", "k", "d", "dose"});
    // an event on top of an input's break keeps its place while it moves by the step of the difference
    Experiment moved = experiment;
    moved.schedule[0].time_h = 2.5;
    CHECK(worst_derivative_error(pools, p, moved, method) < 1e-6);
  }
}

TEST_CASE("two events at one instant: their time derivatives add up to moving both") {
  const std::vector<double> p{0.2, 0.4, 0.3, 2};
  const Experiment experiment = eventful();
  const Trajectory run = simulate(pools, p, experiment, OdeOptions{}, Sensitivities::parameters_and_event_times);
  const auto both = [&](double step) -> Eigen::VectorXd {
    Experiment moved = experiment;
    for (auto& event : moved.schedule)
      if (event.time_h == 5) event.time_h += step;
    return simulate(pools, p, moved, OdeOptions{1e-12, 1e-13}).states.bottomRows(1).transpose();
  };
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(2);
  for (std::size_t k = 0; k < experiment.schedule.size(); ++k)
    if (experiment.schedule[k].time_h == 5) sum += run.sensitivities.back().col(4 + static_cast<int>(k));
  const double h = 2e-3;
  const Eigen::VectorXd difference = (8 * (both(h) - both(-h)) - (both(2 * h) - both(-2 * h))) / (12 * h);
  CHECK((sum - difference).norm() < 1e-6 * difference.norm());
}

TEST_CASE("sensitivities of a steady state are integrated, although the state does not move") {
  const std::vector<double> p{0.3, 50, 0};
  const Trajectory run = simulate(logistic, p, culture({50}, {100}), OdeOptions{}, Sensitivities::parameters);
  CHECK(run.sensitivities.back()(0, 1) == Approx(1).epsilon(1e-7));      // dx/dk -> 1
  CHECK(run.sensitivities.back()(0, 2) == Approx(-50 / 0.3).epsilon(1e-7));
}
