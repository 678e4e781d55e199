// Product-limit estimates for one end and for several.
#include "libhyped/tracks/durations/survival_curves.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace hyped {
namespace {

constexpr double z95 = 1.959963984540054, none = std::numeric_limits<double>::quiet_NaN();

struct RiskStep {
  double time = 0, at_risk = 0, ended = 0;
  std::vector<double> by_cause;
};

std::vector<RiskStep> risk_steps(const DurationData& data) {
  check_durations(data);
  std::map<double, RiskStep> steps;
  for (const Duration& d : data.durations) {
    const std::string where = "survival curve of " + data.name;
    if (d.residual || std::isfinite(d.seen_if_below_h)) throw InputError(where, "durations that were met half way, or kept only because they ended, have no product-limit estimate", "leave them out, or fit a family");
    if ((!d.censored() && !d.exact()) || d.entry_spread_h > 0) throw InputError(where, "times lie between frames", "use the Turnbull estimate");
    if (d.censored()) continue;
    RiskStep& step = steps[d.lower_h];
    step.time = d.lower_h;
    step.by_cause.resize(data.causes.size(), 0);
    ++step.ended;
    ++step.by_cause[static_cast<std::size_t>(d.cause)];
  }
  std::vector<RiskStep> out;
  for (auto& [time, step] : steps) {
    for (const Duration& d : data.durations) step.at_risk += d.seen_if_above_h < time && d.lower_h >= time;
    out.push_back(step);
  }
  return out;
}

}  // namespace

double SurvivalCurve::at(double t) const {
  const auto after = std::upper_bound(time_h.begin(), time_h.end(), t);
  return after == time_h.begin() ? 1 : survival[static_cast<std::size_t>(after - time_h.begin()) - 1];
}

SurvivalCurve kaplan_meier(const DurationData& data) {
  SurvivalCurve out;
  double survival = 1, sum = 0;
  for (const RiskStep& step : risk_steps(data)) {
    survival *= 1 - step.ended / step.at_risk;
    sum += step.ended / (step.at_risk * (step.at_risk - step.ended));
    const bool told = survival > 0 && survival < 1;
    const double spread = told ? z95 * std::sqrt(sum) / std::abs(std::log(survival)) : none;
    out.time_h.push_back(step.time);
    out.at_risk.push_back(step.at_risk);
    out.ended.push_back(step.ended);
    out.survival.push_back(survival);
    out.sd.push_back(told ? survival * std::sqrt(sum) : none);
    out.lower.push_back(told ? std::pow(survival, std::exp(spread)) : none);
    out.upper.push_back(told ? std::pow(survival, std::exp(-spread)) : none);
  }
  if (out.time_h.empty()) out.outcome = {Status::not_identifiable, "nothing ended"};
  return out;
}

CauseCurves aalen_johansen(const DurationData& data) {
  const std::vector<RiskStep> steps = risk_steps(data);
  const auto rows = static_cast<Eigen::Index>(steps.size()), causes = static_cast<Eigen::Index>(data.causes.size());
  CauseCurves out;
  out.probability = out.sd = out.lower = out.upper = Eigen::MatrixXd::Zero(rows, causes);
  std::vector<double> before;
  double survival = 1;
  for (Eigen::Index k = 0; k < rows; ++k) {
    const RiskStep& step = steps[static_cast<std::size_t>(k)];
    before.push_back(survival);
    for (Eigen::Index c = 0; c < causes; ++c) out.probability(k, c) = (k > 0 ? out.probability(k - 1, c) : 0) + survival * step.by_cause[static_cast<std::size_t>(c)] / step.at_risk;
    survival *= 1 - step.ended / step.at_risk;
    out.time_h.push_back(step.time);
    out.survival.push_back(survival);
  }
  for (Eigen::Index c = 0; c < causes; ++c)
    for (Eigen::Index k = 0; k < rows; ++k) {
      double variance = 0;
      for (Eigen::Index j = 0; j <= k; ++j) {
        const RiskStep& step = steps[static_cast<std::size_t>(j)];
        const double n = step.at_risk, d = step.ended, own = step.by_cause[static_cast<std::size_t>(c)], left = out.probability(k, c) - out.probability(j, c), s = before[static_cast<std::size_t>(j)];
        if (n > d) variance += left * left * d / (n * (n - d));      // where all end, nothing is left
        variance += s * s * (n - own) * own / (n * n * n) - 2 * left * s * own / (n * n);
      }
      const double p = out.probability(k, c);
      out.sd(k, c) = std::sqrt(std::max(0.0, variance));
      const bool told = p > 0 && p < 1;
      const double spread = told ? z95 * out.sd(k, c) / (p * std::abs(std::log(p))) : none;
      out.lower(k, c) = told ? std::pow(p, std::exp(spread)) : p;
      out.upper(k, c) = told ? std::pow(p, std::exp(-spread)) : p;
    }
  return out;
}

}  // namespace hyped
