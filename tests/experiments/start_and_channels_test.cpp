// Uneven ages at the start, a channel of every cell, values fixed in one condition, and causes that widen intervals.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/cycle/cycle_fit.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/observe/class_map.hpp"

using namespace hyped;

TEST_CASE("start parts: odds between parts of a phase, with exact derivatives") {
  StageSettings settings;
  settings.stages = {{"G1", 4}, {"S/G2/M", 6}};
  settings.start_parts = {{"G1", 2}, {"S/G2/M", 3}};
  const auto model = make_staged("cell_cycle/two_phase", settings);
  std::vector<double> p;
  for (const auto& spec : model->parameters()) p.push_back(spec.value);
  const auto set = [&](const char* name, double value) { p[static_cast<std::size_t>(model->parameter_index(name))] = value; };
  set("start_S/G2/M", 3);
  set("age_G1.2", 4);
  set("age_S/G2/M.2", 0.5);
  set("age_S/G2/M.3", 2.5);
  Eigen::MatrixXd slope, unused;
  const Eigen::VectorXd start = model->start_distribution(p, slope);
  CHECK(start.sum() == Approx(1));
  CHECK(start.head(4).sum() == Approx(0.25));
  CHECK(start[3] == Approx(0.25 * 0.8 / 2));
  CHECK(start[9] == Approx(0.75 * 2.5 / 4 / 2));
  for (const char* name : {"start_S/G2/M", "age_G1.2", "age_S/G2/M.2", "age_S/G2/M.3"}) {
    const auto j = static_cast<std::size_t>(model->parameter_index(name));
    auto up = p, down = p;
    up[j] += 1e-5;
    down[j] -= 1e-5;
    const Eigen::VectorXd difference = (model->start_distribution(up, unused) - model->start_distribution(down, unused)) / 2e-5;
    CHECK((difference - slope.col(static_cast<int>(j))).cwiseAbs().maxCoeff() < 1e-8);
  }
  settings.start_parts = {{"G1", 3}};
  CHECK_THROWS_AS(make_staged("cell_cycle/two_phase", settings), InputError);
  settings.start_parts = {{"G2", 2}};
  CHECK_THROWS_AS(make_staged("cell_cycle/two_phase", settings), InputError);
}

TEST_CASE("a channel of every cell shows dark clones too") {
  const auto model = make_staged("cell_cycle/three_phase", {});
  ClassMap map{Reporter::pip, {{"green", {"G1", "G2/M"}}, {"red", {"S", "G2/M"}}, {"H2B", {"G1", "S", "G2/M"}, true}}, false};
  const ClassProjection projection(map, *model, "test");
  CHECK(projection.shows_dark());
  const Eigen::MatrixXd seen = projection.expected(0.8, 0), slope = projection.by_labelled(0);
  const int s = model->first_stage(1), g2m = model->first_stage(2);
  CHECK(seen(0, s) == 0);
  CHECK(seen(1, s) == Approx(0.8));
  CHECK(seen(0, g2m) == Approx(0.8));
  CHECK(seen(1, g2m) == Approx(0.8));
  CHECK(seen.row(2).minCoeff() == 1);
  CHECK(((projection.expected(0.8001, 0) - projection.expected(0.7999, 0)) / 2e-4 - slope).cwiseAbs().maxCoeff() < 1e-9);
  CHECK(projection.seen_in_both(0, 1, 0.8) == Approx(0.8));
  CHECK(projection.seen_in_both(0, 2, 0.8) == Approx(0.8));
  CHECK(projection.seen_in_both(2, 2, 0.8) == 1);
  map.classes[2].phases = {"G1"};
  CHECK_THROWS_AS(ClassProjection(map, *model, "test"), InputError);
}

TEST_CASE("a value fixed in one condition is no parameter there") {
  CycleSetup setup;
  setup.map = {Reporter::cdk_sensor, {{"G1", {"G1"}}, {"S/G2", {"S/G2/M"}}}, true};
  setup.arms = {{"control", {{1, {}}}, {}}, {"drug", {{1, {}}}, {}}};
  ParameterChoice death;
  death.name = "death";
  death.per_condition = true;
  death.fixed_in = {{"control", 0.0}};
  setup.parameters = {death};
  PhaseCounts data{"test", {"G1", "S/G2"}, Quantity::relative_total, true, "", {}, {}};
  for (const char* arm : {"control", "drug"}) data.wells.push_back({arm, "1", {0, 1, 2, 3}, Eigen::MatrixXd::Ones(4, 2), {0, 0, 0, 0}});
  const CycleProblem problem(setup, data);
  CHECK(problem.space().index("death@drug") >= 0);
  CHECK(problem.space().index("death@control") < 0);
  CHECK(problem.space().index("death") < 0);
  const auto at = static_cast<std::size_t>(problem.model().parameter_index("death"));
  CHECK(problem.parameters_of("control", problem.space().start())[at] == 0);
  CHECK(problem.parameters_of("drug", problem.space().start())[at] > 0);
  setup.parameters[0].fixed_in = {{"contrl", 0.0}};
  CHECK_THROWS_AS(CycleProblem(setup, data), InputError);
}

TEST_CASE("intervals hold a systematic difference, the same cause for all parameters") {
  ParameterSpace space;
  space.add({"a", "1", "", -10, 10, 0, SearchScale::linear, std::nullopt});
  space.add({"b", "1", "", -10, 10, 0, SearchScale::linear, std::nullopt});
  ProcessFit fit;
  fit.theta = Eigen::Vector2d(1, 2);
  fit.identifiability.covariance = Eigen::Vector2d(0.01, 0.04).asDiagonal();
  for (int i = 0; i < 2; ++i) {
    FittedParameter p;
    p.sd = std::sqrt(fit.identifiability.covariance(i, i));
    p.degrees = 1e6;
    fit.parameters.push_back(p);
  }
  widen_intervals(fit, space, Eigen::Vector2d(0.6, 0));
  CHECK(fit.parameters[0].sd == Approx(std::sqrt(0.01 + 0.12)));
  CHECK(fit.parameters[0].upper == Approx(1 + 1.96 * std::sqrt(0.13)).epsilon(1e-3));
  CHECK(fit.parameters[0].upper > 1.6);      // the other end is inside
  CHECK(fit.parameters[1].upper == Approx(2 + 1.96 * 0.2).epsilon(1e-3));
  CHECK(fit.identifiability.covariance(0, 1) == 0);
}
