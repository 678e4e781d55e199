// Variance over the folds of each deal, averaged over deals.
#include "experiments/grn/fit/jackknife.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "libhyped/distance/tail_probability.hpp"

namespace hyped {

JackknifeRange jackknife_range(const FittedGrn& fitted, int parameter) {
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  const NetworkTransform& transform = fitted.network.problem.transform;
  const bool logarithmic = transform.logarithmic[static_cast<std::size_t>(parameter)];
  const double best = fitted.fit.best().theta[parameter], none = logarithmic ? transform.start()[parameter] : 0.0;
  const auto natural = [&](double theta) { return logarithmic ? std::exp(theta) : theta; };
  JackknifeRange out;
  out.estimate = natural(best);
  out.lower = out.upper = missing;
  out.members = static_cast<int>(fitted.member_theta.size());
  struct Deal {
    double squares = 0, members = 0;      // about the estimate from all conditions: folds that agree on another value than it widen the range
  };
  std::map<int, Deal> deals;
  for (std::size_t k = 0; k < fitted.member_theta.size(); ++k) {
    const double theta = fitted.member_theta[k][parameter];
    Deal& deal = deals[fitted.member_deal[k]];
    deal.squares += (theta - best) * (theta - best);
    deal.members += 1;
    out.same_sign += (theta - none) * (best - none) > 0 ? 1 : 0;
  }
  double variance = 0, used = 0, fewest = std::numeric_limits<double>::infinity();
  for (const auto& [at, deal] : deals) {
    if (deal.members < 2) continue;      // the other folds of it could not be fitted
    variance += (deal.members - 1) / deal.members * deal.squares;
    used += 1;
    fewest = std::min(fewest, deal.members);
  }
  if (used == 0) return out;
  const double half = student_quantile(0.975, fewest - 1) * std::sqrt(variance / used);
  // Signs that a prior gives bound the range as they bound the estimate.
  const Penalty& penalty = fitted.network.problem.penalty;
  const double low = penalty.lower.size() > 0 ? penalty.lower[parameter] : -std::numeric_limits<double>::infinity(), high = penalty.upper.size() > 0 ? penalty.upper[parameter] : std::numeric_limits<double>::infinity();
  out.lower = natural(std::max(best - half, low));
  out.upper = natural(std::min(best + half, high));
  out.identified = best != none && std::abs(best - none) > half;
  return out;
}

}  // namespace hyped
