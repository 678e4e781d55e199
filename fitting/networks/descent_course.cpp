// Counting, curvature and endings of descents.
#include "fitting/networks/descent_course.hpp"

#include <fmt/format.h>

namespace hyped {

void CurvaturePairs::add(const Eigen::VectorXd& step, const Eigen::VectorXd& change) {
  if (!(step.dot(change) > 1e-10 * step.norm() * change.norm())) return;
  steps_.push_back(step);
  changes_.push_back(change);
  if (static_cast<int>(steps_.size()) <= memory_) return;
  steps_.erase(steps_.begin());
  changes_.erase(changes_.begin());
}

Eigen::VectorXd CurvaturePairs::times(const Eigen::VectorXd& gradient) const {
  Eigen::VectorXd q = gradient;
  std::vector<double> a(steps_.size());
  for (std::size_t i = steps_.size(); i-- > 0;) {
    a[i] = steps_[i].dot(q) / steps_[i].dot(changes_[i]);
    q -= a[i] * changes_[i];
  }
  if (!steps_.empty()) q *= steps_.back().dot(changes_.back()) / changes_.back().squaredNorm();
  for (std::size_t i = 0; i < steps_.size(); ++i) q += (a[i] - changes_[i].dot(q) / steps_[i].dot(changes_[i])) * steps_[i];
  return q;
}

bool DescentCourse::evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd& gradient) {
  ++result.evaluations;
  const Outcome outcome = function_.evaluate(theta, value, &gradient);
  if (outcome.ok() && std::isfinite(value) && gradient.allFinite()) return true;
  ++result.failed_evaluations;
  result.outcome = outcome.ok() ? Outcome{Status::not_finite, "the function or its gradient is not finite"} : outcome;
  return false;
}

bool DescentCourse::reached(const Eigen::VectorXd& theta, double value, const Eigen::VectorXd& gradient) {
  result.theta = theta;
  result.value = value;
  result.penalty = penalty_.value(theta);
  result.optimality = optimality_of(penalty_, theta, gradient);
  result.course.push_back(result.value + result.penalty);
  result.outcome = {};
  const int iteration = static_cast<int>(result.course.size()) - 1;
  result.iterations = iteration;
  if (result.optimality <= options_.tolerance) return true;
  if (options_.stop && options_.stop(iteration, theta, result.course.back())) return true;
  if (options_.least_gain > 0 && iteration >= 10 && result.course[static_cast<std::size_t>(iteration) - 10] - result.course.back() < options_.least_gain * std::abs(result.course.back())) return result.ended_by_gain = true;
  if (iteration < options_.iteration_limit) return false;
  end(Status::not_converged, fmt::format("{} iterations were not enough: the optimality is {:.2g}, not {:.2g}", iteration, result.optimality, options_.tolerance));
  return true;
}

void DescentCourse::end(Status status, std::string message) { result.outcome = {status, std::move(message)}; }

}  // namespace hyped
