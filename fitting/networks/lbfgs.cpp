// L-BFGS with a line search that meets the strong Wolfe conditions.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "fitting/networks/descent_course.hpp"

namespace hyped {
namespace {

constexpr double decrease = 1e-4, curvature = 0.9;

struct Trial {
  double length = 0, value = 0, slope = 0;
  Eigen::VectorXd theta, gradient;
};

// The minimiser of the cubic through two values and slopes, kept inside the middle 80 % of the interval.
double cubic_minimum(const Trial& a, const Trial& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length);
  const double inside = d1 * d1 - a.slope * b.slope;
  const double low = std::min(a.length, b.length), high = std::max(a.length, b.length), edge = 0.1 * (high - low);
  if (!(inside >= 0)) return 0.5 * (low + high);
  const double d2 = std::copysign(std::sqrt(inside), b.length - a.length);
  const double at = b.length - (b.length - a.length) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  return std::isfinite(at) ? std::clamp(at, low + edge, high - edge) : 0.5 * (low + high);
}

class LineSearch {
 public:
  LineSearch(DescentCourse& course, const Eigen::VectorXd& direction, const Trial& start) : course_(course), direction_(direction), start_(start) {}
  // Algorithm 3.5; a trial that cannot be evaluated shortens the step. False: nothing acceptable was found.
  bool find(double first, Trial& found) {
    Trial before = start_;
    double length = first, longest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 40; ++i) {
      Trial trial;
      if (!evaluate(length, trial)) {
        longest = length;
        length = 0.5 * (before.length + length);
        if (length - before.length < 1e-16 * (1 + length)) return false;
        continue;
      }
      if (trial.value > start_.value + decrease * length * start_.slope || (before.length > 0 && trial.value >= before.value)) return zoom(before, trial, found);
      if (std::abs(trial.slope) <= -curvature * start_.slope) return found = trial, true;
      if (trial.slope >= 0) return zoom(trial, before, found);
      before = trial;
      length = std::isinf(longest) ? 2 * length : 0.5 * (length + longest);
    }
    return found = before, before.length > 0;
  }

 private:
  bool evaluate(double length, Trial& trial) {
    trial.length = length;
    trial.theta = start_.theta + length * direction_;
    if (!course_.evaluate(trial.theta, trial.value, trial.gradient)) return false;
    trial.slope = trial.gradient.dot(direction_);
    return true;
  }
  // Algorithm 3.6: `low` satisfies the decrease and has the lowest value so far.
  bool zoom(Trial low, Trial high, Trial& found) {
    for (int i = 0; i < 40; ++i) {
      Trial trial;
      if (!evaluate(cubic_minimum(low, high), trial)) return found = low, low.length > 0;
      if (trial.value > start_.value + decrease * trial.length * start_.slope || trial.value >= low.value) {
        high = trial;
      } else {
        if (std::abs(trial.slope) <= -curvature * start_.slope) return found = trial, true;
        if (trial.slope * (high.length - low.length) >= 0) high = low;
        low = trial;
      }
      if (std::abs(high.length - low.length) < 1e-14 * std::max(high.length, low.length)) break;
    }
    return found = low, low.length > 0;
  }
  DescentCourse& course_;
  const Eigen::VectorXd& direction_;
  const Trial& start_;
};

}  // namespace

DescentResult minimise_lbfgs(const SmoothFunction& function, const Eigen::VectorXd& start, const DescentOptions& options) {
  HYPED_REQUIRE(start.size() == function.size());
  const Penalty none;
  DescentCourse course(function, none, options);
  Trial at;
  at.theta = course.result.theta = start;
  at.gradient.resize(start.size());
  if (!course.evaluate(start, at.value, at.gradient)) return course.result;
  CurvaturePairs pairs(options.memory);
  while (!course.reached(at.theta, at.value, at.gradient)) {
    Eigen::VectorXd direction = -pairs.times(at.gradient);
    at.length = 0;
    at.slope = direction.dot(at.gradient);
    Trial next;
    bool found = LineSearch(course, direction, at).find(pairs.empty() ? 1 / std::max(1.0, at.gradient.norm()) : 1.0, next);
    if (!found && !pairs.empty()) {      // once more along the gradient
      pairs.clear();
      direction = -at.gradient;
      at.slope = -at.gradient.squaredNorm();
      found = LineSearch(course, direction, at).find(1 / std::max(1.0, at.gradient.norm()), next);
    }
    if (!found) {
      course.end(Status::step_too_small, fmt::format("no step lowers the objective; the optimality is {:.2g}", course.result.optimality));
      break;
    }
    pairs.add(next.theta - at.theta, next.gradient - at.gradient);
    at = std::move(next);
  }
  return course.result;
}

}  // namespace hyped
