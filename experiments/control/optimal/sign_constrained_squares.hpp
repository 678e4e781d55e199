// Least squares with non-negative unknowns, some of them free in sign.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped::control {

// argmin |A z - b| over z_j >= 0 for every j that is not free. A [M x N], dense; dependent columns share the least norm.
// Source: Lawson & Hanson 1974, Solving Least Squares Problems, ch. 23 (active sets); free columns are never in the active set.
Eigen::VectorXd sign_constrained_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const std::vector<bool>& free = {});

}  // namespace hyped::control
