// Which edges of a network the data determine, which only the prior: information, contraction, null space, profiles, predictions.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "fitting/least_squares.hpp"
#include "fitting/networks/evidence/randomised_refits.hpp"

namespace hyped {

// determined: all three of EdgeThresholds are met. weakly_determined: one of them is not: too near no effect, or (whatever z is) too much of its
// information, or of its direction, is the prior's. prior_only: the interval is about what the prior gave.
enum class EdgeVerdict { determined, weakly_determined, prior_only };
const char* to_string(EdgeVerdict verdict);

struct EdgeThresholds {
  double z = 3;                       // |estimate - no effect| over its standard deviation
  double data_share = 0.75;           // of the prior's variance that the data took away (with no prior: 1)
  double weak_share = 0.25;           // below: prior only
  double null_share = 0.5;            // largest part of an edge's unit vector in directions where the prior outweighs the data
};

// The rule in words, with its thresholds; `prior`: what the prior is here, such as "the penalty".
std::string verdict_rule(const EdgeThresholds& thresholds = {}, const std::string& prior = "the prior");

struct EdgeEvidence {
  std::string name;
  int index = 0;                      // in theta
  double estimate = 0, sd = 0, lower = 0, upper = 0;      // sd by the information; 95 %
  double z = 0;                       // from no effect, in standard deviations
  bool refitted = false;              // sd, interval and z by refits, not by the information
  double prior_sd = 0;                // infinite: none
  double data_share = 0;              // 1 - variance / prior variance
  double null_share = 0;
  EdgeVerdict verdict = EdgeVerdict::prior_only;
  std::string why;                    // which criteria were met and which failed, with their figures
  double prior_share() const { return 1 - data_share; }      // of its information: variance over the prior's
};

struct InformationSpectrum {
  Eigen::VectorXd eigenvalues;        // of the data's information in units of the prior's, falling: above 1 the data say more [P]
  int determined = 0;                 // eigenvalues above 1
};

// What data and priors say at the optimum. jacobian: whitened residuals, `data_rows` of data first, then the priors [M x P].
// residual_covariance of the data's residuals [data_rows x data_rows], if they are not independent: the covariance of the estimates is
// then V (J' R J + P) V with V = (J' J + P)^-1, right whatever the weights were (Huber 1967); spectrum and null shares stay those of the weights.
class NetworkEvidence {
 public:
  NetworkEvidence(const Eigen::VectorXd& theta, const Eigen::MatrixXd& jacobian, int data_rows, const Eigen::VectorXd& prior_sd, std::vector<std::string> names, const Eigen::MatrixXd* residual_covariance = nullptr);
  const Eigen::MatrixXd& covariance() const { return covariance_; }      // [P x P]; of directions nobody determines: zero, see free_direction
  const InformationSpectrum& spectrum() const { return spectrum_; }
  // Part of the unit vector of a parameter in directions in which the prior outweighs the data, or there is neither.
  double null_share(int parameter) const { return null_share_[parameter]; }
  bool is_free(int parameter) const { return free_[static_cast<std::size_t>(parameter)]; }      // neither data nor prior: no interval
  double sd(int parameter) const;
  EdgeEvidence edge(int parameter, double no_effect = 0, const EdgeThresholds& thresholds = {}) const;
  // Standard deviation of a smooth number with this gradient [P].
  double sd_of(const Eigen::VectorXd& gradient) const;
  const Eigen::VectorXd& theta() const { return theta_; }

 private:
  Eigen::VectorXd theta_, prior_sd_;
  std::vector<std::string> names_;
  Eigen::MatrixXd covariance_;
  InformationSpectrum spectrum_;
  Eigen::VectorXd null_share_;
  std::vector<bool> free_;
};

// The same parameter with mean, sd, interval and z of the refits, and what the data took away judged by their sd. For fits whose information at the estimate
// is not that at the truth.
EdgeEvidence with_refits(EdgeEvidence linear, const RandomisedRefits& refits, double no_effect = 0, const EdgeThresholds& thresholds = {});

// A number computed from theta with its 95 % interval.
struct PredictedNumber {
  std::string name;
  double estimate = 0, sd = 0, lower = 0, upper = 0;
  bool identified = true;
};
PredictedNumber predicted(const std::string& name, double estimate, const Eigen::VectorXd& gradient, const NetworkEvidence& evidence);

// Profile interval of a smooth functional g(theta), e.g. the non-additive part of the dual arm: g is held by a stiff residual and all
// else refitted. g returns the value and writes the gradient [P]. Rise of |r|^2 by 3.84 at the ends. A refit that
// does not converge, or that lies below the optimum given (which then is none), ends its side open and is the outcome.
using NetworkFunctional = std::function<Outcome(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient)>;
struct FunctionalProfile {
  double estimate = 0, lower = 0, upper = 0;
  bool closed_below = false, closed_above = false;      // false: still within the threshold `widest` standard deviations away
  std::vector<std::pair<double, double>> points;        // value, rise
  Outcome outcome;
};
struct FunctionalProfileOptions {
  double threshold = 3.841458820694124;
  double widest = 8;                  // of the linear standard deviation
  int points_per_side = 12;           // at most
  int iterations = 100;               // of a refit
};
FunctionalProfile profile_functional(const ResidualFunction& function, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const NetworkFunctional& functional, double linear_sd,
                                     const FunctionalProfileOptions& options = {});

}  // namespace hyped
