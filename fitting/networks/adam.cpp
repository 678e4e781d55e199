// Adam with proximal steps: full gradients, a fixed learning rate.
#include "fitting/networks/descent_course.hpp"

namespace hyped {

DescentResult minimise_adam(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options) {
  HYPED_REQUIRE(start.size() == function.size());
  constexpr double first_decay = 0.9, second_decay = 0.999, floor = 1e-8;      // of the paper
  DescentCourse course(function, penalty, options);
  Eigen::VectorXd theta = penalty.proximal(start, Eigen::VectorXd::Zero(1)), gradient(start.size()), first = Eigen::VectorXd::Zero(start.size()), second = first;
  course.result.theta = theta;
  double value = 0, rate = options.learning_rate, first_weight = 1, second_weight = 1;
  if (!course.evaluate(theta, value, gradient)) return course.result;
  Eigen::VectorXd best = theta, best_gradient = gradient;
  double best_value = value;
  while (!course.reached(theta, value, gradient)) {
    if (value + penalty.value(theta) < best_value + penalty.value(best)) best = theta, best_value = value, best_gradient = gradient;
    first = first_decay * first + (1 - first_decay) * gradient;
    second = second_decay * second + (1 - second_decay) * gradient.cwiseAbs2();
    first_weight *= first_decay;
    second_weight *= second_decay;
    Eigen::VectorXd scale = second / (1 - second_weight);
    for (const auto& group : penalty.groups) {      // one step length in a group, for the gradient and for the shrinkage: else the fixed point is another one
      double mean = 0;
      for (const int i : group.members) mean += scale[i] / static_cast<double>(group.members.size());
      for (const int i : group.members) scale[i] = mean;
    }
    const Eigen::VectorXd step = rate * (scale.cwiseSqrt().array() + floor).inverse().matrix();
    Eigen::VectorXd next = penalty.proximal(theta - (step.array() * first.array() / (1 - first_weight)).matrix(), step), next_gradient(start.size());
    double next_value = 0;
    if (!course.evaluate(next, next_value, next_gradient)) {
      rate *= 0.5;
      first.setZero();
      first_weight = 1;
      if (rate < 1e-6 * options.learning_rate) {
        course.end(Status::step_too_small, "the function cannot be evaluated around the best point");
        break;
      }
      continue;
    }
    theta = std::move(next);
    gradient = std::move(next_gradient);
    value = next_value;
  }
  DescentResult& out = course.result;
  if (best_value + penalty.value(best) < out.value + out.penalty) {
    out.theta = best;
    out.value = best_value;
    out.penalty = penalty.value(best);
    out.optimality = optimality_of(penalty, best, best_gradient);
  }
  return out;
}

}  // namespace hyped
