// Profile interval of any smooth number computed from the parameters of a likelihood: a parameter, a mean, a correlation.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "fitting/general_likelihood.hpp"
#include "fitting/parameter_space.hpp"
#include "fitting/profile.hpp"

namespace hyped {

// g(theta) with its gradient [P] on the scale it is profiled on, and the monotone map to the scale it is told on.
struct LikelihoodQuantity {
  std::string name, unit;
  std::function<double(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient)> value;
  std::function<double(double)> natural = [](double g) { return g; };
  double threshold = 3.841458820694124;        // of the rise of -2 log L; 5.99 where the estimate stands on an edge set by the data
  double inflation = 1;                        // of the variance over that of independent data: the threshold is multiplied with it
};

// Ends as in fitting/profile.hpp. Of an open side the bound is as far as the parameters' own bounds let it go.
struct LikelihoodInterval {
  std::string name, unit;
  double estimate = 0, lower = 0, upper = 0;   // natural
  double sd = 0;                               // Wald's, on the scale profiled on; NaN where the information has no say
  double wald_lower = 0, wald_upper = 0;       // natural, NaN likewise
  ProfileEnd below = ProfileEnd::open, above = ProfileEnd::open;
  std::string verdict;                         // identified, open below, ...
  double inflation = 1;                        // as given
  double better = 0;                           // how far above the optimum log L was found, if it was
  bool identified() const { return below == ProfileEnd::crossed && above == ProfileEnd::crossed; }
};

// covariance [P x P]: inverse observed information, or empty (no Wald interval). Each side by Newton's steps on the profile's own conditions
// where they settle (a dozen evaluations), else by walking out: there every point maximises log L - w (g - z)^2 / 2, the best fit
// among all with its g whatever w; the crossing is found to 1e-5 in the root of the rise. Deterministic. Sources: Venzon & Moolgavkar
// 1988, Appl Stat 37:87; Kreutz, Raue & Timmer 2012, BMC Syst Biol 6:120.
LikelihoodInterval likelihood_interval(const LogLikelihood& function, const ParameterSpace& space, const LikelihoodResult& optimum,
                                       const Eigen::MatrixXd& covariance, const LikelihoodQuantity& quantity);

// Number i of theta itself.
LikelihoodQuantity parameter_quantity(const ParameterSpace& space, int i, const std::string& name, std::function<double(double)> natural);

}  // namespace hyped
