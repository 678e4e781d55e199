// Batched networks: the formula by hand, the other implementation, derivatives against differences, storages and threads against each other.
#include "models/gene_network/batch_network.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "models/gene_network/saturating_network.hpp"
#include "tests/models/random_networks.hpp"
#include "tests/models/three_genes.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::random_batch;
using hyped::testing::random_network;
using hyped::testing::three_genes;

namespace {

std::span<const double> view(const Eigen::VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

Eigen::VectorXd rates_of(const BatchModel& model, const Eigen::VectorXd& x, const Eigen::VectorXd& u, const Eigen::VectorXd& p) {
  Eigen::VectorXd dx(x.size());
  model.rates(x, u, view(p), dx, *model.scratch(1));
  return dx;
}

// Central differences of fourth order of f in one entry of v.
template <class F>
Eigen::VectorXd difference(const F& f, Eigen::VectorXd v, Eigen::Index j) {
  const double kept = v[j], h = 1e-3;
  const auto moved = [&](double step) {
    v[j] = kept + step;
    return Eigen::VectorXd(f(v));
  };
  return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
}

}  // namespace

TEST_CASE("batched networks are the saturating network: rates and all derivatives, dense and sparse") {
  for (const Saturation saturation : {Saturation::identity, Saturation::logistic, Saturation::tanh}) {
    const NetworkDefinition d = three_genes(saturation);
    const SaturatingNetwork one(d);
    for (const EdgeStorage storage : {EdgeStorage::dense, EdgeStorage::sparse}) {
      BatchNetworkDefinition definition = batch_definition(d);
      definition.storage = storage;
      const BatchNetwork many(definition);
      REQUIRE(many.parameter_count() == one.parameter_count() - 3);
      std::vector<double> p = one.default_parameters(), x{1.1, 0.8, 2.0}, dx(3);
      p[0] = 0.6, p[1] = 0.5, p[2] = 1;
      const Eigen::Vector3d u(0.6, 0.5, 1);
      Eigen::VectorXd q(many.parameter_count());
      std::vector<Eigen::Index> place;
      for (std::size_t j = 0; j < static_cast<std::size_t>(many.parameter_count()); ++j) {
        const int at = one.parameter_index(many.parameters()[j].name);
        REQUIRE(at >= 3);
        place.push_back(at);
        q[static_cast<Eigen::Index>(j)] = p[static_cast<std::size_t>(at)];
        CHECK(many.parameters()[j].value == p[static_cast<std::size_t>(at)]);
      }
      Linearisation exact;
      one.linearise(0, x, p, dx, exact);
      const Eigen::VectorXd rates = rates_of(many, Eigen::Map<Eigen::VectorXd>(x.data(), 3), u, q);
      Eigen::MatrixXd state, parameter, input;
      many.jacobian(x, {u.data(), 3}, view(q), state);
      many.parameter_jacobian(x, {u.data(), 3}, view(q), parameter);
      many.input_jacobian(x, {u.data(), 3}, view(q), input);
      CHECK((rates - Eigen::Map<Eigen::VectorXd>(dx.data(), 3)).cwiseAbs().maxCoeff() < 1e-15);
      CHECK((state - exact.state).cwiseAbs().maxCoeff() < 1e-15);
      for (std::size_t j = 0; j < place.size(); ++j) CHECK((parameter.col(static_cast<Eigen::Index>(j)) - exact.parameter.col(place[j])).cwiseAbs().maxCoeff() < 4e-15);
      CHECK((input - exact.parameter.leftCols(3)).cwiseAbs().maxCoeff() < 1e-15);
      CHECK(many.default_parameters() == std::vector<double>(q.begin(), q.end()));
    }
  }
}

TEST_CASE("batched networks with everything in them: derivatives agree with differences, adjoints with derivatives") {
  for (const Transfer kind : {Transfer::identity, Transfer::tanh, Transfer::logistic, Transfer::polynomial, Transfer::hill})
    for (const EdgeStorage storage : {EdgeStorage::dense, EdgeStorage::sparse})
      for (const int degree : {1, 2}) {
        const BatchNetwork model(random_network(7, {kind, 3}, storage, degree, 0.5, true));
        const int S = model.state_count(), K = model.input_count(), P = model.parameter_count(), B = 11;
        const auto batch = random_batch(model, B, 3);
        const std::vector<double> given = model.default_parameters();
        const Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(given.data(), P);
        INFO("transfer " << static_cast<int>(kind) << " storage " << static_cast<int>(storage) << " degree " << degree);
        Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(1, P), x_bar_expected(S, B), u_bar_expected(K, B), w(S, B), dx(S, B);
        RandomStream random(8, 1, 2);
        for (double& entry : w.reshaped()) entry = random.uniform() - 0.5;
        const auto room = model.scratch(B);
        model.rates(batch.x, batch.u, given, dx, *room);
        for (int b = 0; b < B; ++b) {
          const Eigen::VectorXd x = batch.x.col(b), u = batch.u.col(b);
          CHECK((dx.col(b) - rates_of(model, x, u, p)).cwiseAbs().maxCoeff() < 1e-14);
          Eigen::MatrixXd state, parameter, input;
          model.jacobian(view(x), view(u), given, state);
          model.parameter_jacobian(view(x), view(u), given, parameter);
          model.input_jacobian(view(x), view(u), given, input);
          x_bar_expected.col(b) = state.transpose() * w.col(b);
          u_bar_expected.col(b) = input.transpose() * w.col(b);
          sum += w.col(b).transpose() * parameter;
          if (b > 1) continue;      // fourth order and h = 1e-3: truncation of 1e-12, rounding of 1e-13
          for (int j = 0; j < S; ++j) CHECK((state.col(j) - difference([&](const Eigen::VectorXd& v) { return rates_of(model, v, u, p); }, x, j)).cwiseAbs().maxCoeff() < 1e-9);
          for (int j = 0; j < K; ++j) CHECK((input.col(j) - difference([&](const Eigen::VectorXd& v) { return rates_of(model, x, v, p); }, u, j)).cwiseAbs().maxCoeff() < 1e-9);
          double worst = 0;
          for (int j = 0; j < P; ++j) worst = std::max(worst, (parameter.col(j) - difference([&](const Eigen::VectorXd& v) { return rates_of(model, x, u, v); }, p, j)).cwiseAbs().maxCoeff());
          CHECK(worst < (kind == Transfer::hill || kind == Transfer::polynomial ? 1e-8 : 1e-9));      // their third derivatives jump
        }
        for (const bool after : {false, true}) {
          Eigen::MatrixXd x_bar = Eigen::MatrixXd::Ones(S, B);
          std::vector<double> p_bar(static_cast<std::size_t>(P), 2.0);
          if (after) {
            model.rates(batch.x, batch.u, given, dx, *room);
            model.pull_back_after_rates(batch.x, batch.u, given, w, x_bar, p_bar, *room);
          } else {
            model.pull_back(batch.x, batch.u, given, w, x_bar, p_bar, *room);
          }
          CHECK((x_bar - x_bar_expected).array().abs().maxCoeff() - 1 < 1e-12);      // it adds
          CHECK(((x_bar.array() - 1).matrix() - x_bar_expected).cwiseAbs().maxCoeff() < 1e-12);
          CHECK((Eigen::Map<Eigen::VectorXd>(p_bar.data(), P).array() - 2 - sum.row(0).transpose().array()).abs().maxCoeff() < 1e-12);
        }
        Eigen::MatrixXd x_bar = Eigen::MatrixXd::Zero(S, B), u_bar = Eigen::MatrixXd::Zero(K, B);
        model.pull_back_inputs(batch.x, batch.u, given, w, x_bar, {}, u_bar, *room);
        CHECK((u_bar - u_bar_expected).cwiseAbs().maxCoeff() < 1e-12);
        Eigen::MatrixXd differences;
        model.BatchModel::input_jacobian(view(batch.x.col(0)), view(batch.u.col(0)), given, differences);
        Eigen::MatrixXd exact;
        model.input_jacobian(view(batch.x.col(0)), view(batch.u.col(0)), given, exact);
        CHECK((differences - exact).cwiseAbs().maxCoeff() < 1e-7);
      }
}

TEST_CASE("CellBox's three envelopes, its degree 2, and PerturbODE's modules, by hand") {
  const Eigen::VectorXd x = Eigen::Vector2d(0.7, -0.4), eps = Eigen::Vector2d(1.3, 0.6), alpha = Eigen::Vector2d(0.9, 1.7);
  Eigen::Matrix2d w;
  w << 0, 0.8, -1.1, 0;
  for (const int envelope : {0, 1, 2})
    for (const int degree : {1, 2}) {
      BatchNetworkDefinition d;
      d.genes = {"a", "drug"};
      d.inputs = {"dose"};
      d.degree = degree;
      d.capacity = {eps[0], eps[1]};
      d.bias = {0, 0};
      d.bias_fixed = true;
      d.decay = {alpha[0], alpha[1]};
      d.edges = {{0, 1, 0.8, false}, {1, 0, -1.1, false}};
      d.actions = {{0, 1, action_of_envelope(envelope), envelope == 2 ? 0.3 : 1.0, envelope != 2, -1, false}};
      const BatchNetwork model(d);
      CHECK(model.parameter_count() == (envelope == 2 ? 7 : 6));
      const std::vector<double> p = model.default_parameters();
      const double u = 1.5;
      Eigen::Vector2d z = w * x;
      if (degree == 2) z += w.rowwise().sum().cwiseProduct(x);
      Eigen::Vector2d expected;
      for (int i = 0; i < 2; ++i) {
        const double ui = i == 1 ? u : 0;
        expected[i] = (envelope == 0 ? eps[i] * std::tanh(z[i] + ui) : envelope == 1 ? eps[i] * (std::tanh(z[i]) + ui) : eps[i] * std::tanh(z[i]) + 0.3 * ui) - alpha[i] * x[i];
      }
      CHECK((rates_of(model, x, Eigen::VectorXd::Constant(1, u), Eigen::Map<const Eigen::VectorXd>(p.data(), static_cast<Eigen::Index>(p.size()))) - expected).cwiseAbs().maxCoeff() < 2e-15);
    }
  BatchNetworkDefinition d;      // dx = A sigma(alpha o (B x) + beta) - w o x
  d.genes = {"a", "b"};
  d.transfer = {Transfer::identity, 1};
  d.capacity = {1, 1};
  d.bias = {0, 0};
  d.capacity_fixed = d.bias_fixed = true;
  d.decay = {0.3, 0.5};
  d.modules.count = 1;
  d.modules.gain = {1.4};
  d.modules.bias = {-0.2};
  d.modules.reads = {{0, 0, 0.9, false}, {0, 1, -0.6, false}};
  d.modules.regulates = {{0, 0, 2.0, false}, {1, 0, -1.0, false}};
  const BatchNetwork model(d);
  const std::vector<double> p = model.default_parameters();
  const double h = 1 / (1 + std::exp(-(1.4 * (0.9 * 0.7 + 0.6 * 0.4) - 0.2)));
  const Eigen::Vector2d rates = rates_of(model, x, Eigen::VectorXd(0), Eigen::Map<const Eigen::VectorXd>(p.data(), static_cast<Eigen::Index>(p.size())));
  CHECK(rates[0] == Approx(2 * h - 0.3 * 0.7).epsilon(1e-14));
  CHECK(rates[1] == Approx(-h + 0.5 * 0.4).epsilon(1e-14));
  CHECK(model.parameters()[2].name == "gain module 1");
  CHECK(model.parameters()[5].name == "b -> module 1");
  CHECK(model.parameters()[7].name == "module 1 -> b");
}

TEST_CASE("inputs as physics: what is carried is counted, and acts only where its gate is open") {
  BatchNetworkDefinition d;
  d.genes = {"MYOD1", "target"};
  d.inputs = {"mRNA", "ligand"};
  d.capacity = {0.1, 0.5};
  d.bias = {0, 0};
  d.decay = {0.2, 0.3};
  d.edges = {{1, 0, 1.0, false}};
  d.actions = {{0, 0, BatchAction::carries, 4, false, 1, true}};
  const BatchNetwork model(d);
  CHECK(model.parameters()[static_cast<std::size_t>(model.action_index(0))].name == "mRNA with ligand carries MYOD1");
  const std::vector<double> p = model.default_parameters();
  Eigen::MatrixXd x(2, 3), u(2, 3), dx(2, 3), seen(2, 3);
  x << 1, 1, 1, 0, 0, 0;
  u << 0, 0.5, 0.5, 1, 0, 1;
  model.rates(x, u, p, dx, *model.scratch(3));
  CHECK(dx(1, 0) == Approx(0.5 * std::tanh(1)));
  CHECK(dx(1, 1) == Approx(0.5 * std::tanh(1)));      // no ligand: not seen by targets
  CHECK(dx(1, 2) == Approx(0.5 * std::tanh(3)));
  model.measured(x, u, p, seen);
  CHECK(seen(0, 0) == 1);
  CHECK(seen(0, 1) == 3);      // but counted
  CHECK(seen(0, 2) == 3);
  Eigen::MatrixXd x_bar = Eigen::MatrixXd::Zero(2, 3), w = Eigen::MatrixXd::Ones(2, 3);
  std::vector<double> p_bar(p.size(), 0.0);
  model.pull_back_measured(x, u, p, w, x_bar, p_bar);
  CHECK(x_bar == w);
  CHECK(p_bar.back() == 1);
}

TEST_CASE("storages and numbers of threads: the same network") {
  BatchNetworkDefinition d = random_network(700, {Transfer::tanh, 1}, EdgeStorage::sparse, 1, 0.05, false);
  const BatchNetwork sparse(d);
  d.storage = EdgeStorage::dense;
  const BatchNetwork dense(d);
  const std::vector<double> p = sparse.default_parameters();
  REQUIRE(p == dense.default_parameters());
  for (const int B : {1, 7, 37, 90}) {
    const auto batch = random_batch(sparse, B, 5);
    const auto run = [&](const BatchNetwork& model, int number, bool held) {
      const int before = thread_setting();
      set_threads(number);
      const auto room = model.scratch(B);
      if (held) model.hold_parameters(p, *room);
      Eigen::MatrixXd dx(700, B), x_bar = Eigen::MatrixXd::Zero(700, B);
      std::vector<double> p_bar(p.size(), 0.0);
      model.rates(batch.x, batch.u, p, dx, *room);
      model.pull_back_after_rates(batch.x, batch.u, p, dx, x_bar, p_bar, *room);
      set_threads(before);
      return std::tuple(dx, x_bar, p_bar);
    };
    CHECK(run(sparse, 1, false) == run(sparse, 2, true));
    CHECK(run(dense, 1, false) == run(dense, 2, true));
    const auto [dx, x_bar, p_bar] = run(sparse, 1, false);
    const auto [dx2, x_bar2, p_bar2] = run(dense, 1, false);
    CHECK((dx - dx2).cwiseAbs().maxCoeff() < 1e-13);
    CHECK((x_bar - x_bar2).cwiseAbs().maxCoeff() < 1e-13);
    double worst = 0;
    for (std::size_t i = 0; i < p.size(); ++i) worst = std::max(worst, std::abs(p_bar[i] - p_bar2[i]));
    CHECK(worst < 1e-12);
  }
  // every pair an edge, given as a matrix: the parameters are the matrix
  BatchNetworkDefinition all = d;
  all.edges.clear();
  all.all_edges = Eigen::MatrixXd::Zero(700, 700);
  for (const EdgeEntry& e : d.edges) all.all_edges(e.to, e.from) = e.weight;
  const BatchNetwork full(all);
  const auto batch = random_batch(full, 9, 5);
  Eigen::MatrixXd one(700, 9), other(700, 9);
  full.rates(batch.x, batch.u, full.default_parameters(), one, *full.scratch(9));
  dense.rates(batch.x, batch.u, p, other, *dense.scratch(9));
  CHECK((one - other).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(full.parameters()[static_cast<std::size_t>(full.edge_index(3, 650))].name == "g3 -> g650");
  CHECK(dense.edge_index(d.edges[5].from, d.edges[5].to) >= dense.first_edge());
}

TEST_CASE("what is fixed or masked is no parameter") {
  BatchNetworkDefinition d = random_network(5, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, false);
  const BatchNetwork before(d);
  d.edges[2].fixed = true;
  d.decay_fixed = true;
  const BatchNetwork after(d);
  CHECK(after.parameter_count() == before.parameter_count() - 1 - 5);
  CHECK(after.edge_index(d.edges[2].from, d.edges[2].to) == -1);
  CHECK(after.decay_index(0) == -1);
  const auto batch = random_batch(after, 2, 1);
  Eigen::MatrixXd one(5, 2), other(5, 2);
  before.rates(batch.x, batch.u, before.default_parameters(), one, *before.scratch(2));
  after.rates(batch.x, batch.u, after.default_parameters(), other, *after.scratch(2));
  CHECK((one - other).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("a batched network refuses what is not a network") {
  const auto refused = [](const std::string& words, auto change) {
    BatchNetworkDefinition d = random_network(4, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.6, true);
    change(d);
    CHECK_THROWS_WITH(BatchNetwork(d), Catch::Matchers::Contains(words));
  };
  refused("no genes", [](auto& d) { d.genes.clear(); });
  refused("one per gene", [](auto& d) { d.bias.pop_back(); });
  refused("named twice", [](auto& d) { d.genes[1] = d.genes[0]; });
  refused("degree", [](auto& d) { d.degree = 3; });
  refused("an edge names", [](auto& d) { d.edges[0].to = 4; });
  refused("is there twice", [](auto& d) { d.edges.push_back(d.edges[0]); });
  refused("is there twice", [](auto& d) { d.actions.push_back(d.actions[0]); });
  refused("an action names", [](auto& d) { d.actions[0].gate = 99; });
  refused("only what is carried", [](auto& d) { d.actions[0].counted = true; });
  refused("decay of", [](auto& d) { d.decay[1] = 0; });
  refused("per module", [](auto& d) { d.modules.gain = {1}; });
  CHECK_THROWS_AS(action_of_envelope(3), InputError);
}

TEST_CASE("extra degradation acts on the whole level where states are differences from a control") {
  BatchNetworkDefinition d;
  d.genes = {"a"};
  d.inputs = {"si"};
  d.capacity = {0}, d.bias = {0}, d.decay = {0.1};
  d.resting = {3};
  d.actions = {{0, 0, BatchAction::degrades, 5, false, -1, false}};
  const BatchNetwork model(d);
  const auto defaults = model.default_parameters();
  const Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(defaults.data(), static_cast<Eigen::Index>(defaults.size()));
  const auto rate = [&](double x, double u) { return rates_of(model, Eigen::VectorXd::Constant(1, x), Eigen::VectorXd::Constant(1, u), p)[0]; };
  CHECK(rate(0, 0) == 0);                                          // the control rests
  CHECK(rate(0, 1) == Approx(-0.1 * 4 * 3));                       // at rest the input acts already
  CHECK(rate(-1, 0.5) == Approx(-0.1 * -1 - 0.1 * 2 * (3 - 1)));   // - decay x - decay (f - 1) e (x + resting)
  d.resting = {1, 2};
  CHECK_THROWS_AS(BatchNetwork(d), InputError);
}
