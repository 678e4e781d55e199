// Prediction profile: how far a predicted number can go before the best possible fit that predicts it gets clearly worse.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "fitting/profile.hpp"

namespace hyped {

// g(theta) and, unless null, its gradient [P]; theta on the search scale. A failed evaluation makes the step shorter.
using ScalarPrediction = std::function<Outcome(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient)>;

struct NamedPrediction {
  std::string name, unit;
  ScalarPrediction value;
};

// crossed, limited, failed: as for parameters. open: with |r|^2 below the threshold the prediction goes as far as the bounds of the
// parameters (named in `limited_by`) or points_per_side let it; `bound` is how far that is, and no limit of the data.
struct PredictionProfile {
  std::string name, unit;
  double estimate = 0, threshold = 0;
  double lower = 0, upper = 0;               // natural units; of an open side as far as it was seen
  double linear_sd = 0;                      // of the linearised prediction, with the bounds' widths as a weak prior
  ProfileSide below, above;                  // values are the prediction's own
  std::vector<ProfilePoint> points;          // by value: every one is an exact constrained optimum at its own value
  bool identified = false;                   // both sides closed
  std::string verdict;
  double better = 0;                         // how far below the optimum |r|^2 was found, if it was
  Eigen::VectorXd better_theta;
  SolveLog solves;                           // of all refits, on the way to the points
  Outcome outcome;
};

// Interval of each prediction around `optimum` [P] with all parameters refitted. A quadratic penalty draws g to a target; its minimum is
// the best fit among all that predict what it does predict, so the curve is exact whatever the penalty; the crossing is
// refined to 1e-3 in the root of the rise. ProfileOptions::thresholds are per prediction. Parallel over predictions, deterministic.
// Sources: Kreutz, Raue & Timmer 2012, BMC Syst Biol 6:120; Bates & Watts 1988, ch. 6 (profile t).
std::vector<PredictionProfile> prediction_profiles(const ResidualFunction& function, const ParameterSpace& space, const Eigen::VectorXd& optimum,
                                                   const std::vector<NamedPrediction>& predictions, const ProfileOptions& options = {});

}  // namespace hyped
