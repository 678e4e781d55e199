// Batches in time: closed forms, forward sensitivities of the other solver, differences, checkpoints, threads.
#include "libhyped/simulate/batch_ode.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/batch/checkpoints.hpp"
#include "libhyped/simulate/ode.hpp"
#include "models/gene_network/saturating_network.hpp"
#include "tests/models/random_networks.hpp"
#include "tests/simulate/sample_squares.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::random_batch;
using hyped::testing::random_network;
using hyped::testing::squares;
using hyped::testing::target;

namespace {

// A dose of input k at 2 that decays, and a constant one that is washed out at 5; `after` decides at the breaks.
BatchExperiment dosed(const BatchModel& model, int columns) {
  BatchExperiment e;
  e.initial = random_batch(model, columns, 9).x;
  e.sample_times_h = {0, 1.5, 2, 4, 7.5};
  e.breaks_h = {2, 5, 11};
  e.inputs = [](double t, bool after, BatchMatrix u) {
    for (Eigen::Index b = 0; b < u.cols(); ++b)
      for (Eigen::Index k = 0; k < u.rows(); ++k) {
        const bool dosed = t > 2 || (t == 2 && after), washed = t > 5 || (t == 5 && after);
        u(k, b) = k % 2 == 0 ? (dosed ? (0.5 + 0.1 * static_cast<double>(b)) * std::exp(-0.3 * (t - 2)) : 0.0) : (washed ? 0.0 : 0.7);
      }
  };
  return e;
}

double loss_of(const BatchModel& model, const BatchExperiment& e, const std::vector<double>& p, const BatchOptions& options) {
  const BatchTrajectory run = simulate_batch(model, e, p, options);
  REQUIRE(run.outcome.ok());
  double sum = 0;
  Eigen::MatrixXd bar(e.initial.rows(), e.initial.cols());
  for (std::size_t s = 0; s < run.states.size(); ++s) sum += squares(static_cast<int>(s), run.states[s], bar, {});
  return sum;
}

}  // namespace

TEST_CASE("batches: closed form through doses and washes, to the tolerance asked for") {
  // one gene without regulators, an input that is produced: dx = 0.4 u(t) - 0.25 x, u = 1 between 3 and 6
  BatchNetworkDefinition d;
  d.genes = {"X"};
  d.inputs = {"in"};
  d.transfer = {Transfer::identity, 1};
  d.capacity = {1};
  d.bias = {0};
  d.decay = {0.25};
  d.actions = {{0, 0, BatchAction::produces, 0.4, false, -1, false}};
  const BatchNetwork model(d);
  BatchExperiment e;
  e.initial = Eigen::MatrixXd::Constant(1, 2, 0.0);
  e.initial(0, 1) = 5;
  e.sample_times_h = {3, 6, 10};
  e.breaks_h = {3, 6};
  e.inputs = [](double t, bool after, BatchMatrix u) { u.setConstant((t > 3 || (t == 3 && after)) && (t < 6 || (t == 6 && !after)) ? 1.0 : 0.0); };
  const double top = 1.6 * (1 - std::exp(-0.25 * 3));
  for (const double tolerance : {1e-4, 1e-7, 1e-10}) {
    const BatchTrajectory run = simulate_batch(model, e, model.default_parameters(), {.relative_tolerance = tolerance, .absolute_tolerance = tolerance});
    REQUIRE(run.outcome.ok());
    REQUIRE(run.times_h == e.sample_times_h);
    for (int b = 0; b < 2; ++b) {
      const double start = b == 1 ? 5 : 0;
      const double expected[3] = {start * std::exp(-0.75), start * std::exp(-1.5) + top, (start * std::exp(-1.5) + top) * std::exp(-1)};
      for (std::size_t s = 0; s < 3; ++s) CHECK(std::abs(run.states[s](0, b) - expected[s]) < 20 * tolerance);      // a global error of a few local ones
    }
    CHECK(run.rejected <= 4);
  }
}

TEST_CASE("batches: states and gradients are those of forward sensitivities") {
  NetworkDefinition d;
  d.genes = {"A", "B", "C"};
  d.inputs = {"si", "mm"};
  d.saturation = Saturation::tanh;
  d.capacity = {0.8, 0.6, 0.5};
  d.bias = {0.5, 0.2, 0.1};
  d.decay = {0.2, 0.3, 0.15};
  d.edges = {{0, 1, 1.5}, {1, 2, -0.7}, {2, 0, 0.4}, {1, 1, 0.3}};
  d.actions = {{0, 0, InputAction::degrades, 6}, {1, 0, InputAction::carries, 2}, {1, 2, InputAction::drives, -1.2}};
  const SaturatingNetwork one(d);
  const BatchNetwork many(batch_definition(d));
  BatchExperiment e = dosed(many, 3);
  e.inputs = [](double t, bool after, BatchMatrix u) {      // si: set to 0.4 + 0.2 b at 2; mm: 0.7 until 5
    for (Eigen::Index b = 0; b < u.cols(); ++b) {
      u(0, b) = t > 2 || (t == 2 && after) ? 0.4 + 0.2 * static_cast<double>(b) : 0.0;
      u(1, b) = t > 5 || (t == 5 && after) ? 0.0 : 0.7;
    }
  };
  const BatchOptions options{.relative_tolerance = 1e-10, .absolute_tolerance = 1e-12};
  const BatchGradient adjoint = batch_gradient(many, e, many.default_parameters(), squares, options);
  REQUIRE(adjoint.outcome.ok());
  Eigen::VectorXd forward = Eigen::VectorXd::Zero(one.parameter_count());
  double loss = 0;
  for (int b = 0; b < 3; ++b) {
    Experiment dish;
    dish.initial.assign(e.initial.col(b).begin(), e.initial.col(b).end());
    dish.schedule = {{2, "si", Action::set, 0.4 + 0.2 * b, ""}, {5, "mm", Action::set, 0, ""}};
    dish.sample_times_h = e.sample_times_h;
    std::vector<double> p = one.default_parameters();
    p[1] = 0.7;
    const Trajectory run = simulate_ode(one, p, dish, {.relative_tolerance = 1e-11, .absolute_tolerance = 1e-13}, Sensitivities::parameters);
    REQUIRE(run.outcome.ok());
    for (Eigen::Index s = 0; s < run.states.rows(); ++s) {
      const auto i = static_cast<std::size_t>(s);
      CHECK((run.states.row(s).transpose() - adjoint.trajectory.states[i].col(b)).cwiseAbs().maxCoeff() < 1e-8);
      for (int g = 0; g < 3; ++g) {
        const double off = run.states(s, g) - target(static_cast<int>(s), g, b);
        loss += off * off;
        forward += 2 * off * run.sensitivities[i].row(g).transpose();
      }
    }
  }
  CHECK(adjoint.loss == Approx(loss).epsilon(1e-8));
  for (int j = 0; j < many.parameter_count(); ++j) {
    const auto& spec = many.parameters()[static_cast<std::size_t>(j)];
    INFO(spec.name);
    CHECK(adjoint.parameters[j] == Approx(forward[one.parameter_index(spec.name)]).epsilon(1e-6).margin(1e-8));
  }
}

TEST_CASE("batches: gradients agree with differences for every kind of network", "[standard]") {
  for (const Transfer kind : {Transfer::tanh, Transfer::logistic, Transfer::polynomial, Transfer::hill})
    for (const EdgeStorage storage : {EdgeStorage::dense, EdgeStorage::sparse}) {
      const BatchNetwork model(random_network(6, {kind, 2}, storage, kind == Transfer::logistic ? 2 : 1, 0.5, true));
      BatchExperiment e = dosed(model, 4);
      const BatchOptions options{.relative_tolerance = 1e-11, .absolute_tolerance = 1e-13};
      std::vector<double> p = model.default_parameters();
      const BatchGradient exact = batch_gradient(model, e, p, squares, options);
      REQUIRE(exact.outcome.ok());
      CHECK(exact.loss == Approx(loss_of(model, e, p, options)).epsilon(1e-14));
      const double scale = exact.parameters.cwiseAbs().maxCoeff();
      const auto difference = [&](double& entry) {
        const double kept = entry, h = 2e-3;
        const auto at = [&](double step) {
          entry = kept + step;
          return loss_of(model, e, p, options);
        };
        const double out = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        entry = kept;
        return out;
      };
      for (std::size_t j = 0; j < p.size(); j += 3) {
        INFO(model.parameters()[j].name << " transfer " << static_cast<int>(kind));
        CHECK(std::abs(exact.parameters[static_cast<Eigen::Index>(j)] - difference(p[j])) < 1e-6 * scale);
      }
      for (const auto& [g, b] : {std::pair{0, 0}, {4, 3}}) CHECK(exact.initial(g, b) == Approx(difference(e.initial(g, b))).epsilon(1e-6).margin(1e-8));
    }
}

TEST_CASE("batches: the gradient is that of the computed steps, however coarse") {
  // a tolerance that accepts everything: steps grow tenfold from the first and do not depend on the parameters
  const BatchNetwork model(random_network(6, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, true));
  BatchExperiment e = dosed(model, 3);
  e.sample_times_h = {0.7, 1.4, 2, 3, 4, 5, 6.1};
  const BatchOptions coarse{.relative_tolerance = 1e6, .absolute_tolerance = 1e6, .first_step_h = 0.5};
  std::vector<double> p = model.default_parameters();
  const BatchGradient exact = batch_gradient(model, e, p, squares, coarse);
  CHECK(exact.trajectory.steps < 12);
  CHECK(std::abs(exact.loss / loss_of(model, e, p, {.relative_tolerance = 1e-10}) - 1) > 1e-6);      // coarse indeed
  for (std::size_t j = 0; j < p.size(); ++j) {
    const double kept = p[j], h = 1e-3;
    const auto at = [&](double step) {
      p[j] = kept + step;
      return loss_of(model, e, p, coarse);
    };
    const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    p[j] = kept;
    CHECK(exact.parameters[static_cast<Eigen::Index>(j)] == Approx(difference).epsilon(1e-8).margin(1e-9));
  }
}

TEST_CASE("checkpoints: every step backwards once, from the right state, with close to the fewest repeats") {
  for (const int slots : {1, 2, 3, 5, 12, 24, 64})
    for (const long steps : {1L, 2L, 3L, 7L, 24L, 25L, 64L, 65L, 100L, 325L, 1000L, 2925L}) {
      if (slots == 1 && steps > 400) continue;
      Checkpoints kept(slots);
      Eigen::MatrixXd state = Eigen::MatrixXd::Zero(1, 1);
      const auto advance = [](long n, Eigen::MatrixXd& x) {
        CHECK(x(0, 0) == static_cast<double>(n));
        x(0, 0) += 1;
      };
      for (long n = 0; n < steps; ++n) {
        kept.offer(n, state);
        state(0, 0) += 1;
      }
      long next = steps;
      const long repeated = kept.go_back(steps, advance, [&](long n, Eigen::MatrixXd& x) {
        REQUIRE(n == --next);
        REQUIRE(x(0, 0) == static_cast<double>(n));
        x(0, 0) = -1;
      });
      const long best = least_advances(steps, slots) - (steps - 1);      // the first sweep is not a repeat
      INFO(slots << " slots " << steps << " steps: " << repeated << " repeats, at best " << best);
      CHECK(next == 0);
      CHECK(kept.slots_used() <= slots);
      CHECK(repeated >= best);
      CHECK(repeated <= best + (slots >= 12 ? steps / 2 + 1 : steps));
    }
  // the closed form against the recursion it solves
  for (int slots = 2; slots < 6; ++slots)
    for (long steps = 2; steps < 60; ++steps) {
      long best = steps * steps;
      for (long m = 1; m < steps; ++m) best = std::min(best, m + least_advances(steps - m, slots - 1) + least_advances(m, slots));
      CHECK(best == least_advances(steps, slots));
    }
}

TEST_CASE("batches: the same bytes for any number of checkpoints and threads", "[standard]") {
  const BatchNetwork model(random_network(300, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.3, false));
  BatchExperiment e = dosed(model, 48);
  e.sample_times_h = {0.5, 2, 3};
  const std::vector<double> p = model.default_parameters();
  const auto run = [&](int checkpoints, int number) {
    const int before = thread_setting();
    set_threads(number);
    BatchGradient out = batch_gradient(model, e, p, squares, {.relative_tolerance = 1e-4, .checkpoints = checkpoints});
    set_threads(before);
    return out;
  };
  const BatchGradient reference = run(64, 1);
  CHECK(reference.repeated_steps == 0);
  for (const auto& [checkpoints, number] : {std::pair{64, 2}, {3, 1}, {5, 2}}) {
    const BatchGradient other = run(checkpoints, number);
    CHECK(other.parameters == reference.parameters);
    CHECK(other.initial == reference.initial);
    CHECK(other.loss == reference.loss);
    if (checkpoints < 64) CHECK(other.repeated_steps > 0);
  }
}

TEST_CASE("batches: what cannot be computed is an outcome, what is wrong is said") {
  BatchNetworkDefinition d;
  d.genes = {"X"};
  d.transfer = {Transfer::polynomial, 1};
  d.capacity = {1};
  d.bias = {0};
  d.decay = {1e6};
  const BatchNetwork stiff(d);
  BatchExperiment e;
  e.initial = Eigen::MatrixXd::Ones(1, 1);
  e.constant_inputs.resize(0, 1);
  e.sample_times_h = {1};
  const BatchGradient limited = batch_gradient(stiff, e, stiff.default_parameters(), squares, {.step_limit = 1000});
  CHECK(limited.outcome.status == Status::step_limit);
  CHECK(limited.trajectory.states.empty());
  std::vector<double> bad = stiff.default_parameters();
  bad[2] = std::nan("");
  CHECK(simulate_batch(stiff, e, bad).outcome.status == Status::not_finite);
  const auto refused = [&](auto change) {
    BatchExperiment other = e;
    change(other);
    CHECK_THROWS_AS(simulate_batch(stiff, other, stiff.default_parameters()), InputError);
  };
  refused([](auto& o) { o.initial.resize(2, 1); });
  refused([](auto& o) { o.sample_times_h = {2, 1}; });
  refused([](auto& o) { o.sample_times_h.clear(); });
  refused([](auto& o) { o.start_h = 3; });
  refused([](auto& o) { o.constant_inputs.resize(1, 1); });
  CHECK_THROWS_AS(simulate_batch(stiff, e, std::vector<double>(1, 1.0)), InputError);
}
