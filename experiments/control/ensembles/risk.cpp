// Measures over members.
#include "experiments/control/ensembles/risk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {
namespace {

std::vector<Eigen::Index> order_of(const Eigen::VectorXd& values) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return values[a] < values[b]; });
  return order;
}

}  // namespace

std::string to_words(const Risk& risk) {
  switch (risk.measure) {
    case RiskMeasure::mean: return "mean of the distance over the members";
    case RiskMeasure::quantile: return fmt::format("{:.0f} % quantile of the distance over the members", 100 * risk.level);
    case RiskMeasure::worst: return "largest distance of any member";
    case RiskMeasure::reach: return fmt::format("share of the members within {:.6g} of the target", risk.within);
  }
  return "";
}

double effective_count(const Eigen::VectorXd& weights) { return weights.sum() * weights.sum() / weights.squaredNorm(); }

double smooth_quantile(const Eigen::VectorXd& values, const Eigen::VectorXd& weights, double level, Eigen::VectorXd* gradient) {
  HYPED_REQUIRE(values.size() > 0 && values.size() == weights.size() && level > 0 && level < 1);
  const double n = effective_count(weights), a = level * (n + 1), b = (1 - level) * (n + 1), sum = weights.sum();
  if (gradient) gradient->setZero(values.size());
  double below = 0, before = 0, out = 0;
  for (const Eigen::Index m : order_of(values)) {
    below += weights[m] / sum;
    const double after = boost::math::ibeta(a, b, std::min(1.0, below));
    out += (after - before) * values[m];
    if (gradient) (*gradient)[m] = after - before;
    before = after;
  }
  return out;
}

double risk_of(const Risk& risk, const Eigen::VectorXd& distances, const Eigen::VectorXd& weights, Eigen::VectorXd* gradient) {
  const double sum = weights.sum();
  switch (risk.measure) {
    case RiskMeasure::quantile: return smooth_quantile(distances, weights, risk.level, gradient);
    case RiskMeasure::mean:
      if (gradient) *gradient = weights / sum;
      return distances.dot(weights) / sum;
    case RiskMeasure::worst: {
      Eigen::Index at = 0;
      const double out = distances.maxCoeff(&at);
      if (gradient) *gradient = Eigen::VectorXd::Unit(distances.size(), at);
      return out;
    }
    case RiskMeasure::reach: {
      HYPED_REQUIRE(risk.within > 0);
      const double s = 0.1 * risk.within;
      double out = 0;
      if (gradient) gradient->setZero(distances.size());
      for (Eigen::Index m = 0; m < distances.size(); ++m) {
        const double inside = 1 / (1 + std::exp((distances[m] - risk.within) / s));
        out -= weights[m] / sum * inside;
        if (gradient) (*gradient)[m] = weights[m] / sum * inside * (1 - inside) / s;
      }
      return out;
    }
  }
  return 0;
}

PredictiveRange predictive_range(const Eigen::VectorXd& values, const Eigen::VectorXd& weights, double level) {
  const double n = effective_count(weights), sum = weights.sum(), tail = 0.5 * (1 - level) * (n + 1) / n;
  const auto order = order_of(values);
  PredictiveRange out{values[order.front()], values[order.back()], 0};
  double low = 1 / n, high = 1 / n, below = 0, above = 0;      // share of the members up to the two ends, these included
  for (std::size_t k = 0; k < order.size(); ++k) {
    if ((below += weights[order[k]] / sum) > tail * (1 + 1e-12)) break;
    out.lower = values[order[k]], low = below;
  }
  for (std::size_t k = order.size(); k-- > 0;) {
    if ((above += weights[order[k]] / sum) > tail * (1 + 1e-12)) break;
    out.upper = values[order[k]], high = above;
  }
  out.level = std::max(0.0, 1 - std::max((low + high) * n, 2.0) / (n + 1));      // light members at the ends promise no more than n equal ones
  return out;
}

std::string range_words(double level) { return fmt::format("{:.0f} % range", 100 * std::min(0.9, level)); }

double succession(double share, double effective) { return (effective * share + 1) / (effective + 2); }

}  // namespace hyped::control
