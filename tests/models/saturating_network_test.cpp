// The saturating network: hand-computed rates, exact derivatives, packs, courses of inputs, and what it refuses.
#include "models/gene_network/saturating_network.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/pack.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/steady_state.hpp"
#include "tests/models/three_genes.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::three_genes;

TEST_CASE("a saturating network's rates are its formula") {
  const SaturatingNetwork network(three_genes(Saturation::logistic));
  std::vector<double> p = network.default_parameters();
  p[0] = 0.6, p[1] = 0.5, p[2] = 1;      // si, mm, S
  const std::vector<double> x{1.1, 0.8, 2.0};
  std::vector<double> dx(3);
  network.rates(0, x, p, dx);
  const auto logistic = [](double z) { return 1 / (1 + std::exp(-z)); };
  const double y0 = 1.1 + 2 * 0.5;
  CHECK(dx[0] == Approx(0.4 * logistic(-0.5 + 0.4 * 2.0) - 0.1 * 1.1 * (1 + 5 * 0.6)).epsilon(1e-14));
  CHECK(dx[1] == Approx(0.3 * 4 * logistic(0.2 + 1.5 * y0 + 0.3 * 0.8) - 0.2 * 0.8).epsilon(1e-14));
  CHECK(dx[2] == Approx(0.2 * 0 * 1.3 * logistic(0.1 - 0.7 * 0.8 - 1.2 * 0.5) - 0.05 * 2.0).epsilon(1e-14));
  CHECK(network.parameters()[static_cast<std::size_t>(network.edge_index(1))].name == "B -> C");
  CHECK(network.parameters()[static_cast<std::size_t>(network.action_index(0))].name == "si degrades A");
  CHECK(network.parameter_index("decay B") == network.decay_index(1));
}

TEST_CASE("a saturating network's derivatives agree with differences, its packs with its rates") {
  for (const Saturation saturation : {Saturation::identity, Saturation::logistic, Saturation::tanh}) {
    const SaturatingNetwork network(three_genes(saturation));
    RandomStream random(4, 1, static_cast<std::uint32_t>(saturation));
    std::vector<double> p = network.default_parameters(), x(3), dx(3), up(3), down(3);
    for (double& value : p) value = value * (0.8 + 0.4 * random.uniform()) + (value == 0 ? random.uniform() : 0);
    p[2] = 1;      // the modulation by -1 of C is then zero: its derivative must not be lost
    p[static_cast<std::size_t>(network.parameter_index("S modulates C"))] = -1;
    for (double& value : x) value = 0.2 + random.uniform();
    Linearisation exact;
    network.linearise(0, x, p, dx, exact);
    const auto agrees = [&](std::vector<double>& vector, std::size_t j, const Eigen::VectorXd& column) {
      const double kept = vector[j], h = 1e-6;
      vector[j] = kept + h;
      network.rates(0, x, p, up);
      vector[j] = kept - h;
      network.rates(0, x, p, down);
      vector[j] = kept;
      // central differences: truncation h^2, rounding 1e-16 / h
      for (std::size_t i = 0; i < 3; ++i) CHECK((up[i] - down[i]) / (2 * h) == Approx(column[static_cast<Eigen::Index>(i)]).margin(2e-9));
    };
    for (std::size_t j = 0; j < 3; ++j) agrees(x, j, exact.state.col(static_cast<Eigen::Index>(j)));
    for (std::size_t j = 0; j < p.size(); ++j) {
      INFO(network.parameters()[j].name);
      agrees(p, j, exact.parameter.col(static_cast<Eigen::Index>(j)));
    }
    std::vector<Pack> px(x.begin(), x.end()), pp(p.begin(), p.end()), pdx(3);
    px[1].set(5, 0.9);
    network.pack_rates(Pack(0), px.data(), pp.data(), pdx.data());
    for (std::size_t i = 0; i < 3; ++i) CHECK(pdx[i][2] == Approx(dx[i]).epsilon(1e-13).margin(1e-15));      // products may be fused in one of them
    x[1] = 0.9;
    network.rates(0, x, p, dx);
    for (std::size_t i = 0; i < 3; ++i) CHECK(pdx[i][5] == Approx(dx[i]).epsilon(1e-13).margin(1e-15));
  }
}

TEST_CASE("a saturating network runs in the general solvers: courses of inputs, steady states") {
  const SaturatingNetwork network(three_genes(Saturation::logistic));
  const std::vector<double> p = network.default_parameters(), initial{1, 1, 1};
  const SteadyState rest = steady_state(network, p, initial);
  REQUIRE(rest.outcome.ok());
  CHECK(rest.stable);
  std::vector<double> dx(3);
  network.rates(0, {rest.state.data(), 3}, p, dx);
  for (const double rate : dx) CHECK(std::abs(rate) < 1e-12);
  Experiment dish;
  dish.initial = {rest.state.begin(), rest.state.end()};
  dish.schedule = {{2, "si", Action::set, 1, ""}, {10, "si", Action::set, 0, ""}};
  dish.sample_times_h = {2, 10, 300};
  const Trajectory run = simulate(network, p, dish);
  REQUIRE(run.outcome.ok());
  CHECK(run.states(0, 0) == Approx(rest.state[0]).epsilon(1e-6));
  CHECK(run.states(1, 0) < 0.5 * rest.state[0]);                        // knocked down
  CHECK(run.states(2, 0) == Approx(rest.state[0]).epsilon(1e-5));       // and back
}

TEST_CASE("a saturating network refuses what is not a network") {
  const auto refused = [](const std::string& words, auto change) {
    NetworkDefinition d = three_genes(Saturation::logistic);
    change(d);
    CHECK_THROWS_WITH(SaturatingNetwork(d), Catch::Matchers::Contains(words));
  };
  refused("no genes", [](auto& d) { d.genes.clear(); });
  refused("one per gene", [](auto& d) { d.bias.pop_back(); });
  refused("named twice", [](auto& d) { d.genes[1] = "A"; });
  refused("an edge names", [](auto& d) { d.edges[0].to = 3; });
  refused("A -> B is there twice", [](auto& d) { d.edges.push_back({0, 1, 2}); });
  refused("an action names", [](auto& d) { d.actions[0].input = -1; });
  refused("'si degrades A' is there twice", [](auto& d) { d.actions.push_back(d.actions[0]); });
  refused("decay of 'B'", [](auto& d) { d.decay[1] = 0; });
}
