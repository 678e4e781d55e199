// A column of a batch as a model: derivatives, packs, stiff solvers, and the spread of single cells.
#include "libhyped/model/batch_column.hpp"

#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/model/pack.hpp"
#include "libhyped/simulate/batch_ode.hpp"
#include "libhyped/simulate/diagonal_sde.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/gene_network/saturating_network.hpp"
#include "tests/models/random_networks.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::random_network;

TEST_CASE("columns are models: rates, derivatives and packs of the saturating network") {
  NetworkDefinition d;
  d.genes = {"A", "B", "C"};
  d.inputs = {"si", "mm"};
  d.capacity = {0.4, 0.3, 0.2};
  d.bias = {-0.5, 0.2, 0.1};
  d.decay = {0.1, 0.2, 0.05};
  d.edges = {{0, 1, 1.5}, {1, 2, -0.7}, {2, 0, 0.4}, {1, 1, 0.3}};
  d.actions = {{0, 0, InputAction::degrades, 6}, {1, 0, InputAction::carries, 2}, {1, 2, InputAction::drives, -1.2}};
  const SaturatingNetwork one(d);
  const BatchNetwork many(batch_definition(d));
  const BatchColumn column(many);
  REQUIRE(column.parameter_count() == one.parameter_count());
  std::vector<double> p = one.default_parameters(), x{1.1, 0.8, 2.0}, dx(3), other(3), q(p.size());
  p[0] = 0.6, p[1] = 0.5;
  std::vector<std::size_t> place;
  for (std::size_t j = 0; j < p.size(); ++j) {
    place.push_back(static_cast<std::size_t>(one.parameter_index(column.parameters()[j].name)));
    q[j] = p[place[j]];
  }
  Linearisation exact, seen;
  one.linearise(0, x, p, dx, exact);
  column.linearise(0, x, q, other, seen);
  for (std::size_t i = 0; i < 3; ++i) CHECK(dx[i] == Approx(other[i]).epsilon(1e-14));
  CHECK((exact.state - seen.state).cwiseAbs().maxCoeff() < 1e-15);
  for (std::size_t j = 0; j < p.size(); ++j) CHECK((exact.parameter.col(static_cast<Eigen::Index>(place[j])) - seen.parameter.col(static_cast<Eigen::Index>(j))).cwiseAbs().maxCoeff() < 1e-15);
  for (const bool shared : {true, false}) {      // parameters that differ between lanes take another way
    std::vector<Pack> px(x.begin(), x.end()), pq(q.begin(), q.end()), pdx(3);
    px[1].set(5, 0.9);
    pq[0].set(5, 0.2);
    if (!shared) pq[3].set(5, 0.7);
    column.pack_rates(Pack(0), px.data(), pq.data(), pdx.data());
    std::vector<double> q5 = q, x5 = x;
    x5[1] = 0.9, q5[0] = 0.2;
    if (!shared) q5[3] = 0.7;
    column.rates(0, x5, q5, other);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(pdx[i][2] == Approx(dx[i]).epsilon(1e-13));
      CHECK(pdx[i][5] == Approx(other[i]).epsilon(1e-13));
    }
  }
}

TEST_CASE("columns run in the stiff solver, which agrees with the batch") {
  BatchNetworkDefinition d = random_network(6, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, true);
  d.decay[2] = 300;      // fast
  d.capacity[2] = 200;
  const BatchNetwork model(d);
  const BatchColumn column(model);
  BatchExperiment e;
  e.initial = Eigen::Map<const Eigen::VectorXd>(d.initial.data(), 6);
  e.constant_inputs = Eigen::VectorXd::Constant(5, 0.4);
  e.sample_times_h = {1, 6};
  const BatchTrajectory batch = simulate_batch(model, e, model.default_parameters(), {.relative_tolerance = 1e-9, .absolute_tolerance = 1e-11});
  REQUIRE(batch.outcome.ok());
  Experiment dish;
  dish.initial = d.initial;
  dish.sample_times_h = e.sample_times_h;
  std::vector<double> q(5, 0.4);
  const std::vector<double> p = model.default_parameters();
  q.insert(q.end(), p.begin(), p.end());
  const Trajectory stiff = simulate(column, q, dish, StiffOptions{.relative_tolerance = 1e-9, .absolute_tolerance = 1e-11});
  REQUIRE(stiff.outcome.ok());
  for (int s = 0; s < 2; ++s) CHECK((stiff.states.row(s).transpose() - batch.states[static_cast<std::size_t>(s)]).cwiseAbs().maxCoeff() < 1e-7);
  CHECK(stiff.work.steps < batch.steps / 4);
}

TEST_CASE("spread of cells: a network's noise has the covariance of Lyapunov's equation, whatever the step") {
  // small additive noise about the steady state of a saturating network with an input: A C + C A' + s^2 = 0
  BatchNetworkDefinition d = random_network(5, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.6, false);
  d.inputs = {"dose"};
  d.actions = {{0, 1, BatchAction::drives, 0.5, false, -1, false}, {0, 2, BatchAction::degrades, 2, false, -1, false}};
  const BatchNetwork model(d);
  const BatchColumn column(model);
  const std::vector<double> p = model.default_parameters();
  std::vector<double> q{0.8};
  q.insert(q.end(), p.begin(), p.end());
  std::vector<double> dx(5);
  Eigen::VectorXd rest = Eigen::VectorXd::Zero(5);
  Linearisation at;
  for (int i = 0; i < 50; ++i) {
    column.linearise(0, {rest.data(), 5}, q, dx, at);
    rest -= at.state.partialPivLu().solve(Eigen::Map<Eigen::VectorXd>(dx.data(), 5));
  }
  REQUIRE(Eigen::Map<Eigen::VectorXd>(dx.data(), 5).cwiseAbs().maxCoeff() < 1e-13);
  const double s = 0.01;      // 1 % of the saturation: the next order of the noise is 1e-4 of the variance
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(5, 5);
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(25, 25);
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) system.block(5 * i, 5 * j, 5, 5) = at.state(i, j) * identity + (i == j ? at.state : Eigen::MatrixXd::Zero(5, 5));
  const Eigen::VectorXd expected = system.partialPivLu().solve(-s * s * Eigen::VectorXd(identity.reshaped()));
  for (const double h : {0.4, 0.1}) {      // noise that shrank with the step, as with a variance of h^2, would differ fourfold
    SdeEnsemble e;
    e.model = &column;
    e.parameters = q;
    e.noise = {NoiseForm::additive, std::vector<double>(5, s), d.decay};
    e.paths = 20000;
    e.sample_times_h = {60};
    e.start = [&](int, RandomStream&, std::span<double> x) { std::copy(rest.begin(), rest.end(), x.begin()); };
    const SdePaths paths = simulate_sde(e, 3, {h});
    REQUIRE(paths.outcome.ok());
    const Eigen::MatrixXd centred = paths.states[0].rowwise() - paths.states[0].colwise().mean();
    for (int i = 0; i < 5; ++i) {
      CHECK(paths.states[0].col(i).mean() == Approx(rest[i]).margin(5e-4));
      for (int j = 0; j <= i; ++j) {
        const Eigen::ArrayXd product = centred.col(i).array() * centred.col(j).array();
        const double covariance = product.mean(), error = std::sqrt((product - covariance).square().mean() / 20000);
        CHECK(std::abs(covariance - expected[5 * i + j]) < 4.5 * error + 0.004 * std::sqrt(expected[6 * i] * expected[6 * j]));      // (k h)^2 / 24 of the splitting
      }
    }
  }
}
