// Noise models: probabilities sum to 1, derivatives are those of the value, information is the variance of the score, limits.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "libhyped/observe/noise.hpp"

using namespace hyped;

namespace {

using Values = std::vector<double>;

// Every outcome of a frame with the noise's support and its weight: counts up to `limit`, a grid for the Gaussians.
void over_outcomes(const Noise& noise, const Values& mu, int total, const std::function<void(const Values&, double)>& see) {
  if (std::holds_alternative<Multinomial>(noise) || std::holds_alternative<DirichletMultinomial>(noise)) {
    for (int a = 0; a <= total; ++a)
      for (int b = 0; a + b <= total; ++b) see({double(a), double(b), double(total - a - b)}, 1);
  } else if (const auto* censored = std::get_if<CensoredGaussian>(&noise)) {
    const double step = censored->sd / 400;
    for (double y = censored->saturation - step / 2; y > mu[0] - 10 * censored->sd; y -= step) see({y}, step);
    see({censored->saturation}, 1);
  } else if (const auto* gaussian = std::get_if<Gaussian>(&noise)) {
    const double step = gaussian->sd / 50;
    for (double y = mu[0] - 10 * gaussian->sd; y < mu[0] + 10 * gaussian->sd; y += step) see({y}, step);
  } else {
    for (int y = 0; y < total; ++y) see({double(y)}, 1);
  }
}

Noise with_dispersion(Noise noise, double value) {
  if (auto* n = std::get_if<DirichletMultinomial>(&noise)) n->dispersion = value;
  if (auto* n = std::get_if<NegativeBinomial>(&noise)) n->dispersion = value;
  if (auto* n = std::get_if<Gaussian>(&noise)) n->sd = value;
  if (auto* n = std::get_if<CensoredGaussian>(&noise)) n->sd = value;
  return noise;
}

struct Case {
  Noise noise;
  Values expected;
  int total;
  double dispersion;
};
const std::vector<Case> cases = {
    {Multinomial{}, {2, 5, 1}, 30, 0},           {DirichletMultinomial{0.3}, {2, 5, 1}, 30, 0.3},
    {DirichletMultinomial{0.01}, {2, 5, 1}, 30, 0.01}, {DirichletMultinomial{1e-6}, {2, 5, 1}, 30, 1e-6},
    {Poisson{}, {17.3}, 120, 0},                 {NegativeBinomial{0.2}, {17.3}, 900, 0.2},
    {NegativeBinomial{1.7}, {6.1}, 4000, 1.7},   {NegativeBinomial{1e-4}, {17.3}, 200, 1e-4},
    {Gaussian{2}, {3}, 0, 2},                    {CensoredGaussian{2, 4}, {3}, 0, 2},
};

}  // namespace

TEST_CASE("noise: probabilities sum to 1, the score has mean zero and its variance is the information") {
  for (const Case& c : cases) {
    INFO(name_of(c.noise) << " " << c.dispersion);
    const int classes = static_cast<int>(c.expected.size());
    double mass = 0, score = 0, square = 0;
    Eigen::VectorXd by_mu = Eigen::VectorXd::Zero(classes), mixed = by_mu;
    Eigen::MatrixXd outer = Eigen::MatrixXd::Zero(classes, classes);
    over_outcomes(c.noise, c.expected, c.total, [&](const Values& y, double weight) {
      Eigen::VectorXd slope(classes);
      const NoiseDensity density = log_density(c.noise, y, c.expected, std::span(slope.data(), static_cast<std::size_t>(classes)));
      const double p = weight * std::exp(density.value);
      mass += p;
      by_mu += p * slope;
      outer += p * slope * slope.transpose();
      score += p * density.by_dispersion;
      square += p * density.by_dispersion * density.by_dispersion;
      mixed += p * density.by_dispersion * slope;
    });
    CHECK(mass == Approx(1).epsilon(1e-6));
    CHECK(by_mu.norm() < 1e-5);
    CHECK(std::abs(score) < 1e-5 * std::sqrt(square) + 1e-8);
    Values y(c.expected.size(), 0.0);
    y[0] = c.total;      // the information depends on the total alone
    NoiseInformation found;
    information(c.noise, y, c.expected, found);
    CHECK((found.expected - outer).cwiseAbs().maxCoeff() < 1e-4 * outer.cwiseAbs().maxCoeff());
    CHECK((found.mixed - mixed).cwiseAbs().maxCoeff() < 1e-4 * std::max(1e-3, mixed.cwiseAbs().maxCoeff()));
    CHECK(found.dispersion == Approx(square).epsilon(1e-4));
  }
}

TEST_CASE("noise: derivatives are those of the value") {
  for (const Case& c : cases) {
    INFO(name_of(c.noise) << " " << c.dispersion);
    for (int variant = 0; variant < 3; ++variant) {
      Values y = {7, 20, 3};
      if (variant == 1) y = {0, 30, 0};
      if (variant == 2) y = {30, 0, 0};
      y.resize(c.expected.size());
      Values slope(y.size());
      const NoiseDensity at = log_density(c.noise, y, c.expected, slope);
      for (std::size_t k = 0; k < y.size(); ++k) {
        Values above = c.expected, below = c.expected;
        above[k] += 1e-5;
        below[k] -= 1e-5;
        const double difference = (log_density(c.noise, y, above).value - log_density(c.noise, y, below).value) / 2e-5;
        CHECK(slope[k] == Approx(difference).epsilon(1e-6).margin(1e-6));
      }
      if (c.dispersion == 0) {
        CHECK(at.by_dispersion == 0);
        continue;
      }
      const double h = 1e-4 * c.dispersion;
      const double difference = (log_density(with_dispersion(c.noise, c.dispersion + h), y, c.expected).value -
                                 log_density(with_dispersion(c.noise, c.dispersion - h), y, c.expected).value) / (2 * h);
      CHECK(at.by_dispersion == Approx(difference).epsilon(1e-5).margin(1e-4));
    }
  }
}

TEST_CASE("noise: limits and closed forms") {
  const Values y = {210, 480, 31}, mu = {2, 5, 1};
  const double multinomial = log_density(Multinomial{}, y, mu).value;
  CHECK(log_density(DirichletMultinomial{0}, y, mu).value == multinomial);
  CHECK(log_density(DirichletMultinomial{1e-9}, y, mu).value == Approx(multinomial).epsilon(1e-6));
  CHECK(multinomial == Approx(std::lgamma(722) - std::lgamma(211) - std::lgamma(481) - std::lgamma(32) + 210 * std::log(0.25) +
                              480 * std::log(0.625) + 31 * std::log(0.125)).epsilon(1e-12));
  // the gamma-function forms, where they do not cancel
  const double a = 1 / 0.05;
  double dm = std::lgamma(722) + std::lgamma(a) - std::lgamma(721 + a);
  for (int k = 0; k < 3; ++k) dm += std::lgamma(y[k] + a * mu[k] / 8) - std::lgamma(a * mu[k] / 8) - std::lgamma(y[k] + 1);
  CHECK(log_density(DirichletMultinomial{0.05}, y, mu).value == Approx(dm).epsilon(1e-11));
  const Values count = {843}, mean = {800};
  CHECK(log_density(NegativeBinomial{0}, count, mean).value == log_density(Poisson{}, count, mean).value);
  CHECK(log_density(NegativeBinomial{1e-10}, count, mean).value == Approx(log_density(Poisson{}, count, mean).value).epsilon(1e-6));
  CHECK(log_density(NegativeBinomial{0.02}, count, mean).value ==
        Approx(std::lgamma(893) - std::lgamma(50) - std::lgamma(844) + 50 * std::log(50.0 / 850) + 843 * std::log(800.0 / 850)).epsilon(1e-11));
  CHECK(log_density(CensoredGaussian{1, 1e9}, count, mean).value == log_density(Gaussian{1}, count, mean).value);
  // far beyond saturation the tail does not underflow
  const Values saturated = {5}, low = {-45};
  Values slope(1);
  CHECK(log_density(CensoredGaussian{1, 5}, saturated, low, slope).value == Approx(-1254.83136).epsilon(1e-7));
  CHECK(slope[0] == Approx(50.02).epsilon(1e-4));
  const Values none = {0, 1, 1}, seen = {1, 1, 1};
  CHECK(log_density(Multinomial{}, seen, none).value == -std::numeric_limits<double>::infinity());
}
