// Problems beyond the closed forms: singular arcs, path constraints, doses, models as dynamics, wrong input.
#include <catch2/catch.hpp>

#include "experiments/control/courses/course_trajectory.hpp"
#include "experiments/control/courses/switching_structure.hpp"
#include "experiments/control/optimal/linear_quadratic.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "tests/control/known_problems.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::tests;

namespace {

// minimise integral of x^2, dx/dt = u, |u| <= 1: down to zero, then a singular arc; from 1 in 2 units of time the cost is 1/3.
OptimalControlProblem down_and_stay() {
  OptimalControlProblem p;
  p.states = {"x"};
  p.controls = {"u"};
  p.dynamics = point_function<1, 1, 1>([](auto, const auto*, const auto* u, auto* f) { f[0] = u[0]; });
  p.running_cost = point_function<1, 1, 1>([](auto, const auto* x, const auto*, auto* l) { l[0] = x[0] * x[0]; });
  p.initial_lower = p.initial_upper = vector({1});
  p.control_lower = vector({-1});
  p.control_upper = vector({1});
  p.end_lower = p.end_upper = 2;
  return p;
}

}  // namespace

TEST_CASE("a singular arc is found and its entry refined") {
  const auto problem = down_and_stay();
  StructureOptions refine;
  refine.solver.program.tolerance = 1e-11;
  const auto found = solve_by_structure(problem, {.intervals = 30}, refine);
  INFO(found.outcome.message << found.structure.words(problem));
  REQUIRE(found.outcome.ok());
  REQUIRE(found.structure.arcs.size() == 2);
  CHECK(found.structure.arcs[0].levels[0] == ControlLevel::lower);
  CHECK(found.structure.arcs[1].levels[0] == ControlLevel::inside);
  CHECK(std::abs(found.solution.cost - 1.0 / 3) < 1e-8);
  CHECK(std::abs(found.switches[0] - 1) < 1e-4);      // the cost is flat there: fourth order in the switching time's error
}

TEST_CASE("constraints on the way hold in both transcriptions, and the check of adjoints says it does not cover them") {
  auto problem = van_der_pol(1);
  problem.path = point_function<2, 1, 1>([](auto, const auto* x, const auto*, auto* c) { c[0] = x[0]; });
  problem.path_lower = vector({-0.25});
  problem.path_upper = vector({std::numeric_limits<double>::infinity()});
  problem.path_names = {"speed"};
  const auto collocated = solve_optimal_control(problem, {.intervals = 80}), shot = solve_optimal_control(problem, {.transcription = Transcription::multiple_shooting, .intervals = 80});
  INFO(collocated.outcome.message << shot.outcome.message);
  REQUIRE(collocated.outcome.ok());
  REQUIRE(shot.outcome.ok());
  CHECK(collocated.states.col(0).minCoeff() > -0.25 - 1e-7);
  CHECK(shot.states.col(0).minCoeff() > -0.25 - 1e-7);
  CHECK(collocated.states.col(0).minCoeff() < -0.249);
  CHECK(collocated.cost == Approx(shot.cost).epsilon(1e-3));      // at interior points too, or at nodes alone
  CHECK_FALSE(check_first_order(problem, collocated).outcome.ok());
  auto bounded = van_der_pol(1);      // the same as a bound of the state: at the same points
  bounded.state_lower = vector({-0.25, -10});
  bounded.state_upper = vector({10, 10});
  CHECK(solve_optimal_control(bounded, {.intervals = 80}).cost == Approx(collocated.cost).epsilon(1e-7));
}

TEST_CASE("a total dose is an integral with a bound, and an unreachable target is said with what is missed") {
  const Chemotherapy c{.weight = 6};
  const auto free = solve_optimal_control(chemotherapy(c), {.intervals = 35});
  REQUIRE(free.outcome.ok());
  const auto dose = point_function<2, 1, 1>([](auto, const auto*, const auto* u, auto* f) { f[0] = u[0]; });
  const auto limited = with_integral(chemotherapy(c), "dose", dose, 0, 2);
  const auto held = solve_optimal_control(limited, {.intervals = 35});
  INFO(held.outcome.message);
  REQUIRE(held.outcome.ok());
  CHECK(held.states(held.states.rows() - 1, 2) == Approx(2).epsilon(1e-7));
  CHECK(held.cost > free.cost);
  auto impossible = to_rest_in_least_time(two_states(double_integrator(), vector({1, 0.5}), -1, 1, 0.5, 1.0));      // 2.62 are needed
  const auto missed = solve_optimal_control(impossible, {.intervals = 10});
  CHECK_FALSE(missed.outcome.ok());
  CHECK_FALSE(missed.program.violated.empty());
  CHECK_THAT(missed.outcome.message, Catch::Matchers::Contains("misses"));
}

TEST_CASE("a registered model is controlled through its inputs, and simulate gives the plan's cost") {
  StageSettings settings;
  settings.stages = {{"G0", 1}, {"G1", 2}, {"S/G2/M", 2}};
  const auto model = ModelCatalogue::instance().make("cell_cycle/quiescence_release", settings);
  auto parameters = model->default_parameters();
  auto problem = control_problem(*model, parameters, {"g1_exit", "death"}, 48);
  problem.control_lower = vector({0.02, 0});
  problem.control_upper = vector({0.1, 0.05});
  const double cells = problem.initial_lower.sum();
  REQUIRE(cells > 0);
  const auto states = static_cast<Eigen::Index>(problem.states.size());
  problem.running_cost = [states, cells](double, const Eigen::VectorXd&, const Eigen::VectorXd& u, PointValue& out) {
    out.values = Eigen::VectorXd::Constant(1, 0.3 * cells * u[1]);
    out.by_state.setZero(1, states);
    out.by_control.setZero(1, 2);
    out.by_control(0, 1) = 0.3 * cells;
    out.by_time = Eigen::VectorXd::Zero(1);
    return true;
  };
  problem.terminal_cost = [states](double, const Eigen::VectorXd& x, const Eigen::VectorXd&, PointValue& out) {
    out.values = Eigen::VectorXd::Constant(1, x.sum());
    out.by_state = Eigen::MatrixXd::Ones(1, states);
    out.by_control.setZero(1, 2);
    out.by_time = Eigen::VectorXd::Zero(1);
    return true;
  };
  const auto found = solve_optimal_control(problem, {.intervals = 24});
  INFO(found.outcome.message);
  REQUIRE(found.outcome.ok());
  const auto quasi_newton = solve_optimal_control(problem, {.intervals = 24, .limited_memory = true});
  CHECK(quasi_newton.cost == Approx(found.cost).epsilon(1e-5));
  // The same controls as a schedule of events.
  Experiment experiment;
  experiment.initial = model->default_state();
  double running = 0;
  for (std::size_t k = 0; k < found.course.values.size(); ++k) {
    const double from = found.times[k];
    experiment.schedule.push_back({from, "g1_exit", Action::set, found.course.values[k](0, 0)});
    experiment.schedule.push_back({from, "death", Action::set, found.course.values[k](0, 1)});
    running += 0.3 * cells * found.course.values[k](0, 1) * (found.times[k + 1] - from);
  }
  experiment.sample_times_h = {48};
  const auto way = simulate(*model, parameters, experiment);
  REQUIRE(way.outcome.ok());
  CHECK(std::abs((way.states.row(0).sum() + running) / found.cost - 1) < 1e-6);
  const auto again = follow_course(problem, found.states.row(0).transpose(), found.course);
  CHECK(std::abs((way.states.row(0).sum() + running) / again.cost - 1) < 1e-8);
  for (std::size_t k = 0; k < found.course.values.size(); ++k) CHECK(found.course.values[k](0, 0) < 0.0201);      // never in a hurry to divide
}

TEST_CASE("starts are the same for any number of threads and reach one optimum of the reactor") {
  const OptimalControlOptions options{.shape = ControlShape::piecewise_linear, .intervals = 10, .starts = 4, .seed = 3};
  set_threads(1);
  const auto one = solve_optimal_control(batch_reactor(), options);
  set_threads(2);
  const auto two = solve_optimal_control(batch_reactor(), options);
  set_threads(0);
  REQUIRE(one.outcome.ok());
  CHECK(one.cost == two.cost);
  CHECK(one.start_costs == two.start_costs);
  for (const double cost : one.start_costs) CHECK(cost == Approx(one.cost).epsilon(1e-6));
}

TEST_CASE("SLSQP and Ipopt agree on a small transcription") {
  OptimalControlOptions options{.transcription = Transcription::multiple_shooting, .intervals = 8};
  const auto by_ipopt = solve_optimal_control(batch_reactor(), options);
  options.program.method = ProgramMethod::sequential;
  const auto by_slsqp = solve_optimal_control(batch_reactor(), options);
  INFO(by_ipopt.outcome.message << by_slsqp.outcome.message);
  REQUIRE(by_ipopt.outcome.ok());
  CHECK(std::abs(by_ipopt.cost - by_slsqp.cost) < 1e-7);
}

TEST_CASE("wrong problems are refused with a reason") {
  const auto model = ModelCatalogue::instance().make("cell_cycle/growth");
  CHECK_THROWS_WITH(control_problem(*model, model->default_parameters(), {"deth"}, 10), Catch::Matchers::Contains("deth") && Catch::Matchers::Contains("death"));
  CHECK_THROWS_AS(control_problem(*model, {1}, {"death"}, 10), InputError);
  CHECK_THROWS_AS(control_problem(*model, model->default_parameters(), {"death", "death"}, 10), InputError);
  auto crossed = down_and_stay();
  crossed.control_lower = vector({2});
  CHECK_THROWS_WITH(solve_optimal_control(crossed), Catch::Matchers::Contains("crossed"));
  auto backward = down_and_stay();
  backward.end_lower = backward.end_upper = -1;
  CHECK_THROWS_AS(solve_optimal_control(backward), InputError);
  CHECK_THROWS_AS(solve_optimal_control(down_and_stay(), {.transcription = Transcription::multiple_shooting, .shape = ControlShape::collocated}), InputError);
  CHECK_THROWS_AS(solve_optimal_control(down_and_stay(), {.arcs = {ControlArc{.intervals = 3, .shortest = 5, .longest = 6}}}), InputError);
  TrackingProblem lq;
  lq.a = Eigen::MatrixXd::Zero(1, 1);
  CHECK_THROWS_AS(track(lq), InputError);
  CHECK_FALSE(least_energy_transfer(Eigen::MatrixXd::Identity(2, 2), vector({1, 0}), vector({0, 0}), vector({1, 1}), 1).outcome.ok());
}

TEST_CASE("structures of controls on a grid: switches inside intervals, pulses, ends") {
  auto problem = down_and_stay();
  ControlCourse course{{0}, {0, 1, 2, 3, 4, 5}, {}};
  const auto with = [&](std::initializer_list<double> levels) {
    course.values.clear();
    for (const double level : levels) course.values.push_back(Eigen::MatrixXd::Constant(1, 1, level));
    return find_structure(problem, course);
  };
  auto s = with({-1, -1, 0.5, 1, 1});      // three quarters of the third interval are up
  REQUIRE(s.arcs.size() == 2);
  CHECK(s.arcs[1].from == Approx(2.25));
  s = with({-1, -1, 0, -1, -1});           // a pulse of half an interval
  REQUIRE(s.arcs.size() == 3);
  CHECK(s.arcs[1].levels[0] == ControlLevel::upper);
  CHECK(s.arcs[1].from == Approx(2.25));
  CHECK(s.arcs[1].until == Approx(2.75));
  s = with({1, 1, 0.1, -0.2, 0.3});
  REQUIRE(s.arcs.size() == 2);
  CHECK(s.arcs[1].levels[0] == ControlLevel::inside);
  CHECK_THAT(s.words(problem), Catch::Matchers::Contains("at its upper bound from 0 to 2, between its bounds from 2 to 5"));
  s = with({0, 1, 1, 1, 1});
  REQUIRE(s.arcs.size() == 2);
  CHECK(s.arcs[0].until == Approx(0.5));
}
