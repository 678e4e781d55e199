// Empirical Bayes for variances.
#include "libhyped/expression/replicates/quasi_likelihood.hpp"

#include <algorithm>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace hyped {

double digamma_of(double x) { return boost::math::digamma(x); }
double trigamma_of(double x) { return boost::math::trigamma(x); }

double trigamma_inverse(double value) {
  if (value > 1e7) return 1 / std::sqrt(value);
  if (value < 1e-6) return 1 / value;
  double x = 0.5 + 1 / value;      // 1 / trigamma is convex and nearly linear: Newton on it comes from one side
  for (int i = 0; i < 50; ++i) {
    const double at = trigamma_of(x), step = at * (1 - at / value) / boost::math::polygamma(2, x);
    x += step;
    if (-step / x < 1e-12) break;
  }
  return x;
}

SqueezedVariances squeeze_variances(const Eigen::VectorXd& variance, const Eigen::VectorXd& df) {
  std::vector<double> used;
  for (Eigen::Index g = 0; g < variance.size(); ++g)
    if (df[g] > 0) used.push_back(variance[g]);
  SqueezedVariances out;
  out.posterior = Eigen::VectorXd::Ones(variance.size());
  if (used.empty()) return out;
  std::nth_element(used.begin(), used.begin() + static_cast<std::ptrdiff_t>(used.size() / 2), used.end());
  const double floor = std::max(1e-5 * used[used.size() / 2], 1e-12);      // a variance of exactly 0 has no logarithm
  double sum = 0, squares = 0, expected = 0;
  const auto score = [&](Eigen::Index g) { return std::log(std::max(variance[g], floor)) - digamma_of(0.5 * df[g]) + std::log(0.5 * df[g]); };
  for (Eigen::Index g = 0; g < variance.size(); ++g)
    if (df[g] > 0) sum += score(g), expected += trigamma_of(0.5 * df[g]);
  const auto n = static_cast<double>(used.size());
  const double mean = sum / n;
  for (Eigen::Index g = 0; g < variance.size(); ++g)
    if (df[g] > 0) squares += (score(g) - mean) * (score(g) - mean);
  const double surplus = n > 1 ? squares / (n - 1) - expected / n : 0;
  if (surplus > 0) {
    out.prior_df = 2 * trigamma_inverse(surplus);
    out.prior = std::exp(mean + digamma_of(0.5 * out.prior_df) - std::log(0.5 * out.prior_df));
  } else {
    out.prior_df = std::numeric_limits<double>::infinity();
    out.prior = std::exp(mean);
  }
  for (Eigen::Index g = 0; g < variance.size(); ++g)
    out.posterior[g] = !std::isfinite(out.prior_df) || !(df[g] > 0) ? out.prior : (out.prior_df * out.prior + df[g] * variance[g]) / (out.prior_df + df[g]);
  return out;
}

}  // namespace hyped
