// Transforms and their parametric bootstrap.
#include "fitting/duration_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "libhyped/parallel.hpp"
#include "libhyped/tracks/durations/duration_simulation.hpp"

namespace hyped {
namespace {

std::vector<std::array<double, 4>> etas_of(const DurationData& data, const DurationFit& fit) {
  const DurationLikelihood function(data, fit.model, fit.terms);
  std::vector<std::array<double, 4>> out;
  for (int i = 0; i < data.count(); ++i) {
    const DurationEta eta = function.eta_at(fit.best.theta, data.design.cols() > 0 ? Eigen::VectorXd(data.design.row(i).transpose()) : Eigen::VectorXd());
    out.push_back({eta[0].value, eta[1].value, eta[2].value, eta[3].value});
  }
  return out;
}

// P(seen <= t | seen at all) is itself the contribution of an interval from where seeing begins.
double cdf_until(const DurationModel& model, Duration d, const std::array<double, 4>& eta, const RemainingTime<double>* left, double t) {
  d.lower_h = d.seen_if_above_h;
  if (!(t > d.lower_h)) return 0;
  d.upper_h = t;
  return std::clamp(std::exp(log_contribution(model, d, eta, left)), 0.0, 1.0);
}

}  // namespace

std::vector<TransformedDuration> transformed_durations(const DurationData& data, const DurationFit& fit) {
  const auto etas = etas_of(data, fit);
  std::vector<TransformedDuration> out;
  std::optional<RemainingTime<double>> left;      // serves neighbours with equal parameters
  const AlikeDurations alike = alike_durations(data);
  std::size_t before = 0;
  for (std::size_t i = 0; i < etas.size(); ++i) {
    const Duration& d = data.durations[i];
    if (const auto first = static_cast<std::size_t>(alike.groups[static_cast<std::size_t>(alike.group_of[i])].first); first < i) {      // says the same as an earlier one
      out.push_back(out[first]);
      continue;
    }
    if (etas[i] != etas[before]) left.reset();
    before = i;
    if (d.residual && !left) left.emplace(fit.model.family, Eta<double>{etas[i][0], etas[i][1], etas[i][2]}, data.growth_rate_per_h);
    const auto until = [&](double t) { return cdf_until(fit.model, d, etas[i], d.residual ? &*left : nullptr, t); };
    const double lower = until(d.lower_h);
    out.push_back({lower, d.censored() ? 1 : d.exact() ? lower : until(d.upper_h)});
  }
  return out;
}

double anderson_darling(const std::vector<TransformedDuration>& transforms) {
  constexpr int cells = 1000;      // midpoint rule: the weight is not singular inside
  const double n = static_cast<double>(transforms.size());
  Eigen::VectorXd level = Eigen::VectorXd::Zero(cells);
  for (const auto& [lower, upper] : transforms)
    for (int k = 0; k < cells; ++k) {
      const double x = (k + 0.5) / cells;
      level[k] += x >= upper ? 1 : x <= lower ? 0 : (x - lower) / (upper - lower);
    }
  double sum = 0;
  for (int k = 0; k < cells; ++k) {
    const double x = (k + 0.5) / cells, gap = level[k] / n - x;
    sum += gap * gap / (x * (1 - x));
  }
  return n * sum / cells;
}

GoodnessOfFit goodness_of_fit(const DurationData& data, const DurationFit& fit, const GoodnessOptions& options) {
  GoodnessOfFit out;
  if (!fit.outcome.ok()) {
    out.outcome = fit.outcome;
    return out;
  }
  out.transforms = transformed_durations(data, fit);
  out.statistic = anderson_darling(out.transforms);
  const auto etas = etas_of(data, fit);
  const WatchTimes watch(data);
  std::vector<double> drawn(static_cast<std::size_t>(options.draws), -1);
  parallel_for(options.draws, [&](int b) {
    RandomStream random(options.seed, 42, static_cast<std::uint32_t>(b));
    const DurationData again = simulate_like(data, fit.model, etas, watch, random);
    // climbs from where the data were drawn; the statistic has no use for more digits
    const DurationFit refit = fit_durations(again, fit.model, fit.terms, {.intervals = false, .gain_tolerance = 1e-8, .start = fit.best.theta});
    if (refit.outcome.ok()) drawn[static_cast<std::size_t>(b)] = anderson_darling(transformed_durations(again, refit));
  });
  int above = 0;
  for (const double statistic : drawn) {
    out.failed += statistic < 0;
    out.draws += statistic >= 0;
    above += statistic >= out.statistic;
  }
  out.p_value = (1.0 + above) / (1.0 + out.draws);
  if (out.failed * 10 > options.draws) out.outcome = {Status::not_converged, fmt::format("{} of {} refits of drawn data failed", out.failed, options.draws)};
  return out;
}

}  // namespace hyped
