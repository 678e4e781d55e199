// Descent with penalties that give exact zeros: orthant-wise L-BFGS, and accelerated proximal gradient where there are groups.
#include <fmt/format.h>

#include <algorithm>

#include "fitting/networks/descent_course.hpp"

namespace hyped {
namespace {

double lasso_of(const Penalty& penalty, Eigen::Index i) { return penalty.lasso.size() > 0 ? penalty.lasso[i] : 0.0; }

// The gradient of value + lasso on the side to which it falls; 0 where neither side does, or a bound stands in the way.
Eigen::VectorXd pseudo_gradient(const Penalty& penalty, const Eigen::VectorXd& theta, const Eigen::VectorXd& gradient) {
  Eigen::VectorXd out(theta.size());
  for (Eigen::Index i = 0; i < theta.size(); ++i) {
    const double w = lasso_of(penalty, i), g = gradient[i];
    out[i] = theta[i] > 0 ? g + w : theta[i] < 0 ? g - w : g + w < 0 ? g + w : g - w > 0 ? g - w : 0.0;
    if (penalty.lower.size() > 0 && theta[i] <= penalty.lower[i] && out[i] > 0) out[i] = 0;
    if (penalty.upper.size() > 0 && theta[i] >= penalty.upper[i] && out[i] < 0) out[i] = 0;
  }
  return out;
}

DescentResult orthant_wise(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options) {
  DescentCourse course(function, penalty, options);
  Eigen::VectorXd theta = penalty.proximal(start, Eigen::VectorXd::Zero(1)), gradient(start.size()), next(start.size()), next_gradient(start.size());
  course.result.theta = theta;
  double value = 0;
  if (!course.evaluate(theta, value, gradient)) return course.result;
  CurvaturePairs pairs(options.memory);
  while (!course.reached(theta, value, gradient)) {
    const Eigen::VectorXd falls = pseudo_gradient(penalty, theta, gradient);
    bool taken = false;
    for (int attempt = 0; attempt < 2 && !taken; ++attempt) {
      if (attempt == 1 && pairs.empty()) break;
      if (attempt == 1) pairs.clear();
      Eigen::VectorXd direction = -pairs.times(falls);
      for (Eigen::Index i = 0; i < direction.size(); ++i)
        if (direction[i] * falls[i] >= 0) direction[i] = 0;      // never against the side chosen
      double length = pairs.empty() ? std::min(1.0, 0.1 / std::max(1e-300, falls.norm())) : 1.0, next_value = 0;
      for (int i = 0; i < 50; ++i, length *= 0.5) {
        next = theta + length * direction;
        for (Eigen::Index k = 0; k < next.size(); ++k) {
          const double side = theta[k] != 0 ? theta[k] : -falls[k];
          if (lasso_of(penalty, k) > 0 && next[k] * side <= 0) next[k] = 0;
        }
        if (penalty.lower.size() > 0) next = next.cwiseMax(penalty.lower);
        if (penalty.upper.size() > 0) next = next.cwiseMin(penalty.upper);
        if (!course.evaluate(next, next_value, next_gradient)) continue;
        const double gain = value + penalty.value(theta) - next_value - penalty.value(next);
        const bool lower = gain >= -1e-4 * falls.dot(next - theta) && gain >= 0;
        // Where values differ by rounding alone, the optimality decides (as in Hager & Zhang 2005, SIAM J Optim 16:170).
        const bool nearer = std::abs(gain) <= 1e-13 * (1 + std::abs(value)) && optimality_of(penalty, next, next_gradient) < 0.9 * course.result.optimality;
        if ((lower || nearer) && (next - theta).cwiseAbs().maxCoeff() > 0) {
          taken = true;
          break;
        }
      }
      if (!taken) continue;
      pairs.add(next - theta, next_gradient - gradient);
      theta = next;
      gradient = next_gradient;
      value = next_value;
    }
    if (!taken) {
      course.end(Status::step_too_small, fmt::format("no step lowers the objective; the optimality is {:.2g}", course.result.optimality));
      break;
    }
  }
  return course.result;
}

// Steps by backtracking, momentum that is dropped when the objective rises.
DescentResult accelerated(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options) {
  DescentCourse course(function, penalty, options);
  Eigen::VectorXd theta = penalty.proximal(start, Eigen::VectorXd::Zero(1)), gradient(start.size()), ahead = theta, ahead_gradient(start.size()), next, next_gradient(start.size());
  course.result.theta = theta;
  double value = 0, ahead_value = 0, momentum = 1, step = 1;
  if (!course.evaluate(theta, value, gradient)) return course.result;
  ahead_value = value;
  ahead_gradient = gradient;
  while (!course.reached(theta, value, gradient)) {
    double next_value = 0;
    bool taken = false;
    step *= 1.5;
    for (int i = 0; i < 80; ++i, step *= 0.5) {
      next = penalty.proximal(ahead - step * ahead_gradient, Eigen::VectorXd::Constant(1, step));
      if (!course.evaluate(next, next_value, next_gradient)) continue;
      const Eigen::VectorXd moved = next - ahead;
      // Short enough by values; where they differ by rounding alone, by gradients (sufficient where the function is convex).
      if (next_value <= ahead_value + ahead_gradient.dot(moved) + moved.squaredNorm() / (2 * step) || (next_gradient - ahead_gradient).dot(moved) <= moved.squaredNorm() / (2 * step)) {
        taken = true;
        break;
      }
    }
    if (!taken) {
      course.end(Status::step_too_small, fmt::format("no step lowers the objective; the optimality is {:.2g}", course.result.optimality));
      break;
    }
    if (next_value + penalty.value(next) > value + penalty.value(theta) + 1e-14 * (1 + std::abs(value)) && momentum > 1) {      // restart from the last good point
      momentum = 1;
      ahead = theta;
      ahead_value = value;
      ahead_gradient = gradient;
      continue;
    }
    const double next_momentum = 0.5 * (1 + std::sqrt(1 + 4 * momentum * momentum));
    ahead = next + (momentum - 1) / next_momentum * (next - theta);
    theta = next;
    gradient = next_gradient;
    value = next_value;
    momentum = next_momentum;
    if (!course.evaluate(ahead, ahead_value, ahead_gradient)) {
      momentum = 1;
      ahead = theta;
      ahead_value = value;
      ahead_gradient = gradient;
    }
  }
  return course.result;
}

}  // namespace

DescentResult minimise_proximal(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options) {
  HYPED_REQUIRE(start.size() == function.size() && (penalty.lasso.size() == 0 || penalty.lasso.size() == start.size()));
  return penalty.groups.empty() ? orthant_wise(function, penalty, start, options) : accelerated(function, penalty, start, options);
}

}  // namespace hyped
