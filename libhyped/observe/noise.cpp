// Log-densities of the noise models.
#include "libhyped/observe/noise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double log_root_two_pi = 0.91893853320467274178;

// sum over j < count of log(base + j step), and its derivatives by base and by step; stable down to step = 0. count is whole.
struct Rising {
  double value = 0, by_base = 0, by_step = 0;
};

// Stirling's remainder log Gamma(x) - (x - 1/2) log x + x - log sqrt(2 pi) and its derivative, x >= 16.
double stirling(double x) {
  const double r = 1 / (x * x);
  return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r / 1680))) / x;
}
double stirling_slope(double x) {
  const double r = 1 / (x * x);
  return -r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r / 240)));
}

Rising rising(double base, double count, double step) {
  Rising out;
  double first = 0;      // terms added one by one until the argument of log Gamma is large
  while (count >= 1 && base < 16 * step) {
    out.value += std::log(base);
    out.by_base += 1 / base;
    out.by_step += first / base;
    base += step;
    first += 1;
    count -= 1;
  }
  if (count <= 0) return out;
  // The rest starts at base = b + first * step; d/dstep of it = own by_step + first * own by_base.
  Rising rest;
  const double ratio = count * step / base;
  if (ratio < 1e-4) {
    const double s1 = count * (count - 1) / 2, s2 = s1 * (2 * count - 1) / 3, s3 = s1 * s1, e = step / base;
    rest.value = count * std::log(base) + e * (s1 - e * (s2 / 2 - e * s3 / 3));
    rest.by_base = (count - e * (s1 - e * (s2 - e * s3))) / base;
    rest.by_step = (s1 - e * (s2 - e * s3)) / base;
  } else {
    const double x = base / step;
    rest.value = count * std::log(base) + (x + count - 0.5) * std::log1p(count / x) - count + stirling(x + count) - stirling(x);
    const double digamma = std::log1p(count / x) + 0.5 * count / (x * (x + count)) + stirling_slope(x + count) - stirling_slope(x);
    rest.by_base = digamma / step;
    rest.by_step = (count - x * digamma) / step;
  }
  out.value += rest.value;
  out.by_base += rest.by_base;
  out.by_step += rest.by_step + first * rest.by_base;
  return out;
}

double total_of(std::span<const double> values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

// Ordered proportions; also the multinomial at dispersion 0.
NoiseDensity dirichlet_multinomial(double dispersion, std::span<const double> y, std::span<const double> mu, std::span<double> slope) {
  const double n = total_of(y), sum = total_of(mu);
  const Rising all = rising(1, n, dispersion);
  NoiseDensity out{std::lgamma(n + 1) - all.value, -all.by_step};
  double mean = 0;      // sum p_k dl/dp_k
  for (std::size_t k = 0; k < y.size(); ++k) {
    const double p = mu[k] / sum;
    double by_p = 0;
    if (y[k] > 0) {
      if (!(p > 0)) return {-std::numeric_limits<double>::infinity(), 0};
      const Rising one = rising(p, y[k], dispersion);
      out.value += one.value - std::lgamma(y[k] + 1);
      out.by_dispersion += one.by_step;
      by_p = one.by_base;
    }
    if (!slope.empty()) slope[k] = by_p;
    mean += p * by_p;
  }
  if (!slope.empty())
    for (std::size_t k = 0; k < y.size(); ++k) slope[k] = (slope[k] - mean) / sum;
  return out;
}

NoiseDensity negative_binomial(double dispersion, double y, double mu, double& slope) {
  if (!(mu > 0)) {
    slope = 0;
    return {y > 0 ? -std::numeric_limits<double>::infinity() : 0.0, 0};
  }
  const double x = dispersion * mu;
  const Rising terms = rising(1, y, dispersion);
  // log1p(x) / d and its derivative by d, with their limits at d = 0
  const double tail = x < 1e-5 ? mu * (1 - x * (0.5 - x / 3)) : std::log1p(x) / dispersion;
  const double tail_slope = x < 1e-4 ? mu * mu * (-0.5 + x * (2.0 / 3 - 0.75 * x)) : (mu / (1 + x) - std::log1p(x) / dispersion) / dispersion;
  slope = (y - mu) / (mu * (1 + x));
  return {terms.value + y * std::log(mu) - std::lgamma(y + 1) - y * std::log1p(x) - tail, terms.by_step - y * mu / (1 + x) - tail_slope};
}

// log of the upper normal tail and the hazard phi / Q, without underflow.
void upper_tail(double z, double& log_tail, double& hazard) {
  if (z < 25) {
    const double tail = 0.5 * std::erfc(z / std::numbers::sqrt2);
    log_tail = std::log(tail);
    hazard = std::exp(-0.5 * z * z - log_root_two_pi) / tail;
    return;
  }
  const double r = 1 / (z * z), series = 1 - r * (1 - r * (3 - r * (15 - 105 * r)));
  log_tail = -0.5 * z * z - log_root_two_pi - std::log(z) + std::log(series);
  hazard = z / series;
}

struct DensityOf {
  std::span<const double> y, mu;
  std::span<double> slope;

  template <class One>
  NoiseDensity independent(const One& one) const {
    NoiseDensity out;
    for (std::size_t k = 0; k < y.size(); ++k) {
      double by_mu = 0;
      const NoiseDensity part = one(y[k], mu[k], by_mu);
      out.value += part.value;
      out.by_dispersion += part.by_dispersion;
      if (!slope.empty()) slope[k] = by_mu;
    }
    return out;
  }
  NoiseDensity operator()(const Multinomial&) const {
    NoiseDensity out = dirichlet_multinomial(0, y, mu, slope);
    out.by_dispersion = 0;
    return out;
  }
  NoiseDensity operator()(const DirichletMultinomial& noise) const { return dirichlet_multinomial(noise.dispersion, y, mu, slope); }
  NoiseDensity operator()(const Poisson&) const {
    return independent([](double value, double mean, double& by_mean) {
      NoiseDensity out = negative_binomial(0, value, mean, by_mean);
      out.by_dispersion = 0;
      return out;
    });
  }
  NoiseDensity operator()(const NegativeBinomial& noise) const {
    return independent([&](double value, double mean, double& by_mean) { return negative_binomial(noise.dispersion, value, mean, by_mean); });
  }
  NoiseDensity operator()(const Gaussian& noise) const {
    return independent([&](double value, double mean, double& by_mean) {
      const double z = (value - mean) / noise.sd;
      by_mean = z / noise.sd;
      return NoiseDensity{-0.5 * z * z - std::log(noise.sd) - log_root_two_pi, (z * z - 1) / noise.sd};
    });
  }
  NoiseDensity operator()(const CensoredGaussian& noise) const {
    return independent([&](double value, double mean, double& by_mean) {
      if (value < noise.saturation) {
        const double z = (value - mean) / noise.sd;
        by_mean = z / noise.sd;
        return NoiseDensity{-0.5 * z * z - std::log(noise.sd) - log_root_two_pi, (z * z - 1) / noise.sd};
      }
      const double z = (noise.saturation - mean) / noise.sd;
      double log_tail = 0, hazard = 0;
      upper_tail(z, log_tail, hazard);
      by_mean = hazard / noise.sd;
      return NoiseDensity{log_tail, z * hazard / noise.sd};
    });
  }
};

// Calls term(j, P(Y > j)) for j = 0, 1, ... while the tail matters. Built from the mode outwards, so that nothing underflows.
// next(y) = P(y + 1) / P(y); at_mode: log P(mode); last: largest value, or negative for none.
template <class Next, class Term>
void over_tails(double mode, double at_mode, double last, const Next& next, const Term& term) {
  std::vector<double> mass(static_cast<std::size_t>(mode) + 1);
  double p = std::exp(at_mode);
  mass.back() = p;
  for (double y = mode; y > 0; --y) mass[static_cast<std::size_t>(y) - 1] = p = p / next(y - 1);
  p = mass.back();
  for (double y = mode; (last < 0 || y < last) && (p > 1e-22 || y < mode + 2); ++y) mass.push_back(p = p * next(y));
  double below = 0, above = 0;
  std::vector<double> tail(mass.size(), 0.0);
  for (std::size_t j = mass.size(); j-- > 1;) tail[j - 1] = above += mass[j];
  for (std::size_t j = 0; j < mass.size(); ++j) {
    below += mass[j];
    term(static_cast<double>(j), below < 0.5 ? 1 - below : tail[j]);
  }
}

struct InformationOf {
  std::span<const double> y, mu;
  NoiseInformation& out;

  // w: information per class on p, v: with the dispersion; p = mu / sum.
  void from_proportions(const Eigen::VectorXd& p, const Eigen::VectorXd& w, const Eigen::VectorXd& v) const {
    const double sum = total_of(mu);
    const Eigen::VectorXd wp = w.cwiseProduct(p);
    out.expected = Eigen::MatrixXd(w.asDiagonal());
    out.expected.colwise() -= wp;
    out.expected.rowwise() -= wp.transpose();
    out.expected.array() += p.dot(wp);
    out.expected /= sum * sum;
    out.mixed = (v.array() - p.dot(v)).matrix() / sum;
  }
  Eigen::VectorXd proportions() const { return Eigen::Map<const Eigen::VectorXd>(mu.data(), static_cast<Eigen::Index>(mu.size())) / total_of(mu); }
  void operator()(const Multinomial&) const {
    const Eigen::VectorXd p = proportions();
    from_proportions(p, total_of(y) * p.cwiseInverse(), Eigen::VectorXd::Zero(p.size()));
  }
  void operator()(const DirichletMultinomial& noise) const {
    const double n = total_of(y), d = noise.dispersion;
    const Eigen::VectorXd p = proportions();
    Eigen::VectorXd w = Eigen::VectorXd::Zero(p.size()), v = w;
    for (double j = 0; j < n; ++j) out.dispersion -= j * j / ((1 + j * d) * (1 + j * d));
    for (int k = 0; k < p.size(); ++k) {
      const double a = p[k], b = 1 - p[k];
      if (!(b > 1e-14)) {      // every cell is in this class
        for (double j = 0; j < n; ++j) w[k] += 1 / ((a + j * d) * (a + j * d)), v[k] += j / ((a + j * d) * (a + j * d)), out.dispersion += j * j / ((a + j * d) * (a + j * d));
        continue;
      }
      const double mode = std::clamp(std::floor(n * a), 0.0, n);
      const double at_mode = std::lgamma(n + 1) - std::lgamma(mode + 1) - std::lgamma(n - mode + 1) + rising(a, mode, d).value +
                             rising(b, n - mode, d).value - rising(1, n, d).value;
      auto next = [&](double value) { return (n - value) * (a + value * d) / ((value + 1) * (b + (n - value - 1) * d)); };
      over_tails(mode, at_mode, n, next, [&](double j, double tail) {
        const double term = tail / ((a + j * d) * (a + j * d));
        w[k] += term;
        v[k] += j * term;
        out.dispersion += j * j * term;
      });
    }
    from_proportions(p, w, v);
  }
  void operator()(const Poisson&) const {
    for (std::size_t k = 0; k < mu.size(); ++k) out.expected(static_cast<int>(k), static_cast<int>(k)) = 1 / mu[k];
  }
  void operator()(const NegativeBinomial& noise) const {
    const double d = noise.dispersion;
    for (std::size_t k = 0; k < mu.size(); ++k) {
      const double m = mu[k], x = d * m;
      out.expected(static_cast<int>(k), static_cast<int>(k)) = 1 / (m * (1 + x));
      const double mode = d < 1 ? std::floor(m * (1 - d)) : 0;
      double unused = 0;
      auto next = [&](double value) { return m * (1 + value * d) / ((1 + x) * (value + 1)); };
      over_tails(mode, negative_binomial(d, mode, m, unused).value, -1, next,
                 [&](double j, double tail) { out.dispersion += tail * j * j / ((1 + j * d) * (1 + j * d)); });
      // curvature of (y + 1/d) log(1 + d mu) at y = mu, as mu^3 times a function of x
      double curvature = 0;
      if (x < 0.02)
        for (int power = 8; power >= 3; --power) curvature = curvature * x + (power % 2 == 1 ? 1 : -1) * (2.0 / power - 1);
      else curvature = (2 * std::log1p(x) - x * (x + 2) / (1 + x)) / (x * x * x);
      out.dispersion += m * m * m * curvature;
    }
  }
  void operator()(const Gaussian& noise) const {
    for (std::size_t k = 0; k < mu.size(); ++k) out.expected(static_cast<int>(k), static_cast<int>(k)) = 1 / (noise.sd * noise.sd);
    out.dispersion = 2 * static_cast<double>(mu.size()) / (noise.sd * noise.sd);
  }
  void operator()(const CensoredGaussian& noise) const {
    const double variance = noise.sd * noise.sd;
    for (std::size_t k = 0; k < mu.size(); ++k) {
      const double z = (noise.saturation - mu[k]) / noise.sd;
      double log_tail = 0, hazard = 0;
      upper_tail(z, log_tail, hazard);
      const double below = 0.5 * std::erfc(-z / std::numbers::sqrt2), density = std::exp(-0.5 * z * z - log_root_two_pi);
      out.expected(static_cast<int>(k), static_cast<int>(k)) = (below - z * density + density * hazard) / variance;
      out.mixed[static_cast<int>(k)] = (z * density * hazard - (z * z + 1) * density) / variance;
      out.dispersion += (2 * below - z * density * (1 + z * z) + z * z * density * hazard) / variance;
    }
  }
};

}  // namespace

std::string name_of(const Noise& noise) {
  static const char* names[] = {"multinomial", "Dirichlet-multinomial", "Poisson", "negative binomial", "Gaussian", "Gaussian censored at saturation"};
  return names[noise.index()];
}

NoiseDensity log_density(const Noise& noise, std::span<const double> observed, std::span<const double> expected, std::span<double> by_expected) {
  HYPED_ASSERT(observed.size() == expected.size() && (by_expected.empty() || by_expected.size() == observed.size()));
  return std::visit(DensityOf{observed, expected, by_expected}, noise);
}

void information(const Noise& noise, std::span<const double> observed, std::span<const double> expected, NoiseInformation& out) {
  const auto classes = static_cast<Eigen::Index>(expected.size());
  out.expected.setZero(classes, classes);
  out.mixed.setZero(classes);
  out.dispersion = 0;
  std::visit(InformationOf{observed, expected, out}, noise);
}

}  // namespace hyped
