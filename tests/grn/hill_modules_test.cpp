// Networks of regulatory modules: hand-computed rates, exact derivatives, doses, perturbations, noise, and what is refused.
#include "models/gene_network/hill_modules.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/model/model_batch.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/ode.hpp"
#include "models/gene_network/random_hill_network.hpp"
#include "models/gene_network/transient_doses.hpp"

using namespace hyped;
using namespace hyped::models;

namespace {

// C is regulated by two modules: a complex with a deactivator, and two regulators one by one.
HillNetwork five_genes() {
  HillNetwork network;
  network.name = "five";
  for (const char* name : {"A", "B", "C", "D", "E"}) network.genes.push_back({name, 0.5, 0.4, 0.3, 0.2, {}, {1}});
  HillGene& c = network.genes[2];
  HillModule one{{{0, 0.5, 2.5}, {1, 0.7, 1}}, {{3, 0.4, 3}}, true}, two{{{4, 0.3, 2}}, {{2, 0.9, 1.5}}, false};
  c.modules = {one, two};
  c.activation = {0.1, 0.7, 0.3, 1.0};
  network.genes[3].modules = {{{{2, 0.6, 2}}, {}, true}};
  network.genes[3].activation = {1, 0.05};
  return network;
}

}  // namespace

TEST_CASE("rates of regulatory modules are GeneNetWeaver's formulas") {
  const HillModules model(five_genes(), {{0}, {1}});
  std::vector<double> p = model.default_parameters(), x(12), dx(12);
  for (int g = 0; g < 5; ++g) x[static_cast<std::size_t>(g)] = 0.3 + 0.1 * g, x[static_cast<std::size_t>(5 + g)] = 0.9 - 0.15 * g;
  x[10] = 0.8, x[11] = 0.6;      // siRNA on A, delivered mRNA of B
  p[static_cast<std::size_t>(model.parameter_index("siRNA strength A"))] = 3;
  p[static_cast<std::size_t>(model.parameter_index("siRNA clearance A"))] = 0.25;
  p[static_cast<std::size_t>(model.parameter_index("delivered decay B"))] = 0.05;
  model.rates(0, x, p, dx);
  const double a = std::pow(0.9 / 0.5, 2.5), b = 0.75 / 0.7, d = std::pow(0.45 / 0.4, 3), e = std::pow(0.3 / 0.3, 2), c = std::pow(0.6 / 0.9, 1.5);
  const double m1 = a * b / (1 + a * b + a * b * d), m2 = e / ((1 + e) * (1 + c));
  const double share = 0.1 * (1 - m1) * (1 - m2) + 0.7 * m1 * (1 - m2) + 0.3 * (1 - m1) * m2 + 1.0 * m1 * m2;
  CHECK(dx[2] == Approx(0.5 * share - 0.4 * 0.5).epsilon(1e-14));
  CHECK(dx[0] == Approx(0.5 - 0.4 * 0.3 * (1 + 3 * 0.8)).epsilon(1e-14));
  CHECK(dx[6] == Approx(0.3 * (0.4 + 0.6) - 0.2 * 0.75).epsilon(1e-14));
  CHECK(dx[10] == Approx(-0.25 * 0.8).epsilon(1e-14));
  CHECK(dx[11] == Approx(-0.05 * 0.6).epsilon(1e-14));
  const double repressed = std::pow(0.6 / 0.6, 2);
  CHECK(dx[3] == Approx(0.5 * (1 / (1 + repressed) + 0.05 * repressed / (1 + repressed)) - 0.4 * 0.6).epsilon(1e-14));
  CHECK(hill_activation(five_genes().genes[2], x.data() + 5) == Approx(share).epsilon(1e-14));
}

TEST_CASE("derivatives of regulatory modules agree with differences, as a model and as a batch") {
  const HillModules model(five_genes(), {{0, 2}, {1}});
  RandomStream random(3, 1, 1);
  std::vector<double> p = model.default_parameters(), x(13), dx(13), up(13), down(13);
  for (double& value : p) value = value * (0.8 + 0.3 * random.uniform()) + (value == 0 ? random.uniform() : 0);
  for (double& value : x) value = 0.1 + random.uniform();
  Linearisation exact;
  model.linearise(0, x, p, dx, exact);
  model.rates(0, x, p, up);
  CHECK(dx == up);
  const auto differ = [&](double& value) {
    const double kept = value, h = 1e-6 * std::max(1.0, std::abs(kept));
    value = kept + h, model.rates(0, x, p, up), value = kept - h, model.rates(0, x, p, down), value = kept;
    Eigen::VectorXd out(13);
    for (int s = 0; s < 13; ++s) out[s] = (up[static_cast<std::size_t>(s)] - down[static_cast<std::size_t>(s)]) / (2 * h);
    return out;
  };
  for (int s = 0; s < 13; ++s) CHECK((differ(x[static_cast<std::size_t>(s)]) - exact.state.col(s)).cwiseAbs().maxCoeff() < 1e-8);
  for (int k = 0; k < model.parameter_count(); ++k) CHECK((differ(p[static_cast<std::size_t>(k)]) - exact.parameter.col(k)).cwiseAbs().maxCoeff() < 1e-8);
  // at a level of exactly zero
  x[5] = 0;
  model.linearise(0, x, p, dx, exact);
  CHECK((exact.state.allFinite() && exact.parameter.allFinite()));
  x[5] = 0.7;
  // the batch: two columns with different clearance as input
  const ModelBatch batch(model, {"siRNA clearance A"});
  Eigen::MatrixXd columns(13, 2), u(1, 2), rates(13, 2), w(13, 2), x_bar = Eigen::MatrixXd::Zero(13, 2);
  for (int s = 0; s < 13; ++s) columns(s, 0) = x[static_cast<std::size_t>(s)], columns(s, 1) = 0.5 * x[static_cast<std::size_t>(s)], w(s, 0) = random.normal(), w(s, 1) = random.normal();
  u << 0.1, 0.9;
  const auto room = batch.scratch(2);
  batch.rates(columns, u, p, rates, *room);
  const auto clearance = static_cast<std::size_t>(model.parameter_index("siRNA clearance A"));
  Eigen::VectorXd p_bar = Eigen::VectorXd::Zero(model.parameter_count()), expected = p_bar;
  batch.pull_back(columns, u, p, w, x_bar, {p_bar.data(), static_cast<std::size_t>(p_bar.size())}, *room);
  for (int b = 0; b < 2; ++b) {
    std::vector<double> own = p, column(13);
    own[clearance] = u(0, b);
    for (int s = 0; s < 13; ++s) column[static_cast<std::size_t>(s)] = columns(s, b);
    model.linearise(0, column, own, dx, exact);
    for (int s = 0; s < 13; ++s) CHECK(rates(s, b) == dx[static_cast<std::size_t>(s)]);
    CHECK((x_bar.col(b) - exact.state.transpose() * w.col(b)).cwiseAbs().maxCoeff() < 1e-14);
    exact.parameter.col(static_cast<Eigen::Index>(clearance)).setZero();
    expected += exact.parameter.transpose() * w.col(b);
  }
  CHECK((p_bar - expected).cwiseAbs().maxCoeff() < 1e-13);
  CHECK_THROWS_AS(ModelBatch(model, {"siRNA clearance Q"}), InputError);
}

TEST_CASE("forward sensitivities through doses agree with differences") {
  TransientDoses doses;
  doses.silenced = 0, doses.delivered = 1;
  const HillModules model(five_genes(), inputs_of(doses));
  const std::vector<double> p = parameters_with(model, doses), level(5, 0.6);
  const Experiment arm = arm_of(model, doses, true, true, hill_state(model, level, level), {24, 48});
  OdeOptions options;
  options.relative_tolerance = 1e-10, options.absolute_tolerance = 1e-12;
  const Trajectory course = simulate_ode(model, p, arm, options, Sensitivities::parameters);
  REQUIRE(course.outcome.ok());
  CHECK(course.states(0, model.delivered_state(0)) == 1);                        // right limit: the dose was just added
  CHECK(course.states(0, model.sirna_state(0)) == 1);
  CHECK(course.states(1, model.sirna_state(0)) == Approx(std::exp2(-6)).epsilon(1e-8));
  CHECK(course.states(1, model.delivered_state(0)) == Approx(std::exp2(-3)).epsilon(1e-8));
  CHECK(measured_mrna(model, course.states)(1, 1) == course.states(1, 1) + course.states(1, model.delivered_state(0)));
  for (const char* name : {"decay A", "threshold A -> C", "exponent E -> C", "activation 1 C", "siRNA strength A", "delivered decay B", "translation B"}) {
    const int k = model.parameter_index(name);
    REQUIRE(k >= 0);
    auto up = p, down = p;
    const double h = 1e-5 * p[static_cast<std::size_t>(k)];
    up[static_cast<std::size_t>(k)] += h, down[static_cast<std::size_t>(k)] -= h;
    const Eigen::VectorXd difference = (simulate_ode(model, up, arm, options).states.row(1) - simulate_ode(model, down, arm, options).states.row(1)).transpose() / (2 * h);
    INFO(name);
    CHECK((difference - course.sensitivities[1].col(k)).cwiseAbs().maxCoeff() < 1e-6 * std::max(1.0, difference.cwiseAbs().maxCoeff()));
  }
}

TEST_CASE("knock-downs, shifted activations and units of time") {
  const HillNetwork network = five_genes();
  CHECK(with_transcription(network, 2, 0.5).genes[2].max == 0.25);
  CHECK(with_time_in_hours(network, 12).genes[0].decay == Approx(4.8));
  const auto raised = with_shifted_activation(network, {0.5, 0, 0.6, -2, 0});
  CHECK(raised.genes[0].activation == std::vector<double>{1});                     // cut: the basal activation stays in [0, 1]
  CHECK(raised.genes[2].activation[0] == Approx(0.7));
  CHECK(raised.genes[2].activation[3] == 1);
  CHECK(raised.genes[3].activation == std::vector<double>{0, 0});
  const auto edges = network.edges();
  REQUIRE(edges.size() == 6);
  CHECK(edges[0] == SignedEdge{0, 2, 1});
  CHECK(edges[2] == SignedEdge{3, 2, -1});      // a deactivator of an enhancer
  CHECK(edges[5] == SignedEdge{2, 3, -1});      // an activator of a repressor
}

TEST_CASE("constants of networks that make no sense are refused") {
  const auto refused = [](auto change, const char* words) {
    HillNetwork network = five_genes();
    change(network);
    CHECK_THROWS_WITH(HillModules(network), Catch::Matchers::Contains(words));
  };
  refused([](HillNetwork& n) { n.genes[1].name = "A"; }, "twice");
  refused([](HillNetwork& n) { n.genes[1].decay = 0; }, "not positive");
  refused([](HillNetwork& n) { n.genes[2].activation.pop_back(); }, "3 activations for 2 modules");
  refused([](HillNetwork& n) { n.genes[2].activation[1] = 1.2; }, "[0, 1]");
  refused([](HillNetwork& n) { n.genes[2].modules[0].activators.clear(); }, "without activator");
  refused([](HillNetwork& n) { n.genes[2].modules[0].activators[0].gene = 7; }, "there is not");
  refused([](HillNetwork& n) { n.genes[2].modules[0].activators[0].gene = 1; }, "twice");
  refused([](HillNetwork& n) { n.genes[2].modules[0].activators[0].exponent = 0.5; }, "at least 1");
  CHECK_THROWS_AS(HillModules(five_genes(), {{0, 0}, {}}), InputError);
  CHECK_THROWS_AS(five_genes().index("F"), InputError);
}

TEST_CASE("noise of single cells has the variance of its linear equation at any step") {
  // One gene without regulators: mean max / decay, variance noise^2 max / decay (from d var/dt = -2 decay var + noise^2 2 max).
  HillNetwork network;
  network.name = "one";
  network.genes.push_back({"A", 0.4, 0.8, 0.3, 0.3, {}, {1}});
  HillCellOptions options;
  options.cells = 20000, options.end_h = 6, options.burn_in_h = 6, options.noise = 0.05;
  for (const double step : {0.1, 0.02}) {
    options.step_h = step;
    const Eigen::VectorXd x = simulate_hill_cells(network, {}, false, false, {0.5}, {0.5}, 11, options).col(0);
    const double mean = x.mean(), variance = (x.array() - mean).square().sum() / (options.cells - 1), expected = 0.05 * 0.05 * 0.5;
    CHECK(mean == Approx(0.5).margin(4 * std::sqrt(expected / options.cells)));
    // Euler steps widen the variance by 1 / (1 - decay h / 2); sampling: 2/n
    CHECK(variance == Approx(expected / (1 - 0.4 * step)).epsilon(4 * std::sqrt(2.0 / options.cells)));
  }
  options.cells = 64;
  set_threads(1);
  const Eigen::MatrixXd one = simulate_hill_cells(network, {}, false, false, {0.5}, {0.5}, 11, options);
  set_threads(2);
  CHECK(one == simulate_hill_cells(network, {}, false, false, {0.5}, {0.5}, 11, options));
  set_threads(0);
}

TEST_CASE("random networks keep GeneNetWeaver's ranges and the edges they are given") {
  double half_lives = 0, exponents = 0;
  int regulators = 0, complexes = 0, modules = 0;
  for (std::uint32_t n = 0; n < 200; ++n) {
    RandomStream random(5, 2, n);
    const auto edges = random_edges({}, random);
    REQUIRE(edges.size() == 15);
    std::vector<std::string> genes;
    for (int g = 0; g < 10; ++g) genes.push_back("G" + std::to_string(g));
    const HillNetwork network = random_hill_network("random", genes, edges, random);
    auto given = network.edges();
    REQUIRE(given.size() == edges.size());
    for (const SignedEdge& e : edges) CHECK(std::find(given.begin(), given.end(), e) != given.end());
    for (const HillGene& gene : network.genes) {
      const double half_life = std::log(2.0) / gene.decay;
      CHECK((half_life >= 5 && half_life <= 50 && gene.max == gene.decay && gene.translation == gene.protein_decay));
      half_lives += half_life / 2000;
      bool enhancer = false, repressor = false;
      for (std::size_t m = 0; m < gene.modules.size(); ++m) {
        (gene.activation[std::size_t{1} << m] < gene.activation[0] ? repressor : enhancer) = true;
        ++modules, complexes += gene.modules[m].complex;
        for (const auto* side : {&gene.modules[m].activators, &gene.modules[m].deactivators})
          for (const HillRegulator& r : *side) {
            CHECK((r.threshold >= 0.01 && r.threshold <= 1 && r.exponent >= 1 && r.exponent <= 10));
            exponents += r.exponent, ++regulators;
          }
      }
      if (!enhancer) CHECK(gene.activation[0] == 1);
      else CHECK(*std::max_element(gene.activation.begin(), gene.activation.end()) >= 1 - 1e-12);
      if (enhancer && !repressor) CHECK(gene.activation[0] <= 0.25);
    }
  }
  CHECK(half_lives == Approx(27.5).margin(0.7));
  // N(2, 2^2) cut to [1, 10]: mean 2 + 2 (phi(-0.5) - phi(4)) / (Phi(4) - Phi(-0.5)) = 3.018
  CHECK(exponents / regulators == Approx(3.018).margin(4 * 1.5 / std::sqrt(3000.0)));
  CHECK(static_cast<double>(complexes) / modules == Approx(0.5).margin(4 * 0.5 / std::sqrt(2000.0)));
}
