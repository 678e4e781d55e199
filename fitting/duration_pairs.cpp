// The copula's likelihood and its fit.
#include "fitting/duration_pairs.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using Number = Taylor<7>;
constexpr int rho_index = 6;
constexpr double infinity = std::numeric_limits<double>::infinity();

double density(double z) { return std::exp(log_normal_density(z)); }
double tail(double z) { return std::exp(log_normal_tail(z)); }

// P(X > h, Y > k) as a number with derivatives, from its derivatives by h, k and rho (Plackett 1954).
Number orthant(const Number& h, const Number& k, const Number& rho) {
  const double a = h.value, b = k.value, r = rho.value;
  if (a == infinity || b == infinity) return 0.0;
  if (a == -infinity) return b == -infinity ? Number(1.0) : chain(k, tail(b), -density(b), b * density(b));
  if (b == -infinity) return chain(h, tail(a), -density(a), a * density(a));
  const double s2 = (1 - r) * (1 + r), s = std::sqrt(s2), wa = (b - r * a) / s, wb = (a - r * b) / s, both = density(a) * density(wa) / s;
  const double slope[3] = {-density(a) * tail(wa), -density(b) * tail(wb), both};
  const double curve[3][3] = {{a * density(a) * tail(wa) - r * both, both, -both * (a - r * b) / s2},
                              {both, b * density(b) * tail(wb) - r * both, -both * (b - r * a) / s2},
                              {-both * (a - r * b) / s2, -both * (b - r * a) / s2, both * (r / s2 + (a * b * (1 + r * r) - r * (a * a + b * b)) / (s2 * s2))}};
  const Number* by[3] = {&h, &k, &rho};
  Number out(std::exp(log_bivariate_tail(a, b, r)));
  for (int i = 0; i < 7; ++i)
    for (int p = 0; p < 3; ++p) out.slope[i] += slope[p] * by[p]->slope[i];
  for (int i = 0, n = 0; i < 7; ++i)
    for (int j = 0; j <= i; ++j, ++n)
      for (int p = 0; p < 3; ++p) {
        out.curve[n] += slope[p] * by[p]->curve[n];
        for (int q = 0; q < 3; ++q) out.curve[n] += curve[p][q] * by[p]->slope[i] * by[q]->slope[j];
      }
  return out;
}

struct Scores {      // normal scores of where a duration lies
  Number lower, upper, log_density;
};

Number score_at(const DurationFamily& family, const Eta<Number>& eta, double t) {
  if (!(t > 0)) return -infinity;
  if (std::isinf(t)) return infinity;
  const LogTails<Number> tails = log_tails(family, eta, t);
  return normal_score(tails.survival, tails.cdf);
}

Scores scores_of(const DurationFamily& family, const Eta<Number>& eta, const Duration& d) {
  const Number lower = score_at(family, eta, d.lower_h);
  if (d.exact()) return {lower, lower, log_density(family, eta, d.lower_h)};
  return {lower, d.censored() ? Number(infinity) : score_at(family, eta, d.upper_h + d.entry_spread_h), 0.0};
}

double middle(const Duration& d) { return d.censored() ? d.lower_h : 0.5 * (d.lower_h + d.upper_h + d.entry_spread_h); }

}  // namespace

PairLikelihood::PairLikelihood(const DurationPairs& pairs, const DurationFamily& first, const DurationFamily& second) : pairs_(pairs), families_{first, second} {
  if (pairs.pairs.size() < 3) throw InputError("pairs of " + pairs.name, fmt::format("there are {}", pairs.pairs.size()), "a correlation needs at least three");
  if (pairs.exchangeable && first.name() != second.name()) throw InputError("pairs of " + pairs.name, "exchangeable durations have one family, not " + first.name() + " and " + second.name(), "give the same");
  for (const auto& pair : pairs.pairs)
    for (const Duration* d : {&pair.first, &pair.second}) {
      if (d->residual || d->seen_if_above_h > 0 || std::isfinite(d->seen_if_below_h)) throw InputError("pairs of " + pairs.name, "a duration is truncated or was met half way", "leave it out");
      if (d->censored() && !(d->lower_h > 0)) throw InputError("pairs of " + pairs.name, "a duration was cut off at 0 h: it says nothing", "leave the pair out");
    }
  for (int side = 0; side < (pairs.exchangeable ? 1 : 2); ++side) {
    const DurationData data = margin(side);
    const DurationLikelihood one(data, {families_[side], false});
    for (int i = 0; i < one.space().count(); ++i) {
      FreeParameter parameter = one.space()[i];
      if (!pairs.exchangeable) parameter.name += side == 0 ? ", " + pairs.first : ", " + pairs.second;
      space_.add(parameter);
    }
  }
  space_.add({"atanh correlation", "1", "of the normal scores", -4, 4, 0, SearchScale::linear, {}});
}

DurationData PairLikelihood::margin(int side) const {
  DurationData data;
  data.name = pairs_.name + (pairs_.exchangeable ? "" : ", " + (side == 0 ? pairs_.first : pairs_.second));
  for (const auto& [a, b] : pairs_.pairs) {
    if (side == 0 || pairs_.exchangeable) data.durations.push_back(a);
    if (side == 1 || pairs_.exchangeable) data.durations.push_back(b);
  }
  for (Duration& d : data.durations) {
    d.cause = d.censored() ? -1 : 0;
    if (d.entry_spread_h > 0 && !d.censored()) d.upper_h += d.entry_spread_h;      // as the pair's likelihood sees it
    d.entry_spread_h = 0;
  }
  data.design.resize(data.count(), 0);
  return data;
}

Taylor<7> PairLikelihood::contribution(const Eigen::VectorXd& theta, const std::pair<Duration, Duration>& pair) const {
  Eta<Number> eta[2];
  int next = 0;
  for (int side = 0; side < 2; ++side) {
    if (side == 1 && pairs_.exchangeable) eta[1] = eta[0];
    else
      for (int j = 0; j < families_[side].count(); ++j, ++next) eta[side][static_cast<std::size_t>(j)] = Number::variable(theta[next], next);
  }
  const Number rho = tanh_of(Number::variable(theta[next], rho_index));
  const Scores a = scores_of(families_[0], eta[0], pair.first), b = scores_of(families_[1], eta[1], pair.second);
  const Number s2 = 1.0 - rho * rho;
  if (pair.first.exact() && pair.second.exact())
    return a.log_density + b.log_density - 0.5 * log_of(s2) - (rho * rho * (a.lower * a.lower + b.lower * b.lower) - 2.0 * rho * a.lower * b.lower) / (2.0 * s2);
  if (pair.first.exact() || pair.second.exact()) {
    const Scores& known = pair.first.exact() ? a : b;
    const Scores& other = pair.first.exact() ? b : a;
    const Number s = sqrt_of(s2);
    const auto given = [&](const Number& score) { return (score - rho * known.lower) / s; };
    if (other.upper.value == infinity) return known.log_density + log_tail_of(given(other.lower));
    const Number up = given(other.upper);
    if (other.lower.value == -infinity) return known.log_density + log_tail_of(-up);
    const Number low = given(other.lower);
    const bool upper_side = low.value + up.value > 0;
    const Number near = upper_side ? log_tail_of(low) : log_tail_of(-up), far = upper_side ? log_tail_of(up) : log_tail_of(-low);
    return known.log_density + near + log1m_exp(far - near);
  }
  const Number box = orthant(a.lower, b.lower, rho) - orthant(a.upper, b.lower, rho) - orthant(a.lower, b.upper, rho) + orthant(a.upper, b.upper, rho);
  return box.value > 0 ? log_of(box) : Number(-infinity);
}

Outcome PairLikelihood::sum(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd& gradient, Eigen::MatrixXd& information) const {
  const int count = parameter_count(), pairs = static_cast<int>(pairs_.pairs.size());
  constexpr int chunk = 256;      // pairs summed by one thread
  std::vector<Number> sums(static_cast<std::size_t>((pairs + chunk - 1) / chunk));
  parallel_for(static_cast<int>(sums.size()), [&](int c) {
    for (int i = c * chunk; i < std::min(pairs, (c + 1) * chunk); ++i) sums[static_cast<std::size_t>(c)] += contribution(theta, pairs_.pairs[static_cast<std::size_t>(i)]);
  });
  Number total;
  for (const Number& one : sums) total += one;
  value = total.value;
  gradient.resize(count);
  information.resize(count, count);
  const auto index = [&](int i) { return i == count - 1 ? rho_index : i; };
  for (int i = 0; i < count; ++i) {
    gradient[i] = total.slope[static_cast<std::size_t>(index(i))];
    for (int j = 0; j < count; ++j) information(i, j) = -total.hessian(index(i), index(j));
  }
  if (!std::isfinite(value) || !gradient.allFinite() || !information.allFinite()) return {Status::not_finite, "a pair of " + pairs_.name + " has no likelihood under these parameters"};
  return {};
}

Outcome PairLikelihood::evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool) const {
  const Outcome outcome = sum(theta, out.log_likelihood, out.gradient, out.information);
  if (!outcome.ok()) return outcome;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(out.information);
  if (eigen.eigenvalues().minCoeff() < 0) out.information = eigen.eigenvectors() * eigen.eigenvalues().cwiseAbs().asDiagonal() * eigen.eigenvectors().transpose();
  return {};
}

Eigen::MatrixXd PairLikelihood::observed_information(const Eigen::VectorXd& theta) const {
  double value = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd information;
  sum(theta, value, gradient, information);
  return information;
}

PearsonInterval pearson_interval(const std::vector<double>& x, const std::vector<double>& y, bool exchangeable) {
  const auto n = static_cast<Eigen::Index>(x.size());
  if (n < 4) return {std::nan(""), std::nan(""), std::nan("")};
  Eigen::VectorXd a(n), b(n);
  for (Eigen::Index i = 0; i < n; ++i) a[i] = x[static_cast<std::size_t>(i)], b[i] = y[static_cast<std::size_t>(i)];
  const double shift = exchangeable ? 0.5 * (a.mean() + b.mean()) : 0;
  a.array() -= exchangeable ? shift : a.mean();
  b.array() -= exchangeable ? shift : b.mean();
  const double r = exchangeable ? 2 * a.dot(b) / (a.squaredNorm() + b.squaredNorm()) : a.dot(b) / std::sqrt(a.squaredNorm() * b.squaredNorm());
  // Fisher: 1 / (n - 3), between classes; 1 / (n - 3/2) within classes of two
  const double z = std::atanh(r), spread = 1.959963984540054 / std::sqrt(static_cast<double>(n) - (exchangeable ? 1.5 : 3));
  return {r, std::tanh(z - spread), std::tanh(z + spread)};
}

PairFit fit_pairs(const DurationPairs& pairs, const DurationFamily& first, const DurationFamily& second) {
  const PairLikelihood function(pairs, first, second);
  PairFit out;
  out.pairs = static_cast<int>(pairs.pairs.size());
  std::vector<double> x, y;
  for (const auto& [a, b] : pairs.pairs)
    if (!a.censored() && !b.censored()) {
      x.push_back(middle(a));
      y.push_back(middle(b));
    }
  out.complete = static_cast<int>(x.size());
  const PearsonInterval plain = pearson_interval(x, y, pairs.exchangeable);
  out.pearson = plain.r, out.pearson_lower = plain.lower, out.pearson_upper = plain.upper;
  Eigen::VectorXd start(function.parameter_count());
  int next = 0;
  double apart = 0;
  for (int side = 0; side < (pairs.exchangeable ? 1 : 2); ++side) {
    const DurationData data = function.margin(side);
    const DurationLikelihood one(data, {side == 0 ? first : second, false});
    LikelihoodResult best;
    for (const auto& from : one.starts()) {
      const LikelihoodResult end = maximise(one, from, one.space().lower(), one.space().upper(), {}, {.gain_tolerance = 1e-14});
      if (best.theta.size() == 0 || end.at.log_likelihood > best.at.log_likelihood) best = end;
    }
    if (!best.outcome.ok()) {
      out.outcome = best.outcome;
      return out;
    }
    start.segment(next, best.theta.size()) = best.theta;
    next += static_cast<int>(best.theta.size());
    apart += best.at.log_likelihood;
  }
  start[next] = std::isfinite(plain.r) ? std::clamp(std::atanh(0.9 * plain.r), -2.0, 2.0) : 0;
  out.best = maximise(function, start, function.space().lower(), function.space().upper(), {}, {.gain_tolerance = 1e-14});
  out.outcome = out.best.outcome;
  if (!out.outcome.ok()) return out;
  const Identifiability known = identifiability_of(function.observed_information(out.best.theta), function.space());
  out.correlation = likelihood_interval(function, function.space(), out.best, known.covariance, parameter_quantity(function.space(), next, "correlation", [](double g) { return std::tanh(g); }));
  const std::string text = fmt::format("pairs of {}, {} of them", pairs.name, out.pairs);
  out.evidence = {"correlated", out.best.at.log_likelihood, next + 1, out.pairs, text};
  out.independent = {"independent", apart, next, out.pairs, text};
  out.test = likelihood_ratio(out.independent, out.evidence);
  return out;
}

}  // namespace hyped
