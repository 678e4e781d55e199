// Expectations over cycle times by quadrature, with derivatives.
#include "libhyped/tracks/durations/stretched_cycle.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hyped {
namespace {

using Number = Taylor<4>;

Eta<Number> variables(const DurationFamily& family, const Eta<double>& eta) {
  Eta<Number> out;
  for (int j = 0; j < family.count(); ++j) out[static_cast<std::size_t>(j)] = Number::variable(eta[static_cast<std::size_t>(j)], j);
  return out;
}

// Sum of the density times `of(t)` over the nodes.
template <class F>
Number expectation(const DurationFamily& family, const Eta<Number>& eta, double from, const F& of) {
  Number sum;
  for (const Panel& node : quadrature_over(family, values_of(eta), from, std::numeric_limits<double>::infinity()))
    sum += node.weight * exp_of(log_density(family, eta, node.t)) * of(node.t);
  return sum;
}

}  // namespace

SteadyGrowth steady_growth(const DurationFamily& family, const Eta<double>& eta) {
  SteadyGrowth out;
  const Eta<Number> own = variables(family, eta);
  // log E[exp(-g T)] + log 2 falls and is convex in g: Newton from 0 comes up to the root from the left
  double g = 0;
  for (int i = 0; i < 100; ++i) {
    const Number transform = expectation(family, own, 0, [&](double t) { return Number(std::exp(-g * t)); });
    const double weighted = expectation(family, own, 0, [&](double t) { return Number(t * std::exp(-g * t)); }).value;
    const double step = (std::log(2 * transform.value)) * transform.value / weighted;
    for (int j = 0; j < 3; ++j) out.slope[j] = transform.slope[static_cast<std::size_t>(j)] / weighted;
    g += step;
    if (!std::isfinite(g)) break;
    if (std::abs(step) < 1e-15 * (1 + g)) {
      out.rate_per_h = g;
      return out;
    }
  }
  out.outcome = {Status::not_converged, "no rate of steady growth was found for these cycle times"};
  return out;
}

PulseCourse brdu_negative_g2m(const DurationFamily& family, const Eta<double>& eta, double k, std::span<const double> pulses_h) {
  HYPED_REQUIRE(k > 0 && k < 1);
  PulseCourse out;
  const SteadyGrowth growth = steady_growth(family, eta);
  out.outcome = growth.outcome;
  out.growth_rate_per_h = growth.rate_per_h;
  const auto rows = static_cast<Eigen::Index>(pulses_h.size());
  out.percent.setZero(rows);
  out.slope.setZero(rows, 4);
  if (!out.outcome.ok()) return out;
  const Eta<Number> own = variables(family, eta);
  Number g(growth.rate_per_h);
  for (int j = 0; j < family.count(); ++j) g.slope[static_cast<std::size_t>(j)] = growth.slope[j];
  const Number share = Number::variable(k, 3);
  for (Eigen::Index i = 0; i < rows; ++i) {
    const double pulse = pulses_h[static_cast<std::size_t>(i)];
    // the limit kT = pulse moves with k, but there the integrand is 0
    const Number sum = expectation(family, own, pulse / k, [&](double t) { return exp_of(Number(-g * ((1.0 - share) * t + pulse))) - exp_of(Number(-g * t)); });
    out.percent[i] = 200 * sum.value;
    for (int j = 0; j < 4; ++j) out.slope(i, j) = 200 * sum.slope[static_cast<std::size_t>(j)];
  }
  return out;
}

}  // namespace hyped
