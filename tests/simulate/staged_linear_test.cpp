// The linear engine of staged models against closed forms, the dense exponential and the ODE solver; its derivatives and bounds.
#include <boost/math/distributions/gamma.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

std::unique_ptr<StagedModel> two_phase(int g1, int sg2m, std::vector<Effect> effects = {}, std::vector<PhaseGraph::Rate> events = {}) {
  StageSettings settings;
  settings.stages = {{"G1", g1}, {"S/G2/M", sg2m}};
  settings.effects = std::move(effects);
  settings.event_parameters = std::move(events);
  return make_staged("cell_cycle/two_phase", settings);
}

std::vector<double> defaults(const Model& model) {
  std::vector<double> p;
  for (const auto& spec : model.parameters()) p.push_back(spec.value);
  return p;
}

void set(const Model& model, std::vector<double>& p, const char* name, double value) {
  const int index = model.parameter_index(name);
  REQUIRE(index >= 0);
  p[static_cast<std::size_t>(index)] = value;
}

std::vector<double> first_stage_only(const Model& model, double cells) {
  std::vector<double> x(model.states().size(), 0.0);
  x[0] = cells;
  return x;
}

// A schedule of everything the engine knows: a step of an input, a scaled rate, a loss of cells whose size is a parameter.
Experiment busy(const StagedModel& model) {
  Experiment experiment = culture(first_stage_only(model, 100), {0, 3, 7, 12, 12.5, 20, 31});
  experiment.schedule = {{4, "drug", Action::set, 0.7, ""}, {9, "division", Action::scale, 0.6, ""}, {12, "cells", Action::scale, 1, "kept"}, {18, "drug", Action::set, 0, ""}};
  return experiment;
}

// Largest difference between sensitivities and central differences, relative to the largest entry of each column.
double derivative_error(const StagedModel& model, const std::vector<double>& p, const Experiment& experiment, const LinearOptions& options = {}) {
  const Trajectory run = simulate_linear(model, p, experiment, options, Sensitivities::parameters);
  REQUIRE(run.outcome.ok());
  double worst = 0;
  for (std::size_t c = 0; c < p.size(); ++c) {
    const double step = 1e-4 * std::max(1e-2, std::abs(p[c]));
    auto at = [&](double factor) {
      auto moved = p;
      moved[c] += factor * step;
      return simulate_linear(model, moved, experiment, options).states;
    };
    // fourth-order central difference
    const Eigen::MatrixXd slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
    const double scale = std::max(1.0, slope.cwiseAbs().maxCoeff());
    for (std::size_t t = 0; t < run.times_h.size(); ++t)
      worst = std::max(worst, (run.sensitivities[t].col(static_cast<int>(c)).transpose() - slope.row(static_cast<int>(t))).cwiseAbs().maxCoeff() / scale);
  }
  return worst;
}

}  // namespace

TEST_CASE("occupancy of an Erlang phase and of the next one equals gamma distribution functions") {
  const auto model = two_phase(6, 4);
  auto p = defaults(*model);
  set(*model, p, "g1_exit", 0.11);
  set(*model, p, "death", 0);
  set(*model, p, "division", 1e-9);      // nobody divides: cells pile up in the second phase
  const std::vector<double> times{0, 1, 5, 9, 20, 60};
  const Trajectory run = simulate_linear(*model, p, culture(first_stage_only(*model, 1), times), {}, Sensitivities::parameters);
  REQUIRE(run.outcome.ok());
  const boost::math::gamma_distribution<double> duration(6, 1 / (6 * 0.11));
  for (std::size_t t = 1; t < times.size(); ++t) {
    const double left = boost::math::cdf(duration, times[t]);
    CHECK(run.states.row(static_cast<int>(t)).head(6).sum() == Approx(1 - left).margin(1e-10));
    CHECK(run.states.row(static_cast<int>(t)).tail(4).sum() == Approx(left).margin(1e-7));
    // d P(left)/d rate = pdf * t / rate
    CHECK(run.sensitivities[t].col(model->parameter_index("g1_exit")).head(6).sum() == Approx(-boost::math::pdf(duration, times[t]) * times[t] / 0.11).margin(1e-9));
  }
}

TEST_CASE("memoryless growth is Yule's: exp((b - d) t), with its derivatives") {
  const auto model = make_staged("cell_cycle/growth", {});
  const std::vector<double> times{0, 2, 10, 40};
  const Trajectory run = simulate_linear(*model, std::vector<double>{0.03, 0.004}, culture({200}, times), {}, Sensitivities::parameters);
  for (std::size_t t = 0; t < times.size(); ++t) {
    const double now = 200 * std::exp(0.026 * times[t]);
    CHECK(run.states(static_cast<int>(t), 0) == Approx(now).epsilon(1e-10));
    CHECK(run.sensitivities[t](0, 0) == Approx(now * times[t]).epsilon(1e-9));
    CHECK(run.sensitivities[t](0, 1) == Approx(-now * times[t]).epsilon(1e-9));
  }
}

TEST_CASE("uniformisation, the dense exponential and the ODE solver agree, the result names the method") {
  for (const int stages : {5, 28}) {
    const auto model = two_phase(stages, 2 * stages);
    const auto p = defaults(*model);
    std::vector<double> grid;
    for (int i = 0; i <= 24; ++i) grid.push_back(2.0 * i);
    const Experiment experiment = culture(first_stage_only(*model, 1000), grid);
    const Trajectory exact = simulate_linear(*model, p, experiment);
    const Trajectory with_slopes = simulate_linear(*model, p, experiment, {}, Sensitivities::parameters);
    const Trajectory ode = simulate_ode(*model, p, experiment, {.relative_tolerance = 1e-11, .absolute_tolerance = 1e-11}, Sensitivities::none);
    CHECK(with_slopes.method.find("uniformisation") != std::string::npos);
    CHECK((exact.method.find("dense") != std::string::npos) == (3 * stages <= dense_stage_limit));
    CHECK((exact.states - with_slopes.states).cwiseAbs().maxCoeff() < 1e-7);
    CHECK((ode.states - with_slopes.states).cwiseAbs().maxCoeff() < 1e-6);
    std::vector<double> rate(static_cast<std::size_t>(model->group_count()));
    model->group_rates(p, rate);
    Uniformisation flow(*model);
    flow.set_rates(rate);
    const Eigen::MatrixXd dense = (flow.generator() * 48.0).exp();
    CHECK((flow.transition(48, 1e-13) - dense).cwiseAbs().maxCoeff() < 1e-10 * dense.cwiseAbs().maxCoeff());
    const auto by_choice = simulate(*model, p, experiment);
    CHECK(by_choice.method == exact.method);
  }
}

TEST_CASE("the bound on the truncated series holds, tight or loose, and long spans are cut") {
  const auto model = two_phase(12, 20);
  const auto p = defaults(*model);
  std::vector<double> rate(static_cast<std::size_t>(model->group_count()));
  model->group_rates(p, rate);
  Uniformisation flow(*model);
  flow.set_rates(rate);
  const Eigen::MatrixXd generator = flow.generator();
  for (const double span : {0.3, 5.0, 80.0, 900.0})
    for (const double tolerance : {1e-2, 1e-6, 1e-12}) {
      Uniformisation::Block block(model->stage_count(), 1);
      block.setZero();
      block(0, 0) = 1;
      const double bound = flow.advance(span, block, tolerance);
      // the dense exponential by parts, so that its own scaling stays accurate
      const Eigen::MatrixXd part = (generator * (span / 16)).exp();
      Eigen::VectorXd exact = Eigen::VectorXd::Unit(model->stage_count(), 0);
      for (int i = 0; i < 16; ++i) exact = (part * exact).eval();
      INFO("span " << span << " tolerance " << tolerance << " bound " << bound);
      const double error = (block.col(0) - exact).cwiseAbs().sum();
      if (span < 300) CHECK(error <= bound + 1e-12 * exact.sum());      // one part: the bound is of this very sum
      CHECK(error <= 20 * tolerance * exact.sum() + 1e-11 * exact.sum());
    }
}

TEST_CASE("zero rates change nothing, and their derivatives are the first-order ones") {
  const auto model = two_phase(3, 2);
  auto p = defaults(*model);
  for (const char* name : {"g1_exit", "division", "death"}) set(*model, p, name, 0);
  const Experiment experiment = culture({10, 0, 0, 4, 0}, {0, 6});
  const Trajectory run = simulate_linear(*model, p, experiment, {}, Sensitivities::parameters);
  CHECK((run.states.row(1) - run.states.row(0)).norm() == 0);
  const int g1 = model->parameter_index("g1_exit");
  CHECK(run.sensitivities[1](0, g1) == Approx(-3 * 10 * 6));
  CHECK(run.sensitivities[1](1, g1) == Approx(3 * 10 * 6));
}

TEST_CASE("derivatives equal differences across steps, scaled rates and a loss whose size is a parameter") {
  const auto model = two_phase(4, 6, {{"slowing", {"drug"}, {"g1_exit"}}}, {{"kept", "1", "kept", 0.8, 0.1, 1}});
  auto p = defaults(*model);
  set(*model, p, "slowing", -1.1);
  set(*model, p, "death", 0.01);
  CHECK(derivative_error(*model, p, busy(*model)) < 1e-6);

  // the loss itself: every state is multiplied, and its derivative by the kept fraction is the state before
  const Trajectory run = simulate_linear(*model, p, busy(*model), {}, Sensitivities::parameters);
  Experiment before = busy(*model);
  std::erase_if(before.schedule, [](const Perturbation& e) { return e.target == "cells"; });
  const Trajectory whole = simulate_linear(*model, p, before);
  CHECK((run.states.row(3) - 0.8 * whole.states.row(3)).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((run.sensitivities[3].col(model->parameter_index("kept")).transpose() - whole.states.row(3)).cwiseAbs().maxCoeff() < 1e-9);

  const Trajectory ode = simulate_ode(*model, p, busy(*model), {.relative_tolerance = 1e-11, .absolute_tolerance = 1e-12}, Sensitivities::parameters);
  CHECK((run.states - ode.states).cwiseAbs().maxCoeff() < 1e-7);
  for (std::size_t t = 0; t < run.times_h.size(); ++t) CHECK((run.sensitivities[t] - ode.sensitivities[t]).cwiseAbs().maxCoeff() < 1e-5);
}

TEST_CASE("inputs that vary: Magnus of order 4, its derivatives, and agreement with the ODE") {
  const auto model = two_phase(3, 4, {{"slowing", {"drug"}, {"g1_exit", "division"}}});
  auto p = defaults(*model);
  set(*model, p, "slowing", -1.5);
  Experiment experiment = culture(first_stage_only(*model, 100), {4, 8, 16});
  experiment.inputs["drug"] = InputCourse({0, 4, 10, 20}, {0, 1, 0.6, 0.1}, {0.5, 0, -0.1, -0.02}, {});
  const Trajectory ode = simulate_ode(*model, p, experiment, {.relative_tolerance = 1e-12, .absolute_tolerance = 1e-12}, Sensitivities::none);
  LinearOptions fixed;
  fixed.magnus_tolerance = 1;      // never halved: the step is the one given
  std::vector<double> errors;
  for (const double step : {2.0, 1.0, 0.5}) {
    fixed.magnus_step_h = step;
    const Trajectory run = simulate_linear(*model, p, experiment, fixed);
    errors.push_back((run.states - ode.states).cwiseAbs().maxCoeff());
    CHECK(run.method.find("Magnus, order 4") != std::string::npos);
  }
  INFO(errors[0] << " " << errors[1] << " " << errors[2]);
  CHECK(errors[0] / errors[1] == Approx(16).epsilon(0.35));
  CHECK(errors[1] / errors[2] == Approx(16).epsilon(0.35));
  const Trajectory run = simulate_linear(*model, p, experiment);
  CHECK((run.states - ode.states).cwiseAbs().maxCoeff() < run.error_bound + 1e-9);
  CHECK(run.error_bound < 1e-4);
  CHECK(derivative_error(*model, p, experiment) < 1e-6);
}

TEST_CASE("explicit steps of order 8: agree with the ODE, meet the tolerance, carry derivatives, and need a fraction of the products") {
  const auto model = two_phase(12, 15, {{"slowing", {"drug"}, {"g1_exit", "division"}}});
  auto p = defaults(*model);
  set(*model, p, "slowing", -1.5);
  Experiment experiment = culture(first_stage_only(*model, 100), {4, 8, 40, 72});
  std::vector<double> times, values, slopes;      // a dose that comes and goes
  for (double t = 0; t <= 72; t += 0.1) times.push_back(t), values.push_back(t * std::exp(-t / 6)), slopes.push_back((1 - t / 6) * std::exp(-t / 6));
  experiment.inputs["drug"] = InputCourse(times, values, slopes, {});
  const Trajectory ode = simulate_ode(*model, p, experiment, {.relative_tolerance = 1e-12, .absolute_tolerance = 1e-12}, Sensitivities::none);
  LinearOptions options;
  const Trajectory magnus = simulate_linear(*model, p, experiment, options);
  options.varying = Varying::explicit_steps;
  const Trajectory run = simulate_linear(*model, p, experiment, options);
  CHECK(run.method.find("Dormand-Prince, order 8") != std::string::npos);
  CHECK((run.states - ode.states).cwiseAbs().maxCoeff() < 1e-5);      // 100 cells, 1e-8 of them a step
  CHECK((run.states - ode.states).cwiseAbs().maxCoeff() < 100 * run.error_bound);
  CHECK(4 * run.work.products < magnus.work.products);
  CHECK(derivative_error(*model, p, experiment, options) < 1e-6);
  options.magnus_tolerance = 1e-11;
  const Trajectory fine = simulate_linear(*model, p, experiment, options);
  CHECK((fine.states - ode.states).cwiseAbs().maxCoeff() < 2e-8);
  CHECK(fine.work.products > run.work.products);
}

TEST_CASE("the start distribution follows the odds, spreads over stages or stands at entry, and its derivatives are exact") {
  StageSettings settings;
  settings.stages = {{"G0", 3}, {"G1", 2}, {"S/G2/M", 4}};
  const auto model = make_staged("cell_cycle/quiescence_release", settings);
  auto p = defaults(*model);
  set(*model, p, "start_G1", 0.5);
  set(*model, p, "start_S/G2/M", 1.5);
  Eigen::MatrixXd slope, unused;
  const Eigen::VectorXd start = model->start_distribution(p, slope);
  CHECK(start.sum() == Approx(1));
  CHECK(start[0] == Approx(1 / 3.0));                       // G0 stands at its first stage
  CHECK(start[1] == 0);
  CHECK(start.segment(3, 2).sum() == Approx(0.5 / 3));
  CHECK(start[5] == Approx(1.5 / 3 / 4));
  for (const char* name : {"start_G1", "start_S/G2/M"}) {
    const int j = model->parameter_index(name);
    auto up = p, down = p;
    up[static_cast<std::size_t>(j)] += 1e-5;
    down[static_cast<std::size_t>(j)] -= 1e-5;
    const Eigen::VectorXd difference = (model->start_distribution(up, unused) - model->start_distribution(down, unused)) / 2e-5;
    CHECK((slope.col(j) - difference).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("the linear engine refuses density dependence and too many directions") {
  StageSettings settings;
  settings.density_rates = {"division"};
  settings.density_reference = 500;
  const auto model = make_staged("cell_cycle/growth", settings);
  CHECK_THROWS_AS(simulate_linear(*model, defaults(*model), culture({100}, {1})), InputError);
  const auto linear = two_phase(2, 2);
  LinearOptions many;
  many.columns.assign(40, 0);
  CHECK_THROWS_AS(simulate_linear(*linear, defaults(*linear), culture({1, 0, 0, 0}, {1}), many, Sensitivities::parameters), InputError);
}
