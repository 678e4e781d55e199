// Moments of fluctuating cells: quadrature, derivatives, and means against simulated cells.
#include "models/gene_network/fluctuating_network.hpp"

#include <catch2/catch.hpp>
#include <array>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/diagonal_sde.hpp"
#include "libhyped/simulate/ode.hpp"
#include "models/gene_network/skewed_logistic.hpp"

using namespace hyped;
using namespace hyped::models;

namespace {

double logistic(double z) { return 1 / (1 + std::exp(-z)); }

// A induces itself a little and B, B represses C and with A acts on D; an input carries A, another silences B, a third opens C, a phase doubles D.
NetworkDefinition four_genes() {
  NetworkDefinition d;
  d.genes = {"A", "B", "C", "D"};
  d.inputs = {"mRNA", "siRNA", "interferon", "S"};
  d.capacity = {0.5, 0.6, 0.3, 0.4};
  d.bias = {-1.5, -1, 1.2, -2};
  d.decay = {0.14, 0.14, 0.08, 0.3};
  d.initial = {1, 1, 1, 0.6};
  d.edges = {{0, 0, 0.5}, {0, 1, 0.8}, {1, 2, -2}, {0, 3, 1.5}, {1, 3, 0.7}};
  d.actions = {{0, 0, InputAction::carries, 1}, {1, 1, InputAction::degrades, 6}, {2, 2, InputAction::drives, 1.5}, {3, 3, InputAction::modulates, 1}};
  return d;
}

}  // namespace

TEST_CASE("the mean of a logistic of a log-normal level is that of fine integration") {
  // z = b + w x, x log-normal with mean m and squared coefficient of variation v: the shifted log-normal is exact, nodes are the error
  for (const double w : {-2.5, -0.7, 0.5, 1.0, 2.5})
    for (const double v : {0.05, 0.2, 0.5}) {
      const double m = 0.9, b = -0.4, s2 = std::log1p(v), variance = v * m * m, third = variance * variance * (3 + v) / m;
      double value = 0, slope = 0;
      const int steps = 20000;
      for (int k = 0; k < steps; ++k) {      // midpoint rule over 8 standard deviations
        const double x = -8 + 16 * (k + 0.5) / steps, weight = 16.0 / steps * std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI), f = logistic(b + w * m * std::exp(std::sqrt(s2) * x - 0.5 * s2));
        value += weight * f, slope += weight * f * (1 - f);
      }
      const SkewedLogistic got = skewed_logistic(b + w * m, w * w * variance, w * w * w * third);
      CHECK(got.value == Approx(value).margin(1e-3));
      CHECK(got.slope == Approx(slope).margin(1e-3));
    }
}

TEST_CASE("derivatives of the mean of a logistic are those of differences") {
  const double h = 1e-5;
  for (const auto& [mean, variance, third] : {std::array{0.3, 0.8, 0.9}, std::array{-1.0, 0.5, -0.6}, std::array{2.0, 3.0, 6.0}, std::array{0.5, 0.4, 0.0}, std::array{-0.7, 1.2, 1e-4}}) {
    const SkewedLogistic at = skewed_logistic(mean, variance, third);
    const auto change = [&](double a, double b, double c, auto member) { return (skewed_logistic(mean + a, variance + b, third + c).*member - skewed_logistic(mean - a, variance - b, third - c).*member) / (2 * h); };
    CHECK(at.slope == Approx(change(h, 0, 0, &SkewedLogistic::value)).margin(1e-8));
    CHECK(at.by_variance == Approx(change(0, h, 0, &SkewedLogistic::value)).margin(1e-7));
    CHECK(at.by_third == Approx(change(0, 0, h, &SkewedLogistic::value)).margin(1e-7));
    CHECK(at.slope_by_mean == Approx(change(h, 0, 0, &SkewedLogistic::slope)).margin(1e-8));
    CHECK(at.slope_by_variance == Approx(change(0, h, 0, &SkewedLogistic::slope)).margin(1e-7));
    CHECK(at.slope_by_third == Approx(change(0, 0, h, &SkewedLogistic::slope)).margin(1e-7));
  }
  // a point, and its neighbourhood
  const SkewedLogistic point = skewed_logistic(0.6, 0, 0), near = skewed_logistic(0.6, 1e-6, 0);
  CHECK(point.value == Approx(logistic(0.6)).margin(1e-15));
  CHECK(near.value == Approx(point.value + 1e-6 * point.by_variance).margin(1e-12));
}

TEST_CASE("derivatives of the moment equations are those of differences") {
  const SaturatingNetwork network(four_genes());
  const FluctuatingNetwork cells(network, {0.2, 0.3, 0.2, 0.1});
  REQUIRE(cells.regulators() == std::vector<int>{0, 1});
  REQUIRE(cells.state_count() == 7);
  std::vector<double> x{0.9, 1.2, 0.7, 0.5, 0.2, 0.05, 0.3}, p = cells.default_parameters(), dx(7), above(7), below(7);
  p[0] = 0.4, p[1] = 0.3, p[2] = 0.6, p[3] = 0.5;
  Linearisation at;
  cells.linearise(0, x, p, dx, at);
  cells.rates(0, x, p, above);
  for (std::size_t i = 0; i < 7; ++i) CHECK(dx[i] == above[i]);
  const double h = 1e-6;
  for (std::size_t j = 0; j < 7; ++j) {
    auto up = x, down = x;
    up[j] += h, down[j] -= h;
    cells.rates(0, up, p, above), cells.rates(0, down, p, below);
    for (std::size_t i = 0; i < 7; ++i) {
      INFO("state " << cells.states()[i].name << " by " << cells.states()[j].name);
      CHECK(at.state(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) == Approx((above[i] - below[i]) / (2 * h)).margin(2e-8));
    }
  }
  for (std::size_t j = 0; j < p.size(); ++j) {
    auto up = p, down = p;
    up[j] += h, down[j] -= h;
    cells.rates(0, x, up, above), cells.rates(0, x, down, below);
    for (std::size_t i = 0; i < 7; ++i) {
      INFO("state " << cells.states()[i].name << " by " << cells.parameters()[j].name);
      CHECK(at.parameter(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) == Approx((above[i] - below[i]) / (2 * h)).margin(2e-8));
    }
  }
}

TEST_CASE("cells that do not fluctuate follow the saturating network") {
  const SaturatingNetwork network(four_genes());
  const FluctuatingNetwork cells(network, {0, 0, 0, 0});
  Experiment culture;
  culture.id = "pulse";
  culture.sample_times_h = {5, 20, 60};
  culture.inputs["siRNA"] = InputCourse({0, 10, 60}, {0, 0.8, 0.2}, {0.1, 0, 0}, {});
  culture.initial = network.default_state();
  const Trajectory plain = simulate_ode(network, network.default_parameters(), culture, {.relative_tolerance = 1e-9, .absolute_tolerance = 1e-11});
  const Eigen::VectorXd start = cells.start_at(Eigen::Map<const Eigen::VectorXd>(culture.initial.data(), 4));
  culture.initial.assign(start.begin(), start.end());
  const Trajectory means = simulate_ode(cells, network.default_parameters(), culture, {.relative_tolerance = 1e-9, .absolute_tolerance = 1e-11});
  REQUIRE(plain.outcome.ok());
  REQUIRE(means.outcome.ok());
  CHECK((means.states.leftCols(4) - plain.states).cwiseAbs().maxCoeff() < 1e-7);
  CHECK(means.states.rightCols(3).cwiseAbs().maxCoeff() < 1e-7);
}

// Closing moments is an approximation: means within 1.5 % and four standard errors of simulated cells, where the network without
// fluctuations is up to 20 % away. Deviations, which only correct the means: within 15 %.
TEST_CASE("means of fluctuating cells are those of simulated cells", "[standard]") {
  const SaturatingNetwork network(four_genes());
  const double dispersion = 0.2;
  const FluctuatingNetwork cells(network, {dispersion, dispersion, dispersion, dispersion});
  const InputCourse silencing({0, 12, 24, 72}, {0, 1, 0.9, 0.2}, {0.15, 0, 0, 0}, {0, 24}), carried({0, 24, 30, 72}, {0, 0, 1, 0.3}, {0, 0, 0, 0}, {24});
  const Eigen::VectorXd rest = Eigen::Map<const Eigen::VectorXd>(network.definition().initial.data(), 4);
  SdeEnsemble e;
  e.model = &network;
  e.parameters = network.default_parameters();
  for (int g = 0; g < 4; ++g) {
    const double k = network.definition().decay[static_cast<std::size_t>(g)];
    e.noise.relaxation.push_back(k);
    e.noise.strength.push_back(std::sqrt(2 * k * dispersion / (1 + dispersion)));
  }
  e.paths = 20000;
  e.start_h = -48;
  e.sample_times_h = {0, 12, 30, 48};
  e.breaks_h = {0, 24};
  e.driven = {0, 1};
  e.drive = [&](int, double t, std::span<double> u) { u[0] = t < 24 ? 0 : carried(t), u[1] = t < 0 ? 0 : silencing(t); };
  e.start = [&](int, RandomStream& random, std::span<double> x) {
    const double log_variance = std::log1p(dispersion);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = rest[static_cast<Eigen::Index>(i)] * std::exp(std::sqrt(log_variance) * random.normal() - 0.5 * log_variance);
  };
  const SdePaths paths = simulate_sde(e, 5, {.step_h = 0.25});
  REQUIRE(paths.outcome.ok());
  Experiment culture;
  culture.id = "pulse";
  culture.start_h = -48;
  culture.sample_times_h = e.sample_times_h;
  culture.inputs["siRNA"] = silencing;
  culture.inputs["mRNA"] = carried;
  culture.initial.assign(rest.begin(), rest.end());
  const Trajectory equal = simulate_ode(network, e.parameters, culture);
  const Eigen::VectorXd start = cells.start_at(rest);
  culture.initial.assign(start.begin(), start.end());
  const Trajectory means = simulate_ode(cells, e.parameters, culture);
  REQUIRE(means.outcome.ok());
  double furthest = 0;
  for (std::size_t t = 0; t < paths.times_h.size(); ++t) {
    const auto row = static_cast<Eigen::Index>(t);
    const Eigen::MatrixXd& x = paths.states[t];
    for (int g = 0; g < 4; ++g) {
      const double mean = x.col(g).mean(), variance = (x.col(g).array() - mean).square().sum() / (e.paths - 1), error = std::sqrt(variance / e.paths);
      INFO(network.definition().genes[static_cast<std::size_t>(g)] << " at " << paths.times_h[t] << " h: cells " << mean << " +- " << error << ", moments " << means.states(row, g) << ", equal cells " << equal.states(row, g));
      CHECK(std::abs(means.states(row, g) - mean) < 0.015 * mean + 4 * error);
      furthest = std::max(furthest, std::abs(equal.states(row, g) / mean - 1));
      if (g < 2) CHECK(std::sqrt(means.states(row, cells.covariance_index(g, g))) == Approx(std::sqrt(variance)).epsilon(0.15));
    }
  }
  CHECK(furthest > 0.05);
}

TEST_CASE("cells too unequal and networks that are not logistic are refused") {
  const SaturatingNetwork network(four_genes());
  CHECK_THROWS_AS(FluctuatingNetwork(network, {0.2, 0.2, 0.2}), InputError);
  CHECK_THROWS_AS(FluctuatingNetwork(network, {0.2, 0.2, 0.2, 1.2}), InputError);
  NetworkDefinition d = four_genes();
  d.saturation = Saturation::tanh;
  const SaturatingNetwork other(d);
  CHECK_THROWS_AS(FluctuatingNetwork(other, {0.2, 0.2, 0.2, 0.2}), InputError);
}
