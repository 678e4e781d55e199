// Bounded maximisation of a log-likelihood that is no sum of squares, from its score and expected information.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct LikelihoodValue {
  double log_likelihood = 0;
  Eigen::VectorXd gradient;          // [P]
  Eigen::MatrixXd information;       // expected, positive semi-definite [P x P]
};

class LogLikelihood {
 public:
  virtual ~LogLikelihood() = default;
  virtual int parameter_count() const = 0;
  // Returns what happened; a failed evaluation makes the step shorter. Without derivatives only log_likelihood is written.
  virtual Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const = 0;
};

struct ScoringOptions {
  int iteration_limit = 200;
  double gain_tolerance = 1e-9;      // log-likelihood a full scoring step would still gain
};

struct LikelihoodResult {
  Eigen::VectorXd theta;
  LikelihoodValue at;                     // at theta, with derivatives
  double start_log_likelihood = 0;
  double gradient_norm = 0;               // max norm over parameters that are not held at a bound
  std::vector<int> at_lower, at_upper;
  int iterations = 0;                     // evaluations with a step
  Outcome outcome;
};

// Fisher scoring damped as by Levenberg and Marquardt, steps projected on [lower, upper], parameters that the score pushes out of
// a bound held; `fixed` parameters stay at their start. Deterministic. Source: Osborne 1992, Int Stat Rev 60:99; Nocedal & Wright
// 2006, ch. 4 and 16.7.
LikelihoodResult maximise(const LogLikelihood& function, const Eigen::VectorXd& start, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper,
                          const std::vector<int>& fixed = {}, const ScoringOptions& options = {});

// Largest difference between the score and central differences at theta, relative to the score's largest entry or, where that is
// near zero, to the root of the information.
double score_error(const LogLikelihood& function, const Eigen::VectorXd& theta, double step = 1e-5);

}  // namespace hyped
