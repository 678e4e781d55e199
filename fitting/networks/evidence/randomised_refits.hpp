// Errors of fitted parameters from refits to residuals drawn anew, the priors' with them.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "fitting/least_squares.hpp"

namespace hyped {

struct RefitOptions {
  int draws = 40;
  LeastSquaresOptions descent = {.iteration_limit = 20, .function_tolerance = 1e-4};
  std::uint64_t seed = 1;
};

struct RandomisedRefits {
  Eigen::MatrixXd theta;               // of every refit that ended [N x P]
  Eigen::VectorXd mean, sd;            // over them [P]
  int failed = 0;                      // refits that did not, or that could not be evaluated
  Outcome outcome;                     // not_converged: fewer than half of the refits ended
  // 95 %: mean -+ Student's quantile, for one more draw, within the bounds.
  Eigen::VectorXd lower, upper;
};

// `optimum` minimises |r|^2 within [lower, upper]. Each refit minimises |r - e|^2 with e drawn: the first rows (data) with covariance
// `data_covariance`, the others (priors) with variance 1 each. Where r is linear, the refits are draws of the posterior; where it is not, they
// follow its bends, which the information at the optimum does not (randomised maximum a posteriori: Kitanidis 1995, Water Resour Res 31:2411;
// Bardsley et al. 2014, SIAM J Sci Comput 36:A1895). Parallel over refits, same numbers for any number of threads. A refit that ends at its
// limit of iterations counts: it is near its end.
RandomisedRefits randomised_refits(const ResidualFunction& function, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const Eigen::MatrixXd& data_covariance, const RefitOptions& options = {});

}  // namespace hyped
