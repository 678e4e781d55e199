// Quadrature over a shifted log-normal.
#include "models/gene_network/skewed_logistic.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hyped::models {
namespace {

// Gauss-Hermite for the standard normal, nine nodes: symmetric, the middle one 0 (Abramowitz & Stegun 1964, table 25.10, x sqrt(2)).
constexpr int pairs = 4;
constexpr std::array<double, pairs> node{1.0232556637891326, 2.0768479786778302, 3.2054290028564703, 4.5127458633997828};
constexpr std::array<double, pairs> weight{0.24409750289493909, 0.049916406765217880, 0.0027891413212317692, 2.2345844007746583e-5};
constexpr double middle_weight = 0.40634920634920635;
constexpr double point = 1e-10, symmetric = 1e-3, most_skewed = 20;

struct Sums {
  SkewedLogistic out;
  double by_deviation = 0, slope_by_deviation = 0, by_skewness = 0, slope_by_skewness = 0;
  // h: standardised node, h_by: its derivative by skewness, s: standard deviation
  void add(double w, double mean, double s, double h, double h_by) {
    const double f = 1 / (1 + std::exp(-(mean + s * h))), first = f * (1 - f), second = first * (1 - 2 * f);
    out.value += w * f, out.slope += w * first, out.slope_by_mean += w * second;
    by_deviation += w * first * h, slope_by_deviation += w * second * h;
    by_skewness += w * first * s * h_by, slope_by_skewness += w * second * s * h_by;
  }
};

}  // namespace

SkewedLogistic skewed_logistic(double mean, double variance, double third) {
  if (!(variance > point)) {
    const double f = 1 / (1 + std::exp(-mean)), g = f * (1 - f);
    const double second = g * (1 - 2 * f), of_third = g * (1 - 6 * g), fourth = second * (1 - 12 * g);
    return {f, g, 0.5 * second, of_third / 6, second, 0.5 * of_third, fourth / 6};
  }
  const double s = std::sqrt(variance), skewness = third / (variance * s), size = std::min(most_skewed, std::abs(skewness)), sign = skewness < 0 ? -1 : 1;
  Sums sums;
  if (size < symmetric) {      // Cornish-Fisher: h = x + skewness (x^2 - 1) / 6
    sums.add(middle_weight, mean, s, -skewness / 6, -1.0 / 6);
    for (int q = 0; q < pairs; ++q)
      for (const double x : {node[static_cast<std::size_t>(q)], -node[static_cast<std::size_t>(q)]}) sums.add(weight[static_cast<std::size_t>(q)], mean, s, x + skewness * (x * x - 1) / 6, (x * x - 1) / 6);
  } else {
    // E = exp(tau^2) from skewness = (E + 2) sqrt(E - 1)
    const double y = std::cbrt(1 + 0.5 * size * size + size * std::sqrt(1 + 0.25 * size * size)), e = std::max(1 + 1e-12, y + 1 / y - 1), d = std::sqrt(e - 1), tau = std::sqrt(std::log(e));
    const double tau_by = d / (3 * e * e * tau), d_by_tau = tau * e / d, shrink = 1 / std::sqrt(e);
    const auto add = [&](double w, double x, double power) {      // power: exp(tau x)
      const double level = power * shrink, h = (level - 1) / d, by_tau = (x - tau) * level / d - h * d_by_tau / d;
      sums.add(w, mean, s, sign * h, by_tau * tau_by);
    };
    add(middle_weight, 0, 1);
    for (int q = 0; q < pairs; ++q) {
      const auto at = static_cast<std::size_t>(q);
      const double power = std::exp(tau * node[at]);
      add(weight[at], node[at], power);
      add(weight[at], -node[at], 1 / power);
    }
  }
  SkewedLogistic out = sums.out;
  const bool held = std::abs(skewness) > most_skewed;
  const double skewness_by_third = held ? 0 : 1 / (variance * s), skewness_by_variance = held ? 0 : -1.5 * skewness / variance;
  out.by_variance = sums.by_deviation / (2 * s) + sums.by_skewness * skewness_by_variance;
  out.by_third = sums.by_skewness * skewness_by_third;
  out.slope_by_variance = sums.slope_by_deviation / (2 * s) + sums.slope_by_skewness * skewness_by_variance;
  out.slope_by_third = sums.slope_by_skewness * skewness_by_third;
  return out;
}

}  // namespace hyped::models
