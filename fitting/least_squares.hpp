// Bounded nonlinear least squares with exact Jacobians; the only file pair that sees Ceres.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// Residuals r(theta) [M] with Jacobian [M x P]; minus twice the log-likelihood is |r|^2 up to a constant.
class ResidualFunction {
 public:
  virtual ~ResidualFunction() = default;
  virtual int residual_count() const = 0;
  virtual int parameter_count() const = 0;
  // Returns what happened; a failed evaluation makes the step shorter. jacobian may be null.
  virtual Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const = 0;
};

struct LeastSquaresOptions {
  int iteration_limit = 100;
  double function_tolerance = 1e-12, gradient_tolerance = 1e-10, parameter_tolerance = 1e-10;
  double first_radius = 1e4;              // of the trust region, in lengths of the scaled Gauss-Newton step; small: cautious first steps
  int refinements = 0;                    // at most, Gauss-Newton steps after convergence, to the last digit rounding allows
};

// A point at which the residuals could not be computed, and why.
struct FailedEvaluation {
  Eigen::VectorXd theta;
  Outcome outcome;
};

struct LeastSquaresResult {
  Eigen::VectorXd theta;
  double sum_of_squares = 0;              // |r|^2
  double start_sum_of_squares = 0;
  double gradient_norm = 0;               // max norm of J^T r at the end, projected on the bounds
  std::vector<int> at_lower, at_upper;    // parameters that ended at a bound
  int iterations = 0;
  int evaluations = 0;                    // of the residuals, with or without derivatives
  std::vector<FailedEvaluation> failures; // every evaluation that failed, in order
  Outcome outcome;
};

// Levenberg-Marquardt within [lower, upper]; `fixed` parameters stay at their start. Deterministic, one thread. A descent that ends on
// a plateau, where a parameter has lost all influence that it had at the start, is tried again by other paths; the best end counts.
LeastSquaresResult least_squares(const ResidualFunction& function, const Eigen::VectorXd& start, const Eigen::VectorXd& lower,
                                 const Eigen::VectorXd& upper, const std::vector<int>& fixed = {},
                                 const LeastSquaresOptions& options = {});

// Largest relative difference between the Jacobian and central differences at theta, over all entries
// (relative to the column's largest entry); tests and --check use it.
double jacobian_error(const ResidualFunction& function, const Eigen::VectorXd& theta, double step = 1e-5);

}  // namespace hyped
