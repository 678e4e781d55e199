// The linear baseline of every network: measured values as a ridge regression on the inputs, its penalty by exact leave-one-out.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped {

struct InputRidgeOptions {
  std::vector<double> penalties;      // to choose from; empty: 81 steps over ten decades around the mean squared singular value
  int least_conditions = 3;           // 2 at the least: leave-one-out needs one to learn from
  bool intercept = false;             // not penalised; false where values are differences from a control without inputs
};

// Y = 1 b^T + X B + error, minimising |Y - 1 b^T - X B|^2 + penalty |B|^2; one penalty for all outputs.
struct InputRidge {
  Eigen::MatrixXd coefficients;       // [K x M] B
  Eigen::VectorXd intercept;          // [M] b
  double penalty = 0;
  bool at_end = false;                // the best penalty is the first or last of those tried
  std::vector<double> tried, left_out_error;      // penalty, mean squared leave-one-out error
  Eigen::MatrixXd left_out;           // [N x M] prediction of each condition by the fit without it (exact; the penalty held)
  Eigen::VectorXd residual_sd;        // [M]
  double freedom = 0;                 // N - trace of the hat matrix: degrees of freedom of residual_sd
  Eigen::VectorXd input_mean;         // [K] 0 without an intercept
  Eigen::MatrixXd covariance;         // [K x K] (X'X + penalty)^-1: of a column of B, in units of its residual variance
  double conditions = 0;              // N

  Eigen::MatrixXd predict(const Eigen::MatrixXd& inputs) const;      // [Q x K] -> [Q x M]
  // Half widths [Q x M] of intervals for new measurements at this level: Student's t with `freedom`, B's spread under its Gaussian prior
  // (variance residual_sd^2 / penalty) included. They cover where errors are independent with equal variance and B is as the prior says.
  Eigen::MatrixXd half_width(const Eigen::MatrixXd& inputs, double level = 0.95) const;
};

// inputs [N x K], values [N x M], at least `least_conditions`. Singular value decomposition: as good for K > N (the dual form). The left-out
// prediction is (fitted - h y) / (1 - h) with h the diagonal of the hat matrix (Allen 1974, Technometrics 16:125; Hastie, Tibshirani &
// Friedman, Elements of Statistical Learning, 7.10). InputError for too few conditions or inputs that are all equal.
InputRidge fit_input_ridge(const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& values, const InputRidgeOptions& options = {});

}  // namespace hyped
