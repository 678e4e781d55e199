// Tails from Boost, and by series and continued fractions on the log scale below what a double can hold.
#include "libhyped/distance/tail_probability.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), smallest = 1e-280;

// log erfc(x) for x >= 20: five terms of the asymptotic series (Abramowitz & Stegun 7.1.23) are exact to a double.
double log_erfc_far(double x) {
  const double u = 1 / (2 * x * x);
  const double series = -u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u * (1 - 9 * u))));
  return -x * x - std::log(x * std::sqrt(std::acos(-1.0))) + std::log1p(series);
}

// Continued fraction b0 + a1 / (b1 + a2 / (b2 + ...)) by the modified Lentz algorithm (Press et al. 2007, 5.2).
template <class Terms>
double lentz(double first, const Terms& terms) {
  constexpr double tiny = 1e-300;
  double f = first == 0 ? tiny : first, c = f, d = 0;
  for (int n = 1; n < 100000; ++n) {
    const auto [a, b] = terms(n);
    d = b + a * d;
    d = 1 / (d == 0 ? tiny : d);
    c = b + a / c;
    if (c == 0) c = tiny;
    f *= c * d;
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return f;
}

struct Term {
  double a, b;
};

// log I_x(a, b) for x below (a + 1) / (a + b + 2). Source: Press et al. 2007, 6.4.5.
double log_incomplete_beta(double x, double a, double b) {
  const double fraction = lentz(1.0, [&](int n) {
    const double m = n / 2;
    const double d = n % 2 == 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)) : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    return Term{d, 1.0};
  });
  return a * std::log(x) + b * std::log1p(-x) - std::log(a) - (boost::math::lgamma(a) + boost::math::lgamma(b) - boost::math::lgamma(a + b)) - std::log(fraction);
}

TailProbability from(double p, double log_p_if_tiny) { return {p, p > smallest ? std::log(p) : log_p_if_tiny}; }

// I_x(a, b) with x = share / (share + other), which keeps its digits in both.
TailProbability beta_tail(double a, double b, double x, double rest) {
  const double p = x < 0.5 ? boost::math::ibeta(a, b, x) : boost::math::ibetac(b, a, rest);
  return from(p, p > smallest ? 0 : log_incomplete_beta(x, a, b));
}

}  // namespace

TailProbability normal_tail(double z) {
  const double x = z / std::sqrt(2.0), p = 0.5 * std::erfc(x);
  return {p, x < 20 ? std::log(p) : log_erfc_far(x) - std::log(2.0)};
}

TailProbability two_sided_normal(double z) {
  const double x = std::abs(z) / std::sqrt(2.0);
  if (x == infinity) return {0, -infinity};
  return {std::erfc(x), x < 20 ? std::log(std::erfc(x)) : log_erfc_far(x)};
}

TailProbability two_sided_student(double t, double df) {
  if (!std::isfinite(df)) return two_sided_normal(t);
  return f_tail(t * t, 1, df);
}

TailProbability f_tail(double f, double df1, double df2) {
  if (f <= 0) return {};
  if (!std::isfinite(df2)) return chi_squared_tail(f * df1, df1);
  if (!std::isfinite(f)) return {0, -infinity};
  const double ratio = df1 * f / df2, x = 1 / (1 + ratio);
  return beta_tail(0.5 * df2, 0.5 * df1, x, ratio / (1 + ratio));
}

TailProbability chi_squared_tail(double x, double df) {
  if (x <= 0) return {};
  if (!std::isfinite(x)) return {0, -infinity};
  const double a = 0.5 * df, h = 0.5 * x, p = boost::math::gamma_q(a, h);
  if (p > smallest) return {p, std::log(p)};
  // Press et al. 2007, 6.2.7
  const double fraction = lentz(h + 1 - a, [&](int n) { return Term{-n * (n - a), h + 2 * n + 1 - a}; });
  return {p, a * std::log(h) - h - boost::math::lgamma(a) - std::log(fraction)};
}

double normal_quantile_of(double probability) { return boost::math::quantile(boost::math::normal(), probability); }

double student_quantile(double probability, double df) {
  if (!std::isfinite(df) || df > 1e9) return normal_quantile_of(probability);
  return boost::math::quantile(boost::math::students_t(df), probability);
}

}  // namespace hyped
