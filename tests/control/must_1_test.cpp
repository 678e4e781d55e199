// must/control/1: known answers of optimal control, by two transcriptions, switching-time optimisation and Pontryagin's conditions.
#include <catch2/catch.hpp>
#include <unsupported/Eigen/MatrixFunctions>

#include "experiments/control/courses/course_trajectory.hpp"
#include "experiments/control/courses/switching_structure.hpp"
#include "experiments/control/optimal/linear_quadratic.hpp"
#include "tests/control/known_problems.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::tests;

namespace {

RefinedControl by_structure(const OptimalControlProblem& problem, Transcription transcription, int intervals = 40) {
  const OptimalControlOptions grid{.transcription = transcription, .intervals = intervals};
  StructureOptions refine;
  refine.intervals = 80;      // order 5: 2e-8 of the oscillator's time at 40
  refine.solver.transcription = transcription;
  refine.solver.integrator_tolerance = 1e-12;
  refine.solver.program.tolerance = 1e-11;
  return solve_by_structure(problem, grid, refine);
}

// Backward in time from x under constant u, around the centre (u, 0).
Eigen::VectorXd oscillator_back(const Eigen::VectorXd& x, double u, double time) {
  return vector({u + (x[0] - u) * std::cos(time) - x[1] * std::sin(time), (x[0] - u) * std::sin(time) + x[1] * std::cos(time)});
}

}  // namespace

TEST_CASE("minimum time of the double integrator: closed form", "[control1]") {
  const auto transcription = GENERATE(Transcription::collocation, Transcription::multiple_shooting);
  const double x1 = 1, x2 = 0.5, root = std::sqrt(x1 + 0.5 * x2 * x2);
  const auto problem = to_rest_in_least_time(two_states(double_integrator(), vector({x1, x2}), -1, 1, 0.5, 8));
  const auto found = by_structure(problem, transcription);
  INFO(found.outcome.message << " " << found.structure.words(problem));
  REQUIRE(found.outcome.ok());
  REQUIRE(found.switches.size() == 1);
  CHECK(found.structure.arcs[0].levels[0] == ControlLevel::lower);
  CHECK(std::abs(found.solution.cost - (x2 + 2 * root)) < 1e-8);
  CHECK(std::abs(found.switches[0] - (x2 + root)) < 1e-8);
  CHECK(found.report.met(1e-7));
}

TEST_CASE("minimum time of the harmonic oscillator: closed form, two switches", "[control1]") {
  const auto transcription = GENERATE(Transcription::collocation, Transcription::multiple_shooting);
  constexpr double last = 1.2, first = 0.7;
  const Eigen::VectorXd start = oscillator_back(oscillator_back(oscillator_back(vector({0, 0}), -1, last), 1, M_PI), -1, first);
  const auto problem = to_rest_in_least_time(two_states(oscillator(), start, -1, 1, 1, 12));
  const auto found = by_structure(problem, transcription);
  INFO(found.outcome.message << " " << found.structure.words(problem));
  REQUIRE(found.outcome.ok());
  REQUIRE(found.switches.size() == 2);
  CHECK(std::abs(found.solution.cost - (first + M_PI + last)) < 1e-8);
  CHECK(std::abs(found.switches[0] - first) < 1e-8);
  CHECK(std::abs(found.switches[1] - (first + M_PI)) < 1e-8);
  CHECK(found.report.met(1e-7));
}

TEST_CASE("minimum energy transfers: closed form", "[control1]") {
  const double inf = std::numeric_limits<double>::infinity();
  Eigen::MatrixXd b = vector({0, 1}), integrator(2, 2), rotation(2, 2);
  integrator << 0, 1, 0, 0;
  rotation << 0, 1, -1, 0;
  SECTION("double integrator: 6 and u = 6 - 12 t") {
    const auto problem = with_least_energy(two_states(double_integrator(), vector({0, 0}), -inf, inf, 1, 1), vector({1, 0}));
    for (const auto& options : {OptimalControlOptions{.shape = ControlShape::collocated, .intervals = 10}, OptimalControlOptions{.transcription = Transcription::multiple_shooting, .shape = ControlShape::piecewise_linear, .intervals = 10}}) {
      const auto s = solve_optimal_control(problem, options);
      INFO(s.outcome.message);
      REQUIRE(s.outcome.ok());
      CHECK(std::abs(s.cost - 6) < 1e-8);
      for (const double t : {0.05, 0.5, 0.83}) CHECK(std::abs(s.course.at(t)[0] - (6 - 12 * t)) < 1e-7);
    }
    const auto closed = least_energy_transfer(integrator, b, vector({0, 0}), vector({1, 0}), 1);
    CHECK(std::abs(closed.energy - 6) < 1e-12);
    CHECK(std::abs(closed.control(integrator, b, 0.75)[0] - 3) < 1e-11);
  }
  SECTION("harmonic oscillator: its Gramian by hand") {
    const double T = 2.5, s = std::sin(T), c = std::cos(T);
    Eigen::Matrix2d gramian;
    gramian << 0.5 * (T - s * c), 0.5 * s * s, 0.5 * s * s, 0.5 * (T + s * c);
    const Eigen::VectorXd from = vector({1, -0.5}), to = vector({-0.3, 0.8});
    const Eigen::Vector2d gap = to - vector({c * from[0] + s * from[1], -s * from[0] + c * from[1]});
    const double energy = 0.5 * gap.dot(gramian.inverse() * gap);
    CHECK(std::abs(least_energy_transfer(rotation, b, from, to, T).energy - energy) < 1e-12);
    const auto problem = with_least_energy(two_states(oscillator(), from, -inf, inf, T, T), to);
    for (const auto& options : {OptimalControlOptions{.shape = ControlShape::collocated, .intervals = 30}, OptimalControlOptions{.transcription = Transcription::multiple_shooting, .shape = ControlShape::piecewise_linear, .intervals = 120}}) {
      const auto found = solve_optimal_control(problem, options);
      INFO(found.outcome.message);
      REQUIRE(found.outcome.ok());
      CHECK(std::abs(found.cost - energy) < 1e-8);
    }
  }
}

TEST_CASE("linear-quadratic tracking agrees with the Riccati solution", "[control1]") {
  TrackingProblem lq;
  lq.a.resize(2, 2);
  lq.a << 0, 1, -2, -0.3;
  lq.b = vector({0, 1});
  lq.drift = vector({0.1, 0});
  lq.state_weight = vector({2, 1}).asDiagonal();
  lq.control_weight = Eigen::MatrixXd::Constant(1, 1, 0.5);
  lq.end_weight = vector({1, 3}).asDiagonal();
  lq.initial = vector({1, 0});
  lq.times = {0, 2.5, 5};
  lq.reference.resize(3, 2);
  lq.reference << 1, -0.4, 0, 0.2, 1.5, 0.2;
  const auto exact = track(lq);
  REQUIRE(exact.outcome.ok());
  const double inf = std::numeric_limits<double>::infinity();
  auto problem = two_states([](auto, const auto* x, const auto* u, auto* f) { f[0] = x[1] + 0.1, f[1] = -2.0 * x[0] - 0.3 * x[1] + u[0]; }, lq.initial, -inf, inf, 5, 5);
  problem.reads_clock = true;
  problem.running_cost = point_function<2, 1, 1>([](auto t, const auto* x, const auto* u, auto* l) {
    const bool late = t > 2.5;
    const auto first = x[0] - (late ? 0.6 * (t - 2.5) : 1.0 - 0.4 * t), second = x[1] - (late ? 0.0 * t + 0.2 : 0.24 * t - 0.4);
    l[0] = first * first + 0.5 * second * second + 0.25 * u[0] * u[0];
  });
  problem.terminal_cost = point_function<2, 1, 1>([](auto, const auto* x, const auto*, auto* l) { l[0] = 0.5 * (x[0] - 1.5) * (x[0] - 1.5) + 1.5 * (x[1] - 0.2) * (x[1] - 0.2); });
  const auto found = solve_optimal_control(problem, {.shape = ControlShape::collocated, .intervals = 160});
  INFO(found.outcome.message);
  REQUIRE(found.outcome.ok());
  CHECK(std::abs(found.cost - exact.cost) < 1e-8);
  CHECK((found.states.row(80) - exact.states.row(1)).norm() < 1e-8);
  const Eigen::VectorXd adjoint = exact.riccati[0] * lq.initial + exact.offsets.row(0).transpose();
  CHECK((found.adjoints.row(0).head(2).transpose() - adjoint).norm() < 1e-7);
  const auto shot = solve_optimal_control(problem, {.transcription = Transcription::multiple_shooting, .shape = ControlShape::piecewise_linear, .intervals = 100});
  INFO(shot.outcome.message);
  REQUIRE(shot.outcome.ok());
  CHECK(shot.cost >= exact.cost - 1e-9);      // linear controls are a narrower class
  CHECK(shot.cost - exact.cost < 1e-6);
  const auto report = check_first_order(problem, found);
  REQUIRE(report.outcome.ok());
  CHECK(report.sign_violation < 1e-6);      // the corner of the reference belongs to no side: the clock's adjoint is not asked
  CHECK(report.minimum_gap < 1e-9);
}

namespace {

// The boundary value problem of the Van der Pol example, by single shooting on the adjoint with fixed small steps: no part of the library.
struct Indirect {
  double cost = 0;
  Eigen::Vector2d adjoint;
};
Indirect van_der_pol_indirect(double highest, Eigen::Vector2d guess) {
  using State = Eigen::Matrix<double, 5, 1>;
  const auto rates = [highest](const State& y) {
    const double u = std::clamp(-0.5 * y[2], -1.0, highest);
    State d;
    d << (1 - y[1] * y[1]) * y[0] - y[1] + u, y[0], -2 * y[0] - y[2] * (1 - y[1] * y[1]) - y[3], -2 * y[1] + y[2] * (2 * y[1] * y[0] + 1), y[0] * y[0] + y[1] * y[1] + u * u;
    return d;
  };
  const auto end = [&](const Eigen::Vector2d& adjoint) {
    State y;
    y << 0, 1, adjoint, 0;
    constexpr int steps = 40000;
    const double h = 10.0 / steps;
    for (int n = 0; n < steps; ++n) {
      const State k1 = rates(y), k2 = rates(y + 0.5 * h * k1), k3 = rates(y + 0.5 * h * k2), k4 = rates(y + h * k3);
      y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    return y;
  };
  for (int round = 0; round < 6; ++round) {
    const State here = end(guess);
    Eigen::Matrix2d jacobian;
    for (int i = 0; i < 2; ++i) jacobian.col(i) = (end(guess + 1e-7 * Eigen::Vector2d::Unit(i)) - here).segment<2>(2) / 1e-7;
    guess -= jacobian.inverse() * here.segment<2>(2);
  }
  return {end(guess)[4], guess};
}

}  // namespace

TEST_CASE("Van der Pol: two transcriptions and the indirect solution agree to six digits", "[control1]") {
  const auto problem = van_der_pol(2);      // the bound is not reached
  const auto collocated = solve_optimal_control(problem, {.shape = ControlShape::collocated, .intervals = 300});
  INFO(collocated.outcome.message);
  REQUIRE(collocated.outcome.ok());
  const auto shot = solve_optimal_control(problem, {.transcription = Transcription::multiple_shooting, .shape = ControlShape::piecewise_linear, .intervals = 150});
  INFO(shot.outcome.message);
  REQUIRE(shot.outcome.ok());
  const auto indirect = van_der_pol_indirect(2, collocated.adjoints.row(0).transpose());
  CAPTURE(collocated.cost, shot.cost, indirect.cost);
  CHECK(std::abs(collocated.cost / indirect.cost - 1) < 1e-8);
  CHECK(std::abs(shot.cost / indirect.cost - 1) < 1e-6);
  CHECK((collocated.adjoints.row(0).transpose() - indirect.adjoint).norm() < 1e-5);
  const auto report = check_first_order(problem, collocated);
  CAPTURE(report.adjoint_gap, report.hamiltonian_spread, report.sign_violation, report.minimum_gap);
  CHECK(report.met(1e-6));
}

TEST_CASE("Van der Pol at its bound for a while: the arc is found, cost and junctions agree with the indirect solution", "[control1]") {
  const auto problem = van_der_pol(1);
  StructureOptions refine;
  refine.intervals = 150;
  const auto found = solve_by_structure(problem, {.intervals = 60}, refine);
  INFO(found.outcome.message << " " << found.structure.words(problem));
  REQUIRE(found.outcome.ok());
  REQUIRE(found.structure.arcs.size() == 3);
  CHECK(found.structure.arcs[1].levels[0] == ControlLevel::upper);
  const auto shot = solve_optimal_control(problem, {.transcription = Transcription::multiple_shooting, .shape = ControlShape::piecewise_linear, .intervals = 150});
  REQUIRE(shot.outcome.ok());
  const auto indirect = van_der_pol_indirect(1, found.solution.adjoints.row(0).transpose());
  CAPTURE(found.solution.cost, shot.cost, indirect.cost);
  CHECK(std::abs(found.solution.cost / indirect.cost - 1) < 1e-6);
  CHECK(std::abs(shot.cost / indirect.cost - 1) < 1e-6);
}

TEST_CASE("batch reactor: two transcriptions and Pontryagin's conditions agree to six digits", "[control1]") {
  const auto problem = batch_reactor();
  // The temperature falls from its bound within the first hundredth: a grid that doubles from there.
  const auto graded = [](int intervals) {
    std::vector<ControlArc> arcs;
    for (const double d : {0.004, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.488}) arcs.push_back({intervals, d, d, d});
    return arcs;
  };
  const auto collocated = solve_optimal_control(problem, {.shape = ControlShape::collocated, .arcs = graded(12), .program = {.tolerance = 1e-13}});
  INFO(collocated.outcome.message);
  REQUIRE(collocated.outcome.ok());
  const auto shot = solve_optimal_control(problem, {.transcription = Transcription::multiple_shooting, .shape = ControlShape::piecewise_linear, .arcs = graded(8)});
  INFO(shot.outcome.message);
  REQUIRE(shot.outcome.ok());
  CAPTURE(collocated.cost, shot.cost);
  CHECK(std::abs(collocated.cost / shot.cost - 1) < 1e-6);
  CHECK(-collocated.cost > 0.610775);      // published
  CHECK(-collocated.cost < 0.610775 + 1e-4);
  const auto report = check_first_order(problem, collocated);
  CAPTURE(report.adjoint_gap, report.hamiltonian_spread, report.sign_violation, report.minimum_gap);
  CHECK(report.met(1e-6));
}

namespace {

// The least cost of all schedules with up to two switches on a lattice, on in the middle or off in the middle: matrix exponentials, no solver.
double least_on_lattice(const Chemotherapy& c, int steps) {
  std::vector<Eigen::Matrix2d> carry[2];      // off, on
  for (const double u : {0.0, c.highest}) {
    Eigen::Matrix2d m;
    m << -c.a1, 2 * (1 - u) * c.a2, c.a1, -c.a2;
    for (int n = 0; n <= steps; ++n) carry[u > 0].push_back((m * (c.days * n / steps)).exp());
  }
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= steps; ++i)
    for (int j = i; j <= steps; ++j)
      for (const int middle : {0, 1}) {
        const auto at = [](const auto& v, int n) { return v[static_cast<std::size_t>(n)]; };
        const Eigen::Vector2d end = at(carry[1 - middle], steps - j) * (at(carry[middle], j - i) * (at(carry[1 - middle], i) * Eigen::Vector2d(c.start)));
        least = std::min(least, c.weight * end.sum() + c.highest * c.days * (middle ? j - i : steps - j + i) / steps);
      }
  return least;
}

}  // namespace

TEST_CASE("cell-cycle chemotherapy: the bang-bang structure is found", "[control1]") {
  const auto transcription = GENERATE(Transcription::collocation, Transcription::multiple_shooting);
  const auto c = GENERATE(Chemotherapy{.weight = 3}, Chemotherapy{.weight = 4, .start = vector({0.3, 0.7})}, Chemotherapy{.weight = 2});
  const auto problem = chemotherapy(c);
  const auto found = by_structure(problem, transcription, 35);
  INFO(found.outcome.message << " " << found.structure.words(problem));
  REQUIRE(found.outcome.ok());
  CHECK(found.report.met(1e-7));
  for (const auto& arc : found.structure.arcs) CHECK(arc.levels[0] != ControlLevel::inside);
  const double best = least_on_lattice(c, 700);
  CAPTURE(best, found.solution.cost);
  CHECK(found.solution.cost <= best + 1e-12);
  CHECK(found.solution.cost > best - 1e-4);      // a lattice of 0.01 days
  CHECK(found.switches.size() == (c.weight > 2 ? 1 : 0));      // late, early, none: as the lattice says
}

TEST_CASE("cell-cycle chemotherapy with a blocking agent: structure of two agents", "[control1]") {
  const auto problem = blocked_chemotherapy(10, 10);
  const auto found = by_structure(problem, Transcription::collocation, 60);
  INFO(found.outcome.message << " " << found.structure.words(problem));
  REQUIRE(found.outcome.ok());
  CHECK(found.report.met(1e-7));
  CHECK(found.switches.size() == 3);
  for (const auto& arc : found.structure.arcs)
    for (const auto level : arc.levels) CHECK(level != ControlLevel::inside);
  const auto again = follow_course(problem, found.solution.states.row(0).transpose(), found.solution.course);
  CHECK(std::abs(again.cost / found.solution.cost - 1) < 1e-8);
  const auto other = by_structure(problem, Transcription::multiple_shooting, 42);
  INFO(other.structure.words(problem));
  REQUIRE(other.switches.size() == found.switches.size());
  for (std::size_t k = 0; k < other.switches.size(); ++k) CHECK(std::abs(other.switches[k] - found.switches[k]) < 1e-6);
  CHECK(std::abs(other.solution.cost - found.solution.cost) < 1e-8);
}
