// Damped Fisher scoring within bounds.
#include "fitting/general_likelihood.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

// The damped step over the parameters in `moving` [P], zero elsewhere.
Eigen::VectorXd step_of(const LikelihoodValue& at, const std::vector<int>& moving, double damping) {
  const int size = static_cast<int>(moving.size());
  Eigen::MatrixXd matrix(size, size);
  Eigen::VectorXd right(size), step = Eigen::VectorXd::Zero(at.gradient.size());
  const double floor = 1e-12 * std::max(1e-300, at.information.diagonal().maxCoeff());
  for (int a = 0; a < size; ++a) {
    right[a] = at.gradient[moving[a]];
    for (int b = 0; b < size; ++b) matrix(a, b) = at.information(moving[a], moving[b]);
    matrix(a, a) += damping * std::max(matrix(a, a), floor) + floor;
  }
  const Eigen::VectorXd solved = matrix.ldlt().solve(right);
  for (int a = 0; a < size; ++a) step[moving[a]] = solved[a];
  return step;
}

bool usable(const Outcome& outcome, const LikelihoodValue& value, bool derivatives) {
  return outcome.ok() && std::isfinite(value.log_likelihood) && (!derivatives || (value.gradient.allFinite() && value.information.allFinite()));
}

}  // namespace

LikelihoodResult maximise(const LogLikelihood& function, const Eigen::VectorXd& start, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper,
                          const std::vector<int>& fixed, const ScoringOptions& options) {
  LikelihoodResult result;
  const int count = static_cast<int>(start.size());
  std::vector<bool> free(static_cast<std::size_t>(count), true);
  for (const int i : fixed) free[i] = false;
  result.theta = start;
  for (int i = 0; i < count; ++i)
    if (free[i]) result.theta[i] = std::clamp(start[i], lower[i], upper[i]);
  const Outcome first = function.evaluate(result.theta, result.at, true);
  if (!usable(first, result.at, true)) {
    result.outcome = first.ok() ? Outcome{Status::not_finite, "the likelihood is not finite at the start"} : first;
    result.at.log_likelihood = -std::numeric_limits<double>::infinity();
    return result;
  }
  result.start_log_likelihood = result.at.log_likelihood;
  result.outcome = {Status::not_converged, fmt::format("no convergence within {} iterations", options.iteration_limit)};
  double damping = 1e-4;
  Outcome failure;
  LikelihoodValue trial;
  while (result.iterations < options.iteration_limit) {
    std::vector<int> moving;
    for (int i = 0; i < count; ++i) {
      const bool held = (result.theta[i] <= lower[i] && result.at.gradient[i] <= 0) || (result.theta[i] >= upper[i] && result.at.gradient[i] >= 0);
      if (free[i] && !held) moving.push_back(i);
    }
    if (moving.empty()) {
      result.outcome = {};
      break;
    }
    const Eigen::VectorXd theta = (result.theta + step_of(result.at, moving, damping)).cwiseMax(lower.cwiseMin(result.theta)).cwiseMin(upper.cwiseMax(result.theta));
    const Eigen::VectorXd step = theta - result.theta;
    const double expected = result.at.gradient.dot(step) - 0.5 * step.dot(result.at.information * step);
    // A short step with little damping, or one that promises nothing, ends the search.
    if (std::abs(expected) < options.gain_tolerance && damping <= 1e-2) {
      result.outcome = {};
      break;
    }
    if (damping > 1e14 || step.cwiseAbs().maxCoeff() < 1e-14) {
      const bool flat = std::abs(expected) < 1e-6;
      result.outcome = flat ? Outcome{} : failure.ok() ? Outcome{Status::not_converged, "no step raises the likelihood"} : failure;
      break;
    }
    ++result.iterations;
    const Outcome outcome = function.evaluate(theta, trial, true);
    const bool good = usable(outcome, trial, true);
    if (!good && !outcome.ok()) failure = outcome;
    const double gain = good ? trial.log_likelihood - result.at.log_likelihood : -1;
    // differences of large sums are known to a few units in the last place only
    const double rounding = 8 * std::numeric_limits<double>::epsilon() * std::abs(result.at.log_likelihood);
    if (good && gain > 1e-4 * expected - rounding && gain >= -rounding) {
      result.theta = theta;
      std::swap(result.at, trial);
      damping = std::max(1e-12, damping * (gain > 0.5 * expected ? 0.1 : gain > 0.1 * expected ? 1.0 : 3.0));
    } else {
      damping = std::max(1e-6, damping) * 8;
    }
  }
  for (int i = 0; i < count; ++i) {
    if (!free[i]) continue;
    const double span = upper[i] - lower[i];
    if (result.theta[i] - lower[i] <= 1e-9 * span) result.at_lower.push_back(i);
    else if (upper[i] - result.theta[i] <= 1e-9 * span) result.at_upper.push_back(i);
    else result.gradient_norm = std::max(result.gradient_norm, std::abs(result.at.gradient[i]));
  }
  return result;
}

double score_error(const LogLikelihood& function, const Eigen::VectorXd& theta, double step) {
  LikelihoodValue at, above, below;
  if (!function.evaluate(theta, at, true).ok()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (int i = 0; i < theta.size(); ++i) {
    Eigen::VectorXd moved = theta;
    moved[i] = theta[i] + step;
    if (!function.evaluate(moved, above, false).ok()) return std::numeric_limits<double>::infinity();
    moved[i] = theta[i] - step;
    if (!function.evaluate(moved, below, false).ok()) return std::numeric_limits<double>::infinity();
    const double size = std::max({at.gradient.cwiseAbs().maxCoeff(), std::sqrt(std::max(0.0, at.information(i, i))), 1e-12});
    worst = std::max(worst, std::abs((above.log_likelihood - below.log_likelihood) / (2 * step) - at.gradient[i]) / size);
  }
  return worst;
}

}  // namespace hyped
