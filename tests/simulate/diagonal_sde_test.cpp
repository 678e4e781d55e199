// Diagonal-noise equations against closed forms: moments of the three noise forms, covariance of linear networks, order, threads.
#include "libhyped/simulate/diagonal_sde.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "models/gene_network/saturating_network.hpp"

using namespace hyped;
using models::NetworkDefinition;
using models::SaturatingNetwork;

namespace {

// dx = (production - k x) dt + noise, one gene.
NetworkDefinition one_gene(double production, double k) {
  NetworkDefinition d;
  d.genes = {"X"};
  d.saturation = models::Saturation::identity;
  d.capacity = {production};
  d.bias = {1};
  d.decay = {k};
  return d;
}

SdeEnsemble ensemble_of(const Model& model, NoiseForm form, std::vector<double> strength, std::vector<double> relaxation, int paths, std::vector<double> times, double start) {
  SdeEnsemble e;
  e.model = &model;
  e.parameters = model.default_parameters();
  e.noise = {form, std::move(strength), std::move(relaxation)};
  e.paths = paths;
  e.sample_times_h = std::move(times);
  e.start = [start](int, RandomStream&, std::span<double> x) { std::fill(x.begin(), x.end(), start); };
  return e;
}

struct Sample {
  double mean, variance, mean_error, variance_error, skewness;
};
Sample moments_of(const Eigen::VectorXd& x) {
  const double n = static_cast<double>(x.size()), mean = x.mean();
  const Eigen::ArrayXd d = x.array() - mean;
  const double v = d.square().mean(), third = d.cube().mean(), fourth = d.pow(4).mean();
  return {mean, v, std::sqrt(v / n), std::sqrt((fourth - v * v) / n), third / std::pow(v, 1.5)};
}

}  // namespace

TEST_CASE("additive noise: mean, variance and autocorrelation of Ornstein and Uhlenbeck") {
  const double a = 2, k = 0.3, s = 0.8, x0 = 1;
  const SaturatingNetwork model(one_gene(a, k));
  const SdePaths paths = simulate_sde(ensemble_of(model, NoiseForm::additive, {s}, {k}, 40000, {1, 3, 8}, x0), 1, {0.1});
  REQUIRE(paths.outcome.ok());
  for (std::size_t t = 0; t < 3; ++t) {
    const double time = paths.times_h[t], mean = a / k + (x0 - a / k) * std::exp(-k * time), variance = s * s * (1 - std::exp(-2 * k * time)) / (2 * k);
    const Sample seen = moments_of(paths.states[t].col(0));
    // 4 standard errors; the splitting's bias is (k h)^2 / 24 = 4e-5 of the mean, none of the variance
    CHECK(std::abs(seen.mean - mean) < 4 * seen.mean_error + 4e-5 * mean);
    CHECK(std::abs(seen.variance - variance) < 4 * seen.variance_error);
  }
  const Eigen::ArrayXd early = paths.states[1].col(0).array() - paths.states[1].col(0).mean(), late = paths.states[2].col(0).array() - paths.states[2].col(0).mean();
  const double covariance = (early * late).mean(), expected = std::exp(-k * 5) * s * s * (1 - std::exp(-2 * k * 3)) / (2 * k);
  CHECK(std::abs(covariance - expected) < 4 * std::sqrt((early * late).square().mean() / 40000));
}

TEST_CASE("square-root noise: the law of Feller's diffusion, Gamma in the end") {
  const double a = 0.6, k = 0.4, c = 1.5;      // s^2 = 2 k c: variance = c mean at the end
  const SaturatingNetwork model(one_gene(a, k));
  const double s = std::sqrt(2 * k * c);
  const SdePaths paths = simulate_sde(ensemble_of(model, NoiseForm::square_root, {s}, {k}, 40000, {2, 40}, 3), 2, {0.1});
  REQUIRE(paths.outcome.ok());
  const double decayed = std::exp(-k * 2), mean = a / k + (3 - a / k) * decayed;
  const double variance = 3 * s * s * (decayed - decayed * decayed) / k + a / k * s * s * (1 - decayed) * (1 - decayed) / (2 * k);      // Cox, Ingersoll & Ross 1985
  const Sample early = moments_of(paths.states[0].col(0)), late = moments_of(paths.states[1].col(0));
  const double bias = k * 0.1 * k * 0.1;      // of second order
  CHECK(std::abs(early.mean - mean) < 4 * early.mean_error + bias);
  CHECK(std::abs(early.variance - variance) < 4 * early.variance_error + bias);
  CHECK(std::abs(late.mean - a / k) < 4 * late.mean_error + bias);
  CHECK(std::abs(late.variance - c * a / k) < 4 * late.variance_error + bias);
  CHECK(late.skewness == Approx(2 / std::sqrt(a / k / c)).epsilon(0.1));      // Gamma(mean / c)
  CHECK(paths.states[1].minCoeff() >= 0);
}

TEST_CASE("proportional noise: moments on the way, and a squared coefficient of variation that is asked for") {
  const double a = 0.5, k = 0.25, phi = 0.2, s2 = 2 * k * phi / (1 + phi), x0 = 4;
  const SaturatingNetwork model(one_gene(a, k));
  const SdePaths paths = simulate_sde(ensemble_of(model, NoiseForm::proportional, {std::sqrt(s2)}, {k}, 40000, {1.5, 60}, x0), 3, {0.1});
  REQUIRE(paths.outcome.ok());
  // m' = a - k m; the second moment v' = 2 a m + (s2 - 2 k) v, solved by hand
  const double t = 1.5, end = a / k, m = end + (x0 - end) * std::exp(-k * t), l = 2 * k - s2;
  const double v = 2 * a * end / l + 2 * a * (x0 - end) / (l - k) * std::exp(-k * t) + (x0 * x0 - 2 * a * end / l - 2 * a * (x0 - end) / (l - k)) * std::exp(-l * t);
  const Sample early = moments_of(paths.states[0].col(0)), late = moments_of(paths.states[1].col(0));
  const double bias = k * 0.1 * k * 0.1;
  CHECK(std::abs(early.mean - m) < 4 * early.mean_error + bias);
  CHECK(std::abs(early.variance - (v - m * m)) < 4 * early.variance_error + bias);
  CHECK(std::abs(late.mean - end) < 4 * late.mean_error + bias);
  CHECK(std::abs(late.variance - phi * end * end) < 4 * late.variance_error + bias);
}

TEST_CASE("linear networks have the covariance of Lyapunov's equation") {
  NetworkDefinition d;
  const int genes = 5;
  RandomStream random(9, 0, 0);
  for (int g = 0; g < genes; ++g) {
    d.genes.push_back(std::string(1, static_cast<char>('A' + g)));
    d.capacity.push_back(1);
    d.bias.push_back(0.5 + random.uniform());
    d.decay.push_back(0.3 + 0.4 * random.uniform());
    for (int from = 0; from < genes; ++from)
      if (from != g && random.uniform() < 0.4) d.edges.push_back({from, g, 0.2 * (random.uniform() - 0.4)});
  }
  d.saturation = models::Saturation::identity;
  const SaturatingNetwork network(d);
  const std::vector<double> p = network.default_parameters(), zero(genes, 0.0);
  Linearisation at;
  std::vector<double> dx(genes);
  network.linearise(0, zero, p, dx, at);
  const Eigen::VectorXd mean = at.state.partialPivLu().solve(-Eigen::Map<Eigen::VectorXd>(dx.data(), genes));
  REQUIRE(mean.minCoeff() > 0);
  for (const NoiseForm form : {NoiseForm::additive, NoiseForm::proportional}) {
    std::vector<double> strength;
    for (int g = 0; g < genes; ++g) strength.push_back(form == NoiseForm::additive ? 0.3 + 0.1 * g : 0.2 + 0.04 * g);
    // A C + C A' + diag(s^2 (1 or C_ii + m_i^2)) = 0, as one linear system in C
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(genes * genes, genes * genes);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(genes * genes);
    for (int i = 0; i < genes; ++i)
      for (int j = 0; j < genes; ++j) {
        for (int n = 0; n < genes; ++n) {
          system(i * genes + j, n * genes + j) += at.state(i, n);
          system(i * genes + j, i * genes + n) += at.state(j, n);
        }
        if (i != j) continue;
        const double s2 = strength[static_cast<std::size_t>(i)] * strength[static_cast<std::size_t>(i)];
        if (form == NoiseForm::proportional) system(i * genes + i, i * genes + i) += s2;
        right[i * genes + i] = -s2 * (form == NoiseForm::additive ? 1 : mean[i] * mean[i]);
      }
    const Eigen::VectorXd expected = system.partialPivLu().solve(right);
    const int paths = 20000;
    const SdePaths run = simulate_sde(ensemble_of(network, form, strength, d.decay, paths, {40}, 1), 5, {0.2});
    const Eigen::MatrixXd centred = run.states[0].rowwise() - run.states[0].colwise().mean();
    for (int i = 0; i < genes; ++i) {
      CHECK(run.states[0].col(i).mean() == Approx(mean[i]).epsilon(0.01));
      for (int j = 0; j <= i; ++j) {
        const Eigen::ArrayXd product = centred.col(i).array() * centred.col(j).array();
        const double covariance = product.mean(), error = std::sqrt((product - covariance).square().mean() / paths);
        CHECK(std::abs(covariance - expected[i * genes + j]) < 4.5 * error + 0.002 * std::sqrt(expected[i * genes + i] * expected[j * genes + j]));
      }
    }
  }
}

TEST_CASE("weak order is two") {
  // steps so long that the bias of the second moment stands far above the scatter of 400,000 paths
  const double a = 0.5, k = 0.5, s2 = 0.1, l = 2 * k - s2;
  const SaturatingNetwork model(one_gene(a, k));
  const double exact = 2 * a * (a / k) / l;
  std::vector<double> bias;
  for (const double h : {2.0, 1.0}) {
    const SdePaths run = simulate_sde(ensemble_of(model, NoiseForm::proportional, {std::sqrt(s2)}, {k}, 400000, {40}, 1), 6, {h});
    bias.push_back(run.states[0].col(0).array().square().mean() / exact - 1);
  }
  INFO(bias[0] << " " << bias[1]);
  CHECK(std::abs(bias[0]) > 0.02);
  CHECK(bias[0] / bias[1] > 3);
  CHECK(bias[0] / bias[1] < 5.5);
}

TEST_CASE("without noise the paths are the ordinary equation's, to second order, under inputs of their own") {
  NetworkDefinition d;
  d.genes = {"A", "B"};
  d.inputs = {"si"};
  d.capacity = {0.5, 0.4};
  d.bias = {0, -1};
  d.decay = {0.3, 0.2};
  d.edges = {{0, 1, 2}, {1, 0, -1}};
  d.actions = {{0, 0, models::InputAction::degrades, 5}};
  const SaturatingNetwork network(d);
  const auto course = [](double dose, double t) { return t < 4 ? 0.0 : dose * (t - 4) * std::exp(-0.3 * (t - 4)); };
  std::vector<double> worst;
  for (const double h : {0.4, 0.2, 0.1}) {
    SdeEnsemble e = ensemble_of(network, NoiseForm::proportional, {0, 0}, d.decay, 11, {4, 12}, 1);
    e.driven = {0};
    e.drive = [&](int path, double t, std::span<double> u) { u[0] = course(0.1 * path, t); };
    const SdePaths run = simulate_sde(e, 1, {h});
    double error = 0;
    for (const int path : {0, 3, 10}) {
      Experiment dish;
      dish.initial = {1, 1};
      std::vector<double> times, values, slopes;
      for (double t = 4; t <= 12.0001; t += 0.05) {
        times.push_back(t);
        values.push_back(course(0.1 * path, t));
        slopes.push_back(0.1 * path * (1 - 0.3 * (t - 4)) * std::exp(-0.3 * (t - 4)));
      }
      dish.inputs["si"] = InputCourse(times, values, slopes, {4});
      dish.sample_times_h = {4, 12};
      const Trajectory exact = simulate(network, e.parameters, dish);
      for (int i = 0; i < 2; ++i) error = std::max(error, std::abs(run.states[1](path, i) - exact.states(1, i)));
    }
    worst.push_back(error);
  }
  CHECK(worst[2] < 1e-3);
  CHECK(std::log2(worst[0] / worst[1]) == Approx(2).margin(0.25));
  CHECK(std::log2(worst[1] / worst[2]) == Approx(2).margin(0.15));
}

TEST_CASE("paths are the same bytes for any number of threads and of other paths") {
  const SaturatingNetwork model(one_gene(1, 0.2));
  const auto run = [&](int threads, int paths) {
    const int before = thread_setting();
    set_threads(threads);
    const SdePaths out = simulate_sde(ensemble_of(model, NoiseForm::square_root, {0.4}, {0.2}, paths, {5}, 2), 11);
    set_threads(before);
    return out.states[0];
  };
  const Eigen::MatrixXd one = run(1, 203), two = run(2, 203), fewer = run(2, 13);
  CHECK(one == two);
  CHECK(one.topRows(13) == fewer);
}

TEST_CASE("what cannot be simulated is said") {
  const SaturatingNetwork model(one_gene(1, 0.2));
  const auto bad = [&](auto change) {
    SdeEnsemble e = ensemble_of(model, NoiseForm::additive, {1}, {0.2}, 1, {1}, 0);
    change(e);
    CHECK_THROWS_AS(simulate_sde(e, 1), InputError);
  };
  bad([](SdeEnsemble& e) { e.noise.strength = {-1}; });
  bad([](SdeEnsemble& e) { e.noise.relaxation.clear(); });
  bad([](SdeEnsemble& e) { e.sample_times_h = {2, 1}; });
  bad([](SdeEnsemble& e) { e.parameters.clear(); });
  SdeEnsemble below = ensemble_of(model, NoiseForm::square_root, {1}, {0.2}, 3, {1}, 0.5);
  below.start = [](int path, RandomStream&, std::span<double> x) { x[0] = path == 1 ? -1 : 1; };
  const SdePaths lost = simulate_sde(below, 1);
  CHECK(lost.outcome.status == Status::not_finite);
  CHECK(lost.outcome.message.find("path 1") != std::string::npos);
}
