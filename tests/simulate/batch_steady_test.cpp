// Steady states of batches: closed forms, the other solver, oscillators, switches, derivatives, large matrices.
#include "libhyped/simulate/batch_steady.hpp"

#include <Eigen/Eigenvalues>
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "libhyped/model/batch_column.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/batch/leading_eigenvalue.hpp"
#include "libhyped/simulate/batch_ode.hpp"
#include "libhyped/simulate/steady_state.hpp"
#include "tests/models/random_networks.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::random_batch;
using hyped::testing::random_network;

namespace {

// x_i' = capacity tanh(weight x_(i-1)) - x_i around a ring.
BatchNetworkDefinition ring(int genes, double weight, double capacity = 1) {
  BatchNetworkDefinition d;
  for (int g = 0; g < genes; ++g) {
    d.genes.push_back("r" + std::to_string(g));
    d.capacity.push_back(capacity);
    d.bias.push_back(0);
    d.decay.push_back(1);
    d.edges.push_back({g, (g + genes - 1) % genes, weight, false});
  }
  return d;
}

}  // namespace

TEST_CASE("steady states of batches are the other solver's, with its derivatives", "[standard]") {
  for (const Transfer kind : {Transfer::tanh, Transfer::logistic, Transfer::hill}) {
    BatchNetworkDefinition d = random_network(8, {kind, 2}, EdgeStorage::automatic, 1, 0.4, true);
    for (EdgeEntry& e : d.edges) e.weight *= 0.3;      // so weak that nothing oscillates
    for (EdgeEntry& e : d.modules.regulates) e.weight *= 0.3;
    const BatchNetwork model(d);
    const BatchColumn column(model);
    const std::vector<double> p = model.default_parameters();
    const auto batch = random_batch(model, 5, 4);
    const auto found = steady_batch(model, p, batch.x, batch.u);
    Eigen::MatrixXd states(8, 5), bar(8, 5);
    for (Eigen::Index i = 0; i < bar.size(); ++i) bar(i) = std::sin(1.0 + static_cast<double>(i));
    Eigen::VectorXd expected = Eigen::VectorXd::Zero(model.parameter_count());
    for (int b = 0; b < 5; ++b) {
      const SteadyColumn& one = found[static_cast<std::size_t>(b)];
      INFO(one.outcome.message);
      REQUIRE(one.outcome.ok());
      CHECK((one.exists && one.stable && one.reached));
      CHECK(one.largest_rate < 1e-12);
      states.col(b) = one.state;
      std::vector<double> q(batch.u.col(b).begin(), batch.u.col(b).end()), start(batch.x.col(b).begin(), batch.x.col(b).end());
      q.insert(q.end(), p.begin(), p.end());
      const SteadyState other = steady_state(column, q, start);
      if (!other.outcome.ok()) continue;      // the other solver wants states that are not negative
      CHECK((other.state - one.state).cwiseAbs().maxCoeff() < 1e-9);
      CHECK(one.leading.real() == Approx(other.eigenvalues[0].real()).epsilon(1e-6));
    }
    for (int b = 0; b < 5; ++b) {
      Eigen::MatrixXd by_state, by_parameter;
      const Eigen::VectorXd x = states.col(b), u = batch.u.col(b);
      model.jacobian({x.data(), 8}, {u.data(), 5}, p, by_state);
      model.parameter_jacobian({x.data(), 8}, {u.data(), 5}, p, by_parameter);
      expected -= by_parameter.transpose() * by_state.transpose().fullPivLu().solve(Eigen::VectorXd(bar.col(b)));
    }
    const SteadyGradient backward = steady_gradient(model, p, states, batch.u, bar);
    REQUIRE(backward.outcome.ok());
    const Eigen::VectorXd& gradient = backward.by_parameter;
    CHECK((gradient - expected).cwiseAbs().maxCoeff() < 1e-10 * expected.cwiseAbs().maxCoeff());
    // and differences of the states themselves, from warm starts
    for (std::size_t j = 0; j < p.size(); j += 5) {
      const auto at = [&](double step) {
        std::vector<double> q = p;
        q[j] += step;
        const auto moved = steady_batch(model, q, states, batch.u, {.must_be_reached = false, .eigenvalues = false});
        double sum = 0;
        for (int b = 0; b < 5; ++b) sum += bar.col(b).dot(moved[static_cast<std::size_t>(b)].state);
        return sum;
      };
      const double h = 1e-4;
      INFO(model.parameters()[j].name);
      CHECK(gradient[static_cast<Eigen::Index>(j)] == Approx((8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("an oscillator: its steady state exists, is unstable, and is not reached") {
  // odd ring of repression: at 0 the eigenvalues are -1 - w times the cube roots of 1
  const BatchNetwork model(ring(3, -3));
  Eigen::MatrixXd start(3, 2);
  start << 0.3, 0, -0.1, 0, 0.2, 0;      // off the root, and on it
  const auto found = steady_batch(model, model.default_parameters(), start, Eigen::MatrixXd(0, 2));
  for (const SteadyColumn& one : found) {
    CHECK(one.exists);
    CHECK_FALSE(one.stable);
    CHECK_FALSE(one.reached);
    CHECK(one.state.cwiseAbs().maxCoeff() < 1e-9);
    CHECK(one.leading.real() == Approx(0.5));
    CHECK(one.leading.imag() == Approx(1.5 * std::sqrt(3.0)));
    CHECK(one.period_h == Approx(2 * std::numbers::pi / (1.5 * std::sqrt(3.0))));
    CHECK(one.outcome.status == Status::not_converged);
    CHECK_THAT(one.outcome.message, Catch::Matchers::Contains("unstable and not reached") && Catch::Matchers::Contains("period about 2.42 h"));
  }
  const auto near = steady_batch(model, model.default_parameters(), start, Eigen::MatrixXd(0, 2), {.must_be_reached = false});
  CHECK_FALSE(near[1].outcome.ok());
  CHECK(near[1].exists);
}

TEST_CASE("a weakly unstable root is not taken for one that is reached") {
  // repression just past the bifurcation at w = 2: the real part is 0.01, and the start lies close to the root
  const BatchNetwork model(ring(3, -2.02));
  Eigen::MatrixXd start(3, 1);
  start << 1e-3, -2e-3, 1e-3;
  const auto found = steady_batch(model, model.default_parameters(), start, Eigen::MatrixXd(0, 1));
  CHECK(found[0].exists);
  CHECK_FALSE(found[0].reached);
  CHECK(found[0].leading.real() == Approx(0.01));
  CHECK_FALSE(found[0].outcome.ok());
  // and just before it: reached, though slowly
  const BatchNetwork calm(ring(3, -1.98));
  const auto reached = steady_batch(calm, calm.default_parameters(), start, Eigen::MatrixXd(0, 1));
  INFO(reached[0].outcome.message);
  CHECK(reached[0].outcome.ok());
  CHECK(reached[0].reached);
  CHECK(reached[0].leading.real() == Approx(-0.01));
}

TEST_CASE("a switch: the start decides, and where it leads is what integration says") {
  // mutual repression of two genes with weight 3: stable states of opposite signs, a saddle at 0
  const BatchNetwork model(ring(2, -3));
  Eigen::MatrixXd start(2, 4);
  start << 0.5, -0.2, 0.1, 1e-3, -0.5, 0.1, 0.05, -1.1e-3;
  const auto found = steady_batch(model, model.default_parameters(), start, Eigen::MatrixXd(0, 4));
  BatchExperiment e;
  e.initial = start;
  e.constant_inputs.resize(0, 4);
  e.sample_times_h = {200};
  const Eigen::MatrixXd end = simulate_batch(model, e, model.default_parameters()).states[0];
  for (int b = 0; b < 4; ++b) {
    const SteadyColumn& one = found[static_cast<std::size_t>(b)];
    REQUIRE(one.outcome.ok());
    CHECK((one.state - end.col(b)).cwiseAbs().maxCoeff() < 1e-6);
    const double top = std::abs(one.state[0]);
    CHECK(top == Approx(std::tanh(3 * top)).epsilon(1e-10));
    CHECK(one.leading.real() == Approx(-1 + 3 * (1 - top * top)).epsilon(1e-8));
  }
}

TEST_CASE("strong networks: what is said of a start is what its trajectory does") {
  int settled = 0, restless = 0;
  for (std::uint32_t seed = 1; seed <= 16; ++seed) {
    BatchNetworkDefinition d = random_network(8, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, false, seed);
    for (EdgeEntry& e : d.edges) e.weight *= 3;
    const BatchNetwork model(d);
    const std::vector<double> p = model.default_parameters();
    BatchExperiment e;
    e.initial = random_batch(model, 2, seed).x;
    e.constant_inputs.resize(0, 2);
    for (int t = 0; t < 30; ++t) e.sample_times_h.push_back(3000 + 7.3 * t);
    const auto found = steady_batch(model, p, e.initial, e.constant_inputs);
    const BatchTrajectory run = simulate_batch(model, e, p);
    REQUIRE(run.outcome.ok());
    Eigen::MatrixXd rates(8, 2);
    for (int b = 0; b < 2; ++b) {
      const SteadyColumn& one = found[static_cast<std::size_t>(b)];
      INFO("seed " << seed << " column " << b << ": " << one.outcome.message);
      double fastest = 0;
      for (const auto& x : run.states) {
        model.rates(x, e.constant_inputs, p, rates, *model.scratch(2));
        fastest = std::max(fastest, rates.col(b).cwiseAbs().maxCoeff());
      }
      if (one.outcome.ok()) {
        ++settled;
        CHECK((run.states.back().col(b) - one.state).cwiseAbs().maxCoeff() < 1e-5);
      } else {
        ++restless;
        CHECK(fastest > 1e-3);
        CHECK_FALSE(one.reached);
      }
    }
  }
  CHECK(settled > 0);
  CHECK(restless > 0);
}

TEST_CASE("where there is no steady state, it is said") {
  // dx = 0.5 + x - x: grows without end
  BatchNetworkDefinition d;
  d.genes = {"X"};
  d.transfer = {Transfer::identity, 1};
  d.capacity = {1};
  d.bias = {0.5};
  d.decay = {1};
  d.edges = {{0, 0, 1, false}};
  const BatchNetwork model(d);
  const auto found = steady_batch(model, model.default_parameters(), Eigen::MatrixXd::Zero(1, 1), Eigen::MatrixXd(0, 1), {.longest_h = 1000});
  CHECK_FALSE(found[0].exists);
  CHECK(found[0].outcome.status == Status::not_converged);
  CHECK(found[0].largest_rate == Approx(0.5));
  CHECK(found[0].state[0] == Approx(500).epsilon(1e-6));      // where the integration ended
  CHECK_THAT(found[0].outcome.message, Catch::Matchers::Contains("no steady state was found"));
}

TEST_CASE("steady states of batches: the same bytes for any number of threads, and from warm starts the same roots") {
  const BatchNetwork model(random_network(60, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, false));
  const std::vector<double> p = model.default_parameters();
  const auto batch = random_batch(model, 40, 4);
  const auto run = [&](int number, bool reached) {
    const int before = thread_setting();
    set_threads(number);
    const auto found = steady_batch(model, p, batch.x, batch.u, {.must_be_reached = reached});
    set_threads(before);
    Eigen::MatrixXd out(60, 40);
    for (int b = 0; b < 40; ++b) {
      REQUIRE(found[static_cast<std::size_t>(b)].outcome.ok());
      out.col(b) = found[static_cast<std::size_t>(b)].state;
    }
    return out;
  };
  const Eigen::MatrixXd one = run(1, true);
  CHECK(one == run(2, true));
  CHECK(run(1, false) == run(2, false));
  CHECK((one - run(1, false)).cwiseAbs().maxCoeff() < 1e-8);      // this network has one steady state
}

TEST_CASE("a gene at a high level does not hide where a switch goes") {
  // two genes that repress each other, one that creeps from 993 to 1000, one that is fast
  BatchNetworkDefinition d = ring(2, -3);
  d.genes.insert(d.genes.end(), {"high", "fast"});
  d.capacity.insert(d.capacity.end(), {500, 1});
  d.bias.insert(d.bias.end(), {30, 0});
  d.decay.insert(d.decay.end(), {0.5, 100});
  const BatchNetwork model(d);
  Eigen::MatrixXd start(4, 1);
  start << 0.26, -0.26, 993, 0;      // Newton's method leads to the other side once the switch is near 0.3
  const auto found = steady_batch(model, model.default_parameters(), start, Eigen::MatrixXd(0, 1));
  INFO(found[0].outcome.message);
  REQUIRE(found[0].outcome.ok());
  CHECK(found[0].reached);
  CHECK(found[0].state[0] == Approx(0.9949).epsilon(1e-3));
  CHECK(found[0].state[2] == Approx(1000));
}

TEST_CASE("without eigenvalues the determinant alone tells a stable root from a saddle, also where the start is the root") {
  const BatchNetwork model(ring(2, -3));
  Eigen::MatrixXd start(2, 2);
  start << 0, 0.9, 0, -0.9;
  const auto found = steady_batch(model, model.default_parameters(), start, Eigen::MatrixXd(0, 2), {.must_be_reached = false, .eigenvalues = false});
  CHECK(found[0].exists);
  CHECK_FALSE(found[0].stable);
  CHECK_THAT(found[0].outcome.message, Catch::Matchers::Contains("unstable"));
  CHECK(found[1].stable);
  CHECK(found[1].outcome.ok());
}

TEST_CASE("a gradient through a Jacobian without inverse is an outcome, not an infinity") {
  // dx = x - x: every level is a steady state
  BatchNetworkDefinition d;
  d.genes = {"X", "Y"};
  d.transfer = {Transfer::identity, 1};
  d.capacity = {1, 1};
  d.bias = {0, 0.5};
  d.decay = {1, 1};
  d.edges = {{0, 0, 1, false}};
  const BatchNetwork model(d);
  const SteadyGradient found = steady_gradient(model, model.default_parameters(), Eigen::Vector2d(0.3, 0.5), Eigen::MatrixXd(0, 1), Eigen::Vector2d(1, 1));
  CHECK(found.outcome.status == Status::singular);
  CHECK(found.by_parameter.isZero(0));
}

TEST_CASE("leading eigenvalues: Arnoldi's method agrees with all eigenvalues") {
  RandomStream random(3, 1, 1);
  for (const bool oscillating : {false, true}) {
    const int n = 450;
    Eigen::MatrixXd a(n, n);
    for (double& entry : a.reshaped()) entry = (random.uniform() - 0.5) * 0.1;
    a.diagonal().array() -= 1;
    if (oscillating) a(0, 1) += 3, a(1, 0) -= 3;
    const Eigen::VectorXcd all = Eigen::EigenSolver<Eigen::MatrixXd>(a, false).eigenvalues();
    double top = -1e300;
    for (const auto& value : all) top = std::max(top, value.real());
    const auto found = leading_eigenvalue(a);
    REQUIRE(found);
    CHECK(found->real() == Approx(top).epsilon(1e-7));
  }
  CHECK_FALSE(leading_eigenvalue(Eigen::MatrixXd::Constant(3, 3, std::nan(""))));
}
