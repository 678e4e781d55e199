// Profile likelihood: how far each parameter can go before the best possible fit of all others gets clearly worse.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "fitting/failed_solves.hpp"
#include "fitting/least_squares.hpp"
#include "fitting/parameter_space.hpp"
#include "fitting/records.hpp"
#include "libhyped/progress.hpp"

namespace hyped {

struct ProfileOptions {
  double threshold = 3.841458820694124;      // rise of |r|^2 = -2 log L at a 95 % bound: chi-square with one degree of freedom
  std::vector<double> thresholds = {};       // per parameter of the space instead, e.g. t quantiles squared [P]
  int points_per_side = 40;                  // at most
  int steps_to_bound = 5;                    // aimed at between the optimum and the threshold
  double flat_rise = 1e-2;                   // a rise below this fraction of the threshold over all the bounds is flat
  LeastSquaresOptions least_squares = {};
  Records records = {};                      // keeps the points
  Progress* progress = nullptr;              // advanced after every side; may be null
};

struct ProfilePoint {
  double value = 0;                          // of the parameter, search scale
  double rise = 0;                           // of |r|^2 over the optimum
  Eigen::VectorXd theta;                     // best fit with the parameter held there [P]
  Outcome outcome;
};

// crossed: the threshold is crossed at `bound`. limited: crossed, but only because `limited_by` ran into its own bound.
// open: the parameter's own bound is reached below the threshold. failed: the fit broke off; `bound` is as far as it came.
enum class ProfileEnd { crossed, limited, open, failed };

struct ProfileSide {
  ProfileEnd end = ProfileEnd::open;
  double bound = 0;                          // search scale; of an open side the parameter's bound
  double rise = 0;                           // there
  std::string limited_by;                    // names of parameters that stand at a bound at the crossing but not at the optimum
};

struct Profile {
  int parameter = 0;
  std::string name, unit;
  double estimate = 0, threshold = 0;        // estimate: natural units
  double lower = 0, upper = 0;               // natural units; of an open side the parameter's bound
  ProfileSide below, above;
  std::vector<ProfilePoint> points;          // by value, the optimum among them
  bool identified = false, flat = false;     // both sides closed; no rise anywhere within the bounds
  std::string verdict;                       // identified, practically open below, ..., structurally flat; what limits it
  double better = 0;                         // how far below the optimum |r|^2 was found, if it was: then the optimum is not one
  Eigen::VectorXd better_theta;
  SolveLog solves;                           // of all refits, on the way to the points
  Outcome outcome;
};

// Names of parameters that stand at a bound at theta but not at the optimum, `except` left out (-1: none); empty if there are none.
std::string newly_at_bounds(const ParameterSpace& space, const Eigen::VectorXd& theta, const Eigen::VectorXd& optimum, int except = -1);

// Profiles of the parameters `which` (all if empty) around `optimum` [P]. Steps adapt to the rise, every point starts from the
// extrapolation of the two before it, a crossing is interpolated and refined once. Parallel over parameters; the result does not
// depend on the number of threads. Sources: Venzon & Moolgavkar 1988, Appl Stat 37:87; Raue et al. 2009, Bioinformatics 25:1923.
std::vector<Profile> profile_likelihood(const ResidualFunction& function, const ParameterSpace& space, const Eigen::VectorXd& optimum,
                                        std::vector<int> which = {}, const ProfileOptions& options = {});

}  // namespace hyped
