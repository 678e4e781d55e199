// Values and proximal steps of the penalties.
#include <cmath>

#include "fitting/networks/smooth_function.hpp"

namespace hyped {

double Penalty::value(const Eigen::VectorXd& theta) const {
  double sum = 0;
  if (lasso.size() > 0) sum += lasso.dot(theta.cwiseAbs());
  for (const Group& group : groups) {
    double squares = 0;
    for (const int i : group.members) squares += theta[i] * theta[i];
    sum += group.weight * std::sqrt(squares);
  }
  return sum;
}

Eigen::VectorXd Penalty::proximal(const Eigen::VectorXd& theta, const Eigen::VectorXd& step) const {
  HYPED_ASSERT(step.size() == 1 || step.size() == theta.size());
  const auto step_of = [&](Eigen::Index i) { return step.size() == 1 ? step[0] : step[i]; };
  Eigen::VectorXd out = theta;
  if (lasso.size() > 0)
    for (Eigen::Index i = 0; i < out.size(); ++i) {
      const double cut = step_of(i) * lasso[i];
      out[i] = out[i] > cut ? out[i] - cut : out[i] < -cut ? out[i] + cut : 0.0;
    }
  if (lower.size() > 0) out = out.cwiseMax(lower);
  if (upper.size() > 0) out = out.cwiseMin(upper);
  for (const Group& group : groups) {
    double squares = 0;
    for (const int i : group.members) {
      HYPED_ASSERT(lower.size() == 0 || lower[i] == 0 || std::isinf(lower[i]));
      HYPED_ASSERT(upper.size() == 0 || upper[i] == 0 || std::isinf(upper[i]));
      squares += out[i] * out[i];
    }
    const double norm = std::sqrt(squares), cut = group.members.empty() ? 0 : step_of(group.members.front()) * group.weight;
    const double factor = norm > cut ? 1 - cut / norm : 0;
    for (const int i : group.members) out[i] = factor == 0 ? 0 : factor * out[i];
  }
  return out;
}

Penalty Penalty::scaled(double factor) const {
  Penalty out = *this;
  out.lasso *= factor;
  for (Group& group : out.groups) group.weight *= factor;
  return out;
}

double optimality_of(const Penalty& penalty, const Eigen::VectorXd& theta, const Eigen::VectorXd& gradient) {
  if (theta.size() == 0) return 0;
  return (theta - penalty.proximal(theta - gradient, Eigen::VectorXd::Ones(1))).cwiseAbs().maxCoeff();
}

}  // namespace hyped
