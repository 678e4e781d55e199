// Lindsey's method and two empirical nulls.
#include "libhyped/score/interactions/local_fdr.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/distance/tail_probability.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

// Quantile of a sorted list, R's type 7.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  return low + 1 < sorted.size() ? sorted[low] + (at - static_cast<double>(low)) * (sorted[low + 1] - sorted[low]) : sorted[low];
}

// Natural cubic splines with `df` columns beside the constant: knots at quantiles of x, linear beyond its ends (Hastie, Tibshirani & Friedman 2009, 5.2.1).
Eigen::MatrixXd natural_spline(const Eigen::VectorXd& x, int df) {
  std::vector<double> knots;
  for (int k = 0; k <= df; ++k) knots.push_back(quantile({x.data(), x.data() + x.size()}, static_cast<double>(k) / df));
  const auto cube = [](double v) { return v > 0 ? v * v * v : 0.0; };
  const double last = knots.back();
  const auto d = [&](double at, std::size_t k) { return (cube(at - knots[k]) - cube(at - last)) / (last - knots[k]); };
  Eigen::MatrixXd out(x.size(), df + 1);
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    out(i, 0) = 1, out(i, 1) = x[i];
    for (int k = 0; k + 1 < df; ++k) out(i, k + 2) = d(x[i], static_cast<std::size_t>(k)) - d(x[i], static_cast<std::size_t>(df - 1));
  }
  return out;
}

// Means of a Poisson regression; the basis is made orthonormal first.
Eigen::VectorXd poisson_means(const Eigen::MatrixXd& basis, const Eigen::VectorXd& counts, Outcome& outcome) {
  const Eigen::MatrixXd q = Eigen::HouseholderQR<Eigen::MatrixXd>(basis).householderQ() * Eigen::MatrixXd::Identity(basis.rows(), basis.cols());
  Eigen::VectorXd eta = (counts.array() + 0.1).log(), mean = eta.array().exp();
  double deviance = infinity;
  for (int i = 0; i < 200; ++i) {
    const Eigen::VectorXd working = eta + ((counts - mean).array() / mean.array()).matrix();
    const Eigen::VectorXd beta = (q.transpose() * mean.asDiagonal() * q).ldlt().solve(q.transpose() * mean.cwiseProduct(working));
    eta = (q * beta).array().min(50.0).max(-50.0);
    mean = eta.array().exp();
    double now = 0;
    for (Eigen::Index k = 0; k < counts.size(); ++k) now += 2 * ((counts[k] > 0 ? counts[k] * std::log(counts[k] / mean[k]) : 0) - (counts[k] - mean[k]));
    if (std::abs(now - deviance) < 1e-10 * (0.1 + std::abs(now))) return mean;
    deviance = now;
  }
  outcome = {Status::not_converged, "the density of the values did not converge"};
  return mean;
}

double phi(double z) { return std::isfinite(z) ? std::exp(-0.5 * z * z) / std::sqrt(2 * std::acos(-1.0)) : 0.0; }

// Mean and standard deviation of a normal that is seen between low and high only; Newton's method on natural parameters.
struct Truncated {
  double mean, sd, inside;
  Eigen::Matrix2d covariance;      // of (mean, sd)
};
Truncated truncated_normal(const std::vector<double>& seen, double low, double high, Outcome& outcome) {
  const double n = static_cast<double>(seen.size());
  double first = 0, second = 0;
  for (const double v : seen) first += v / n;
  for (const double v : seen) second += (v - first) * (v - first) / n;
  const double origin = first, unit = std::sqrt(second);      // computed in these
  const double a = (low - origin) / unit, b = (high - origin) / unit;
  // log density of x: t1 x + t2 x^2 - log integral; t2 may be any number on an interval, the normal needs t2 < 0
  const auto integral = [&](double t1, double t2, double moment[5]) {
    constexpr int steps = 400;      // Simpson; the integrand is smooth
    const double top = std::max({t1 * a + t2 * a * a, t1 * b + t2 * b * b, t2 < 0 && -t1 / (2 * t2) > a && -t1 / (2 * t2) < b ? -t1 * t1 / (4 * t2) : -infinity});
    for (int k = 0; k < 5; ++k) moment[k] = 0;
    for (int i = 0; i <= steps; ++i) {
      const double x = a + (b - a) * i / steps, w = (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * (b - a) / (3 * steps) * std::exp(t1 * x + t2 * x * x - top);
      for (double k = 0, power = w; k < 5; ++k, power *= x) moment[static_cast<int>(k)] += power;
    }
    return top + std::log(moment[0]);
  };
  double m[5], t1 = 0, t2 = -0.5, value = -integral(t1, t2, m) + t2;      // mean of x is 0, of x^2 is 1
  Eigen::Matrix2d information = Eigen::Matrix2d::Zero();
  bool done = false;
  for (int i = 0; i < 100 && !done; ++i) {
    integral(t1, t2, m);
    const double e1 = m[1] / m[0], e2 = m[2] / m[0], e3 = m[3] / m[0], e4 = m[4] / m[0];
    information << e2 - e1 * e1, e3 - e1 * e2, e3 - e1 * e2, e4 - e2 * e2;
    const Eigen::Vector2d step = information.ldlt().solve(Eigen::Vector2d(-e1, 1 - e2));
    double length = 1, next = -infinity;
    for (; length > 1e-8; length *= 0.5) {
      double room[5];
      next = -integral(t1 + length * step[0], t2 + length * step[1], room) + t2 + length * step[1];
      if (next >= value - 1e-14) break;
    }
    t1 += length * step[0], t2 += length * step[1];
    done = step.norm() < 1e-10 * (1 + std::abs(t2));
    value = next;
  }
  Truncated out{origin, unit, 1, Eigen::Matrix2d::Constant(nan)};
  if (!done || !(t2 < 0)) {
    outcome = {Status::not_identifiable, "the middle of the values is not like a normal: no null was found"};
    return out;
  }
  const double sd = std::sqrt(-0.5 / t2), mean = t1 * sd * sd;
  Eigen::Matrix2d slope;      // of (mean, sd) by (t1, t2)
  slope << sd * sd, 2 * t1 * sd * sd * sd * sd, 0, sd * sd * sd;
  out.covariance = slope * information.inverse() * slope.transpose() * (unit * unit / n);
  out.mean = origin + unit * mean, out.sd = unit * sd;
  out.inside = 1 - normal_tail((high - out.mean) / out.sd).p - normal_tail((out.mean - low) / out.sd).p;
  return out;
}

}  // namespace

double LocalFdr::upper(double level) const {
  double out = infinity;
  for (std::size_t k = place.size(); k-- > 0 && place[k] > centre;) {
    const double here = null_density[k] / density[k];
    if (here > level) break;
    out = place[k];
    if (k > 0 && place[k - 1] > centre)
      if (const double before = null_density[k - 1] / density[k - 1]; before > level) out -= (level - here) / (before - here) * (place[k] - place[k - 1]);
  }
  return out;
}

double LocalFdr::lower(double level) const {
  double out = -infinity;
  for (std::size_t k = 0; k < place.size() && place[k] < centre; ++k) {
    const double here = null_density[k] / density[k];
    if (here > level) break;
    out = place[k];
    if (k + 1 < place.size() && place[k + 1] < centre)
      if (const double after = null_density[k + 1] / density[k + 1]; after > level) out += (level - here) / (after - here) * (place[k + 1] - place[k]);
  }
  return out;
}

LocalFdr local_fdr(std::span<const double> values, const LocalFdrOptions& options) {
  if (values.size() < 200) throw InputError("local false discovery rate", fmt::format("{} values are too few for a null", values.size()), "pool genes and pairs: 200 or more");
  std::vector<double> sorted(values.begin(), values.end());
  for (const double v : sorted)
    if (!std::isfinite(v)) throw InputError("local false discovery rate", "a value is NaN or infinite", "");
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size()), q1 = quantile(sorted, 0.25), q2 = quantile(sorted, 0.5), q3 = quantile(sorted, 0.75);
  if (!(q3 > q1)) throw InputError("local false discovery rate", "half of the values are equal", "leave out genes that nothing changes");
  LocalFdr out;
  const int bins = options.bins - 1;      // between `bins` breaks, as locfdr
  const double width = (sorted.back() - sorted.front()) / bins;
  Eigen::VectorXd place(bins), counts = Eigen::VectorXd::Zero(bins);
  for (int k = 0; k < bins; ++k) place[k] = sorted.front() + (k + 0.5) * width;
  for (const double v : sorted) ++counts[std::clamp(static_cast<int>((v - sorted.front()) / width), 0, bins - 1)];
  const Eigen::VectorXd mean = poisson_means(natural_spline(place, options.knots), counts, out.outcome);
  const double half = (options.middle > 0 ? options.middle : n > 500000 ? 1 : 4.3 * std::exp(-0.26 * std::log10(n))) * (q3 - q1) / (2 * normal_quantile_of(0.75));
  out.centre_se = out.sd_se = out.null_share_se = nan;
  if (options.null == LocalFdrOptions::Null::maximum_likelihood) {
    std::vector<double> seen;
    for (const double v : sorted)
      if (v >= q2 - half && v <= q2 + half) seen.push_back(v);
    if (seen.size() < 50) {
      out.outcome = {Status::not_identifiable, "the middle of the values holds fewer than 50"};
      return out;
    }
    const Truncated null = truncated_normal(seen, q2 - half, q2 + half, out.outcome);
    if (!out.outcome.ok()) return out;
    const double share = static_cast<double>(seen.size()) / n;
    out.centre = null.mean, out.sd = null.sd, out.null_share = share / null.inside;
    out.centre_se = std::sqrt(null.covariance(0, 0)), out.sd_se = std::sqrt(null.covariance(1, 1));
    // delta method: the share of values in the middle is binomial, H(mean, sd) the normal's mass there
    const double za = (q2 - half - null.mean) / null.sd, zb = (q2 + half - null.mean) / null.sd;
    const Eigen::Vector2d by(-(phi(zb) - phi(za)) / null.sd, -(zb * phi(zb) - za * phi(za)) / null.sd);
    out.null_share_se = out.null_share * std::sqrt((1 - share) / (share * n) + (by.transpose() * null.covariance * by).value() / (null.inside * null.inside));
  } else {
    // log f is a parabola around its top where the null rules; f is p0 times its normal there
    std::vector<Eigen::Index> middle;
    for (Eigen::Index k = 0; k < bins; ++k)
      if (std::abs(place[k] - q2) <= 0.5 * half) middle.push_back(k);
    if (middle.size() < 5) {
      out.outcome = {Status::not_identifiable, "the middle of the values spans fewer than five bins"};
      return out;
    }
    Eigen::MatrixXd parabola(static_cast<Eigen::Index>(middle.size()), 3);
    Eigen::VectorXd log_mean(parabola.rows());
    for (Eigen::Index i = 0; i < parabola.rows(); ++i) {
      const double x = place[middle[static_cast<std::size_t>(i)]] - q2;
      parabola.row(i) << 1, x, x * x;
      log_mean[i] = std::log(mean[middle[static_cast<std::size_t>(i)]]);
    }
    const Eigen::VectorXd beta = parabola.colPivHouseholderQr().solve(log_mean);
    if (!(beta[2] < 0)) {
      out.outcome = {Status::not_identifiable, "the density has no top in the middle: no null was found"};
      return out;
    }
    out.sd = std::sqrt(-0.5 / beta[2]), out.centre = q2 + beta[1] * out.sd * out.sd;
    out.null_share = std::exp(beta[0] + 0.5 * beta[1] * beta[1] * out.sd * out.sd) * out.sd * std::sqrt(2 * std::acos(-1.0)) / (n * width);
  }
  for (Eigen::Index k = 0; k < bins; ++k) {
    out.place.push_back(place[k]), out.density.push_back(mean[k] / (n * width));
    out.null_density.push_back(out.null_share * phi((place[k] - out.centre) / out.sd) / out.sd);
  }
  for (const double v : values) {      // linear between middles
    const double at = std::clamp((v - place[0]) / width, 0.0, static_cast<double>(bins - 1));
    const auto low = static_cast<std::size_t>(std::min(at, static_cast<double>(bins - 2)));
    const auto rate = [&](std::size_t k) { return std::min(1.0, out.null_density[k] / out.density[k]); };
    out.fdr.push_back(rate(low) + (at - static_cast<double>(low)) * (rate(low + 1) - rate(low)));
  }
  return out;
}

}  // namespace hyped
