// The normal distribution on the log scale, exact in both tails, for numbers that carry derivatives.
#pragma once
#include "libhyped/tracks/durations/taylor.hpp"

namespace hyped {

// Mills' ratio (1 - Phi(z)) / phi(z); for z > 5 by its continued fraction (Laplace), so nothing underflows.
double mills_ratio(double z);
double log_normal_tail(double z);      // log(1 - Phi(z))
// z with log(1 - Phi(z)) = log_tail, log_tail < 0; near 0 give log_cdf, the logarithm of the rest, which then decides.
double normal_quantile(double log_tail, double log_cdf);
// log P(X > h, Y > k) for standard normals with correlation rho, |rho| < 1, the probability to 1e-12 relative: small ones by the conditional
// form, where all terms are positive. Source: Genz & Bretz 2009, ch. 2.
double log_bivariate_tail(double h, double k, double rho);

template <class T>
T log_tail_of(const T& z) {
  const double v = value_of(z), hazard = 1 / mills_ratio(v);
  return chain(z, log_normal_tail(v), -hazard, -hazard * (hazard - v));
}
template <class T>
T log_normal_density(const T& z) { return -0.5 * z * z - 0.9189385332046727; }
// The normal score of a duration with these log tails: Phi(z) = cdf.
template <class T>
T normal_score(const T& log_survival, const T& log_cdf) {
  const double z = normal_quantile(value_of(log_survival), value_of(log_cdf));
  // through the smaller tail, whose logarithm has the digits
  const bool upper = value_of(log_survival) < value_of(log_cdf);
  const double m = mills_ratio(upper ? z : -z), first = upper ? -m : m, second = upper ? (z * m - 1) * m : -(-z * m - 1) * m;
  return chain(upper ? log_survival : log_cdf, z, first, second);
}

}  // namespace hyped
