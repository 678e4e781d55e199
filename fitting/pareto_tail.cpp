// Zhang and Stephens' estimate on tails of draws and of importance ratios.
#include "fitting/pareto_tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

constexpr int fewest = 5;      // values in a tail

// Exceedances over the value just below the `count` largest of sorted values.
Eigen::VectorXd exceedances(const Eigen::VectorXd& sorted, int count) {
  const double threshold = sorted[sorted.size() - count - 1];
  return sorted.tail(count).array() - threshold;
}

}  // namespace

double pareto_shape(const Eigen::VectorXd& x, double* scale) {
  const auto n = x.size();
  const double size = static_cast<double>(n);
  const int grid = 30 + static_cast<int>(std::sqrt(size));
  const double quartile = x[static_cast<Eigen::Index>(std::floor(size / 4 + 0.5)) - 1];
  Eigen::VectorXd theta(grid), weight(grid);
  for (int j = 0; j < grid; ++j) {
    theta[j] = 1 / x[n - 1] + (1 - std::sqrt(grid / (j + 0.5))) / (3 * quartile);
    const double k = (-theta[j] * x.array()).log1p().mean();
    weight[j] = size * (std::log(-theta[j] / k) - k - 1);
  }
  weight = (weight.array() - weight.maxCoeff()).exp();
  const double best = weight.dot(theta) / weight.sum();
  const double k = (-best * x.array()).log1p().mean();
  if (scale != nullptr) *scale = -k / best;
  return (k * size + 5) / (size + 10);
}

int pareto_tail_length(Eigen::Index draws, double efficiency) {
  const double n = static_cast<double>(draws);
  return static_cast<int>(std::min(n / 5, std::ceil(3 * std::sqrt(n / std::clamp(efficiency, 1e-3, 1.0)))));
}

double importance_khat(const Eigen::VectorXd& log_ratios) {
  const double top = log_ratios.maxCoeff();
  const int count = pareto_tail_length(log_ratios.size());
  if (count < fewest || !std::isfinite(top)) return std::numeric_limits<double>::infinity();
  Eigen::VectorXd ratios = (log_ratios.array() - top).exp();      // draws of zero density: 0
  std::sort(ratios.begin(), ratios.end());
  const Eigen::VectorXd tail = exceedances(ratios, count);
  if (tail[count - 1] < 1e-10) return -1;      // all alike: the approximation is exact
  return tail[0] > 0 && tail[(count + 2) / 4 - 1] > 0 ? pareto_shape(tail) : std::numeric_limits<double>::infinity();
}

TailShape upper_tail(const Eigen::VectorXd& draws, double efficiency) {
  Eigen::VectorXd sorted = draws;
  std::sort(sorted.begin(), sorted.end());
  TailShape out;
  const double share = std::clamp(efficiency, 1e-3, 1.0);
  for (const int count : {pareto_tail_length(sorted.size(), share), static_cast<int>(sorted.size() / 5)}) {
    if (count < fewest) continue;
    const Eigen::VectorXd tail = exceedances(sorted, count);
    if (!(tail[std::max(0, (count + 2) / 4 - 1)] > 0)) continue;
    const double k = pareto_shape(tail);
    if (out.known && k <= out.k) continue;
    out = {k, (1 + std::max(k, -0.4)) / std::sqrt(count * share), true};
  }
  return out;
}

}  // namespace hyped
