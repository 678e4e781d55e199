// Steady states of networks under constant inputs, a column each: where they exist, whether they are stable and reached, exact gradients.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/batch_model.hpp"

namespace hyped {

struct BatchSteadyOptions {
  double tolerance = 1e-10;                // of max |dx/dt| over max(1, |x|), 1/h
  int newton_limit = 60;
  double longest_h = 1e5;                  // of the integration that shows where a start leads
  bool must_be_reached = true;             // false: a root counts even if the start does not lead there (warm starts of a fit)
  bool eigenvalues = true;                 // false: `stable` says only that the determinant of the Jacobian shows no odd number of positive eigenvalues; `leading` stays 0
};

struct SteadyColumn {
  Eigen::VectorXd state;                          // [S] the root; else where the integration ended
  bool exists = false, stable = false, reached = false;
  std::complex<double> leading = 0;               // eigenvalue of the Jacobian with the largest real part, 1/h
  double largest_rate = 0;                        // max |dx/dt|, of the state
  double period_h = 0;                            // 2 pi / |Im leading| where unstable and oscillating, else 0
  int newton_steps = 0;
  Outcome outcome;                                // not_converged: "exists but is unstable and not reached", "none found"
};

// Pseudo-transient continuation from `initial` [S x B] into Newton's method; a root is `reached` when the trajectory comes to it.
// Sources: Kelley & Keyes 1998, SIAM J Numer Anal 35:508. Parallel over columns, the same bytes for any number of threads.
std::vector<SteadyColumn> steady_batch(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs,
                                       const BatchSteadyOptions& options = {});

struct SteadyGradient {
  Eigen::VectorXd by_parameter;                   // d loss / d p [P], zeros where the outcome is not ok
  Outcome outcome;                                // singular: a Jacobian has no inverse; not_finite
};
// d loss / d p for d loss / d steady state [S x B] by the implicit function theorem: one transposed solve a column.
SteadyGradient steady_gradient(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& states, const Eigen::MatrixXd& inputs,
                               const Eigen::MatrixXd& state_bar);

}  // namespace hyped
