// Exponential stays conditioned on their sum.
#include "fitting/memoryless_cycle.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

#include "fitting/identifiability.hpp"
#include "libhyped/random.hpp"

namespace hyped {

template <class T>
T log_cycle_within(const std::array<T, 3>& rates, const T& skip, double hours) {
  if (std::isinf(hours)) return T(0.0);
  T fastest = rates[0];
  for (const T& rate : rates)
    if (value_of(rate) > value_of(fastest)) fastest = rate;
  // the jump chain of clock `fastest`: position after n ticks, weighed by the Poisson number of ticks
  const T ticks = fastest * hours;
  std::array<T, 3> leave, in{T(1.0), T(0.0), T(0.0)};
  for (int i = 0; i < 3; ++i) leave[i] = rates[i] / fastest;
  T done(0.0), weight = exp_of(T(-ticks)), sum(0.0);
  for (double n = 1; n < 1e6; ++n) {
    const T out = in[2] * leave[2];
    done = done + out;
    const T first = in[0] * leave[0];
    in[2] = in[2] - out + in[1] * leave[1] + first * skip;
    in[1] = in[1] * (T(1.0) - leave[1]) + first * (T(1.0) - skip);
    in[0] = in[0] - first;
    weight = weight * ticks / n;
    sum = sum + weight * done;
    if (n > value_of(ticks) && value_of(weight) < 1e-18 * value_of(sum) && largest_derivative(weight) <= 1e-16 * (1 + largest_derivative(sum))) break;
  }
  return log_of(sum);
}
template double log_cycle_within<double>(const std::array<double, 3>&, const double&, double);
template Taylor<4> log_cycle_within<Taylor<4>>(const std::array<Taylor<4>, 3>&, const Taylor<4>&, double);

std::array<double, 3> mean_stays_within(const std::array<double, 3>& rates, double hours) {
  std::array<Taylor<4>, 3> by;
  for (int i = 0; i < 3; ++i) by[i] = Taylor<4>::variable(rates[i], i);
  const Taylor<4> within = log_cycle_within(by, Taylor<4>(0.0), hours);
  std::array<double, 3> out;
  for (int i = 0; i < 3; ++i) out[i] = 1 / rates[i] - within.slope[i];      // d log(rate^n P) = 0 at the mean of the exponential family
  return out;
}

MemorylessCycles::MemorylessCycles(std::vector<CompleteCycle> cycles, double within_h, MiddlePhase middle) : cycles_(std::move(cycles)), within_h_(within_h), middle_(middle) {
  if (cycles_.empty()) throw InputError("complete cycles", "there are none", "give tracks that hold a whole cycle");
  double longest = 0, sums[3] = {0, 0, 0};
  for (std::size_t i = 0; i < cycles_.size(); ++i) {
    double sum = 0;
    for (int p = 0; p < 3; ++p) {
      const double hours = cycles_[i].hours[p];
      if (!(hours >= 0) || !std::isfinite(hours)) throw InputError(fmt::format("complete cycle number {}", i), fmt::format("{} h in a phase", hours), "hours are finite and not negative");
      sum += hours;
      sums[p] += hours;
    }
    longest = std::max(longest, sum);
  }
  if (longest > within_h_) throw InputError("complete cycles", fmt::format("one lasted {:.4g} h, but only those within {:.4g} h are said to be kept", longest, within_h_), "check the length of the film");
  for (int p = 0; p < 3; ++p) {
    if (!(sums[p] > 0)) throw InputError("complete cycles", fmt::format("no cycle spent time in phase {}", p + 1), "leave the phase out");
    space_.add({fmt::format("log rate {}", p + 1), "1/h", "", -12, 5, std::log(static_cast<double>(cycles_.size()) / sums[p]), SearchScale::linear, {}});
  }
  if (middle_ == MiddlePhase::may_be_skipped) space_.add({"logit skip", "1", "probability of skipping the middle phase", -12, 12, 0, SearchScale::linear, {}});
}

Taylor<4> MemorylessCycles::total(const Eigen::VectorXd& theta) const {
  const bool skipping = middle_ == MiddlePhase::may_be_skipped;
  const auto n = static_cast<double>(cycles_.size());
  std::array<Taylor<4>, 3> rates;
  Taylor<4> sum, skip;
  double seen = n;
  if (skipping) {
    const Taylor<4> logit = Taylor<4>::variable(theta[3], 3);
    for (const auto& cycle : cycles_) seen -= !(cycle.hours[1] > 0);
    skip = exp_of(Taylor<4>(-softplus(Taylor<4>(-logit))));
    sum = -seen * softplus(logit) - (n - seen) * softplus(Taylor<4>(-logit));
  }
  for (int p = 0; p < 3; ++p) {
    const Taylor<4> log_rate = Taylor<4>::variable(theta[p], p);
    rates[p] = exp_of(log_rate);
    double hours = 0;
    for (const auto& cycle : cycles_) hours += cycle.hours[p];
    sum += (p == 1 ? seen : n) * log_rate - hours * rates[p];
  }
  return sum - n * log_cycle_within(rates, skip, within_h_);
}

Eigen::MatrixXd MemorylessCycles::observed_information(const Eigen::VectorXd& theta) const {
  const Taylor<4> sum = total(theta);
  Eigen::MatrixXd out(parameter_count(), parameter_count());
  for (int i = 0; i < out.rows(); ++i)
    for (int j = 0; j < out.cols(); ++j) out(i, j) = -sum.hessian(i, j);
  return out;
}

Outcome MemorylessCycles::evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool) const {
  const Taylor<4> sum = total(theta);
  out.log_likelihood = sum.value;
  out.gradient = Eigen::Map<const Eigen::VectorXd>(sum.slope.data(), parameter_count());
  out.information = observed_information(theta);
  if (!std::isfinite(sum.value) || !out.information.allFinite()) return {Status::not_finite, "the likelihood of the complete cycles is not finite"};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(out.information);
  if (eigen.eigenvalues().minCoeff() < 0) out.information = eigen.eigenvectors() * eigen.eigenvalues().cwiseAbs().asDiagonal() * eigen.eigenvectors().transpose();
  return {};
}

MemorylessFit fit_memoryless(const std::vector<CompleteCycle>& cycles, double within_h, const std::array<std::string, 3>& phases, MiddlePhase middle) {
  const MemorylessCycles function(cycles, within_h, middle);
  MemorylessFit out;
  out.best = maximise(function, function.space().start(), function.space().lower(), function.space().upper(), {}, {.gain_tolerance = 1e-14});
  out.outcome = out.best.outcome;
  if (!out.outcome.ok()) return out;
  const Identifiability known = identifiability_of(function.observed_information(out.best.theta), function.space());
  for (int p = 0; p < 3; ++p) {
    out.rate[p] = std::exp(out.best.theta[p]);
    out.intervals.push_back(likelihood_interval(function, function.space(), out.best, known.covariance, parameter_quantity(function.space(), p, phases[p], [](double g) { return std::exp(g); })));
  }
  if (middle == MiddlePhase::may_be_skipped) {
    out.intervals.push_back(likelihood_interval(function, function.space(), out.best, known.covariance, parameter_quantity(function.space(), 3, "skips " + phases[1], [](double g) { return 1 / (1 + std::exp(-g)); })));
    out.skip = out.intervals.back().estimate;
  }
  out.kept_fraction = std::exp(log_cycle_within(out.rate, out.skip, within_h));
  return out;
}

RatesAgainstTracks rates_against_tracks(const std::vector<CompleteCycle>& cycles, double within_h, const MemorylessFit& best, const std::array<double, 3>& rates, double frame_h, int draws, std::uint64_t seed) {
  const MemorylessCycles function(cycles, within_h);
  RatesAgainstTracks out;
  LikelihoodValue value;
  const Outcome outcome = function.evaluate(Eigen::Vector3d(std::log(rates[0]), std::log(rates[1]), std::log(rates[2])), value, false);
  HYPED_REQUIRE(outcome.ok());
  out.log_likelihood = value.log_likelihood;
  out.below_best = best.best.at.log_likelihood - value.log_likelihood;
  out.p_value = boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(3), std::max(0.0, 2 * out.below_best)));
  out.kept_fraction = std::exp(log_cycle_within(rates, 0.0, within_h));
  out.expected_mean = mean_stays_within(rates, within_h);
  for (int p = 0; p < 3; ++p) {
    for (const auto& cycle : cycles) out.observed_mean[p] += cycle.hours[p];
    out.observed_mean[p] /= static_cast<double>(cycles.size());
  }
  RandomStream random(seed, 44, 0);
  int as_short = 0;
  double silent = 0;
  for (int b = 0; b < draws; ++b) {
    double first = 0;
    for (std::size_t i = 0; i < cycles.size();) {
      double stays[3], sum = 0;
      for (int p = 0; p < 3; ++p) sum += stays[p] = random.exponential() / rates[p];
      if (sum > within_h) continue;
      first += stays[0];
      silent += stays[1] < frame_h;
      ++i;
    }
    as_short += first <= out.observed_mean[0] * static_cast<double>(cycles.size());
  }
  out.as_short = as_short / static_cast<double>(draws);
  const auto n = static_cast<double>(cycles.size());
  for (const auto& cycle : cycles) out.silent_observed += cycle.hours[1] < frame_h;
  out.silent_expected = silent / draws;
  out.silent_p_value = out.silent_observed > 0 ? boost::math::cdf(boost::math::complement(boost::math::binomial_distribution<double>(n, out.silent_expected / n), out.silent_observed - 1)) : 1;
  return out;
}

}  // namespace hyped
