// Mills' ratio, normal scores and bivariate normal probabilities.
#include "libhyped/tracks/durations/normal_tail.hpp"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <limits>
#include <vector>

namespace hyped {

double mills_ratio(double z) {
  if (z < 5) return std::sqrt(std::acos(-1.0) / 2) * std::exp(0.5 * z * z) * std::erfc(z / std::sqrt(2.0));
  double fraction = z;
  for (int n = 6 + static_cast<int>(90 / z); n >= 1; --n) fraction = z + n / fraction;      // as many as change the last bit
  return 1 / fraction;
}

double log_normal_tail(double z) {
  if (z < -1) return std::log1p(-0.5 * std::erfc(-z / std::sqrt(2.0)));
  return z < 5 ? std::log(0.5 * std::erfc(z / std::sqrt(2.0))) : log_normal_density(z) + std::log(mills_ratio(z));
}

double normal_quantile(double log_tail, double log_cdf) {
  if (log_cdf < log_tail) return -normal_quantile(log_cdf, log_tail);
  // Newton on the logarithm, which is concave: after one step it comes down to the root from the right
  double z = 0;
  for (int i = 0; i < 100; ++i) {
    const double step = (log_normal_tail(z) - log_tail) * mills_ratio(z);
    z += step;
    if (std::abs(step) <= 1e-15 * (1 + std::abs(z))) break;
  }
  return z;
}

namespace {

// Phi(-h) Phi(-k) plus the integral of the density over the correlation (Plackett 1954; Drezner & Wesolowsky 1990): good to 1e-15, absolute.
double bivariate_tail_by_correlation(double h, double k, double rho) {
  const double top = std::asin(rho), half_squares = 0.5 * (h * h + k * k);
  const auto density = [&](double angle) {
    const double s = std::sin(angle), c2 = 1 - s * s;
    return std::exp((s * h * k - half_squares) / c2);
  };
  const double sum = boost::math::quadrature::gauss<double, 20>::integrate([&](double x) { return density(0.5 * top * (1 + x)); }, -1.0, 1.0);
  return 0.25 * std::erfc(h / std::sqrt(2.0)) * std::erfc(k / std::sqrt(2.0)) + 0.5 * top * sum / (2 * std::acos(-1.0));
}

}  // namespace

double log_bivariate_tail(double h, double k, double rho) {
  if (std::isinf(h) || std::isinf(k)) return std::max(h, k) > 0 ? -std::numeric_limits<double>::infinity() : log_normal_tail(std::isinf(h) ? k : h);
  if (std::abs(rho) < 0.9) {
    const double direct = bivariate_tail_by_correlation(h, k, rho);
    if (direct > 1e-3) return std::log(direct);
  }
  // the larger limit is integrated over: the integrand then falls from its start or has one shoulder, at k / rho
  if (k > h) std::swap(h, k);
  const double s = std::sqrt((1 - rho) * (1 + rho)), top = std::max(h, 0.0) + std::min(14.0, 40 / (1 + std::max(h, 0.0)) + 2), from = std::max(h, -14.0);
  std::vector<double> cuts{from, top};
  for (double z = from; z < top; z += 0.75) cuts.push_back(z);
  if (rho != 0)
    for (const double w : {-8.0, -5.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0}) cuts.push_back((k + w * s) / rho);
  std::sort(cuts.begin(), cuts.end());
  const double shift = std::max(-0.5 * from * from, -500.0);
  double sum = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const double a = std::max(cuts[i], from), b = std::min(cuts[i + 1], top);
    if (!(b > a)) continue;
    sum += boost::math::quadrature::gauss<double, 15>::integrate([&](double z) { return std::exp(-0.5 * z * z - shift + log_normal_tail((k - rho * z) / s)); }, a, b);
  }
  return std::log(sum) + shift - 0.9189385332046727;
}

}  // namespace hyped
