// Eigen-analysis of the information.
#include "fitting/identifiability.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace hyped {

Identifiability identifiability_of(const Eigen::MatrixXd& information, const ParameterSpace& space, double relative, double widths) {
  Identifiability out;
  const int count = static_cast<int>(information.rows());
  const Eigen::VectorXd width = space.upper() - space.lower();
  const Eigen::MatrixXd scaled = width.asDiagonal() * information * width.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(scaled);
  out.eigenvalues = eigen.eigenvalues();
  out.identified.assign(static_cast<std::size_t>(count), true);
  const double floor = std::max(relative * std::max(0.0, out.eigenvalues.maxCoeff()), 1 / (widths * widths));
  Eigen::VectorXd inverse(count);
  for (int e = 0; e < count; ++e) {
    const bool null = !(out.eigenvalues[e] > floor);
    inverse[e] = null ? 0.0 : 1 / out.eigenvalues[e];
    if (!null) continue;
    NullDirection direction{out.eigenvalues[e], eigen.eigenvectors().col(e), ""};
    std::vector<int> order(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](int a, int b) { return std::abs(direction.direction[a]) > std::abs(direction.direction[b]); });
    for (const int i : order) {
      const double weight = direction.direction[i];
      if (std::abs(weight) < 0.05) break;
      out.identified[i] = false;
      direction.text += fmt::format("{}{:.2f} {}{}", direction.text.empty() ? (weight < 0 ? "-" : "") : (weight < 0 ? " - " : " + "), std::abs(weight),
                                    space[i].scale == SearchScale::log10 ? "log10 " : "", space[i].name);
    }
    out.null.push_back(std::move(direction));
  }
  const Eigen::MatrixXd unscaled = eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
  out.covariance = width.asDiagonal() * unscaled * width.asDiagonal();
  for (int i = 0; i < count; ++i)
    if (!out.identified[i]) {
      out.covariance.row(i).setZero();
      out.covariance.col(i).setZero();
    }
  return out;
}

}  // namespace hyped
