// Lagrange polynomials and piecewise controls.
#include "experiments/control/courses/control_course.hpp"

#include <algorithm>
#include <cmath>

namespace hyped::control {

std::vector<double> control_basis(ControlShape shape) {
  if (shape == ControlShape::piecewise_constant) return {0};
  if (shape == ControlShape::piecewise_linear) return {0, 1};
  return {(4 - std::sqrt(6.0)) / 10, (4 + std::sqrt(6.0)) / 10, 1};      // Radau IIA, Hairer & Wanner II, table IV.5.6
}

Eigen::VectorXd lagrange_weights(const std::vector<double>& nodes, double s) {
  Eigen::VectorXd w = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(nodes.size()));
  for (std::size_t j = 0; j < nodes.size(); ++j)
    for (std::size_t m = 0; m < nodes.size(); ++m)
      if (m != j) w[static_cast<Eigen::Index>(j)] *= (s - nodes[m]) / (nodes[j] - nodes[m]);
  return w;
}

Eigen::VectorXd lagrange_slopes(const std::vector<double>& nodes, double s) {
  Eigen::VectorXd w = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(nodes.size()));
  for (std::size_t j = 0; j < nodes.size(); ++j)
    for (std::size_t l = 0; l < nodes.size(); ++l) {
      if (l == j) continue;
      double product = 1 / (nodes[j] - nodes[l]);
      for (std::size_t m = 0; m < nodes.size(); ++m)
        if (m != j && m != l) product *= (s - nodes[m]) / (nodes[j] - nodes[m]);
      w[static_cast<Eigen::Index>(j)] += product;
    }
  return w;
}

int ControlCourse::interval_of(double t) const {
  const auto after = std::upper_bound(breaks.begin(), breaks.end(), t) - breaks.begin();
  return static_cast<int>(std::clamp<std::ptrdiff_t>(after - 1, 0, static_cast<std::ptrdiff_t>(values.size()) - 1));
}

Eigen::VectorXd ControlCourse::at(double t) const {
  const auto k = static_cast<std::size_t>(interval_of(t));
  const double length = breaks[k + 1] - breaks[k];
  return values[k].transpose() * lagrange_weights(basis, length > 0 ? (t - breaks[k]) / length : 0.0);
}

}  // namespace hyped::control
