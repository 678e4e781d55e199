// Euler-Lotka.
#include "libhyped/simulate/balanced_growth.hpp"

#include <cmath>

namespace hyped {

BalancedGrowth balanced_growth(const StagedModel& model, std::span<const double> parameters) {
  const auto& chain = model.chain();
  const int stages = model.stage_count(), count = model.parameter_count();
  BalancedGrowth result;
  std::vector<double> rate(model.group_count());
  Eigen::MatrixXd slope;
  model.group_rates(parameters, rate, slope);

  int divider = -1;
  for (int i = 0; i < stages; ++i)
    if (chain.offspring[i] > 1) divider = i;
  if (divider < 0) {
    result.outcome = {Status::not_converged, "no phase of this model divides: there is no balanced growth"};
    return result;
  }
  std::vector<int> cycle;
  for (int i = chain.target[divider];; i = chain.target[i]) {
    cycle.push_back(i);
    if (i == divider || static_cast<int>(cycle.size()) > stages) break;
  }
  auto exit_rate = [&](int i) { return chain.stage_scale[i] * rate[chain.exit_group[i]]; };
  auto death_rate = [&](int i) { return chain.death_group[i] >= 0 ? rate[chain.death_group[i]] : 0.0; };

  // F(lambda) = log(offspring) + sum log(a/(a+d+lambda)) is convex and decreasing for lambda > -min(a+d).
  double low = -1e300, lambda = 0;
  for (const int i : cycle) low = std::max(low, -(exit_rate(i) + death_rate(i)));
  auto value = [&](double l, double& derivative) {
    double f = std::log(static_cast<double>(chain.offspring[divider]));
    derivative = 0;
    for (const int i : cycle) {
      f += std::log(exit_rate(i) / (exit_rate(i) + death_rate(i) + l));
      derivative -= 1 / (exit_rate(i) + death_rate(i) + l);
    }
    return f;
  };
  double high = 1, derivative = 0;
  while (value(high, derivative) > 0) high *= 2;
  lambda = 0.5 * (std::max(low, -1e3) + high);
  for (int iteration = 0; iteration < 200; ++iteration) {
    const double f = value(lambda, derivative);
    (f > 0 ? low : high) = lambda;
    double next = lambda - f / derivative;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const double change = std::abs(next - lambda);
    lambda = next;
    if (change <= 1e-16 + 1e-15 * std::abs(lambda)) break;
  }
  value(lambda, derivative);
  result.growth_rate = lambda;
  // Implicit function theorem: d lambda = -(dF/dp) / (dF/dlambda).
  result.growth_slope = Eigen::VectorXd::Zero(count);
  for (const int i : cycle) {
    const double out = exit_rate(i) + death_rate(i) + lambda;
    const Eigen::RowVectorXd da = chain.stage_scale[i] * slope.row(chain.exit_group[i]);
    result.growth_slope += (da * (1 / exit_rate(i) - 1 / out)).transpose();
    if (chain.death_group[i] >= 0) result.growth_slope -= slope.row(chain.death_group[i]).transpose() / out;
  }
  result.growth_slope /= -derivative;

  // Stable distribution: n_next (a_next + d_next + lambda) = a_i n_i along the cycle.
  result.stages = Eigen::VectorXd::Zero(stages);
  result.stages_slope = Eigen::MatrixXd::Zero(stages, count);
  double log_n = 0;
  Eigen::RowVectorXd dlog_n = Eigen::RowVectorXd::Zero(count);
  for (std::size_t k = 0; k < cycle.size(); ++k) {
    const int i = cycle[k];
    if (k > 0) {
      const int before = cycle[k - 1];
      const double out = exit_rate(i) + death_rate(i) + lambda;
      log_n += std::log(exit_rate(before) / out);
      dlog_n += chain.stage_scale[before] * slope.row(chain.exit_group[before]) / exit_rate(before);
      dlog_n -= (chain.stage_scale[i] * slope.row(chain.exit_group[i]) + result.growth_slope.transpose()) / out;
      if (chain.death_group[i] >= 0) dlog_n -= slope.row(chain.death_group[i]) / out;
    }
    result.stages[i] = std::exp(log_n);
    result.stages_slope.row(i) = result.stages[i] * dlog_n;
  }
  const double total = result.stages.sum();
  const Eigen::RowVectorXd total_slope = result.stages_slope.colwise().sum();
  result.stages /= total;
  result.stages_slope = (result.stages_slope - result.stages * total_slope) / total;
  return result;
}

}  // namespace hyped
