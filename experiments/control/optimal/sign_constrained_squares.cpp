// Lawson and Hanson's active sets with a rank-revealing factorisation of the passive columns.
#include "experiments/control/optimal/sign_constrained_squares.hpp"

#include <Eigen/QR>

namespace hyped::control {

Eigen::VectorXd sign_constrained_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const std::vector<bool>& free) {
  const Eigen::Index n = a.cols();
  std::vector<bool> passive(static_cast<std::size_t>(n), false);
  const auto is_free = [&](Eigen::Index j) { return !free.empty() && free[static_cast<std::size_t>(j)]; };
  Eigen::VectorXd z = Eigen::VectorXd::Zero(n), trial(n);
  const auto solve = [&] {
    std::vector<Eigen::Index> columns;
    for (Eigen::Index j = 0; j < n; ++j)
      if (passive[static_cast<std::size_t>(j)]) columns.push_back(j);
    trial.setZero();
    if (columns.empty()) return;
    const Eigen::VectorXd part = Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>(a(Eigen::all, columns)).solve(b);
    for (std::size_t k = 0; k < columns.size(); ++k) trial[columns[k]] = part[static_cast<Eigen::Index>(k)];
  };
  for (Eigen::Index j = 0; j < n; ++j)
    if (is_free(j)) passive[static_cast<std::size_t>(j)] = true;
  solve();
  z = trial;
  const double tolerance = 1e-13 * (1 + a.cwiseAbs().maxCoeff()) * (1 + b.cwiseAbs().maxCoeff());
  for (Eigen::Index round = 0; round < 3 * n + 10; ++round) {
    const Eigen::VectorXd slope = a.transpose() * (b - a * z);
    Eigen::Index next = -1;
    double best = tolerance;
    for (Eigen::Index j = 0; j < n; ++j)
      if (!passive[static_cast<std::size_t>(j)] && slope[j] > best) best = slope[j], next = j;
    if (next < 0) break;
    passive[static_cast<std::size_t>(next)] = true;
    for (solve();; solve()) {
      double step = 1;
      for (Eigen::Index j = 0; j < n; ++j)
        if (passive[static_cast<std::size_t>(j)] && !is_free(j) && trial[j] <= 0) step = std::min(step, z[j] / (z[j] - trial[j]));
      if (step >= 1) break;
      z += step * (trial - z);
      for (Eigen::Index j = 0; j < n; ++j)
        if (passive[static_cast<std::size_t>(j)] && !is_free(j) && z[j] <= tolerance) passive[static_cast<std::size_t>(j)] = false, z[j] = 0;
    }
    z = trial;
  }
  return z;
}

}  // namespace hyped::control
