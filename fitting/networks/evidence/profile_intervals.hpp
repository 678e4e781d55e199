// Profile intervals of many parameters of a network: those of genes that act on nobody side by side, in one evaluation.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <vector>

#include "fitting/least_squares.hpp"
#include "fitting/networks/evidence/profile_walk.hpp"

namespace hyped {

// Which residuals and parameters belong to one part (a gene without targets). A parameter of a part moves residuals of this part alone, and
// those of no part that hold it alone (its prior). Parameters of no part may move everything.
struct ResidualParts {
  std::vector<int> of_residual;        // [M] part, -1: none
  std::vector<int> of_parameter;       // [P] part, -1: shared
};

struct ProfileRequest {
  int parameter = 0;
  double scale = 1;                    // of the rise: variance of the estimate over the one that independent errors would give (Chandler & Bate 2007)
  double no_effect = std::numeric_limits<double>::quiet_NaN();      // value at which the root of the rise is asked for
};

struct ProfileInterval {
  int parameter = 0;
  double lower = 0, upper = 0;         // 95 %
  bool closed_below = false, closed_above = false;      // false: the end is the parameter's bound, or the walk did not settle
  bool settled = true;                 // false: an end is the last point that was within
  double root = std::numeric_limits<double>::quiet_NaN();      // signed root of the rise at no_effect, over the scale: standard deviations from no effect
};

struct ProfileIntervalOptions {
  double rise = 3.841458820694124;
  WalkOptions walk;
};

struct ProfileIntervals {
  std::vector<ProfileInterval> intervals;      // in the order asked for
  int evaluations = 0, unsettled = 0;
  double improved = 0;                 // largest fall of the squares below the optimum that was met; above 0.1 the fit was not at its minimum
  Outcome outcome;
};

// `optimum` minimises |r|^2 within [lower, upper]. A shared parameter is walked with all others refitted, one after another. A part's parameter
// is walked with its part's refitted; the shared ones follow linearly, with what all other residuals say about them: the part's
// residuals have their errors as covariance. BugError if a part's parameter moves residuals of others.
ProfileIntervals profile_intervals(const ResidualFunction& function, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const ResidualParts& parts, const std::vector<ProfileRequest>& wanted,
                                   const ProfileIntervalOptions& options = {});

}  // namespace hyped
