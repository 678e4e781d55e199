// One gene's counts over samples: a negative binomial regression with log link at a given dispersion.
#pragma once
#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "libhyped/errors.hpp"

namespace hyped {

// Result and workspace of one fit; kept by the caller and reused, so that fits of many genes allocate nothing.
struct NegativeBinomialFit {
  Eigen::VectorXd beta;               // [P] natural log scale; of a group without counts very negative, see se()
  Eigen::VectorXd mean;               // [S] fitted counts
  Eigen::MatrixXd information;        // [P x P] expected, X' diag(mean / (1 + dispersion mean)) X
  double log_likelihood = 0;          // all constants included
  double deviance = 0;
  double log_determinant = 0;         // of the information, fitted means below 1e-4 counted as 1e-4
  int iterations = 0;
  Outcome outcome;
  double se(int coefficient) const;   // from the expected information; above 20 the estimate is infinite (complete separation)

  Eigen::VectorXd eta, gradient, weight, step, trial;      // workspace
  Eigen::MatrixXd weighted, hessian;
  Eigen::LDLT<Eigen::MatrixXd> factor;
};

class NegativeBinomialGlm {
 public:
  // design [S x P] of full rank (BugError); variance of a count: mean + dispersion mean^2.
  explicit NegativeBinomialGlm(Eigen::MatrixXd design);
  // counts [S], whole numbers; log_exposure [S] is added to the linear predictor. Newton's method with the exact gradient and
  // Hessian of the log-likelihood, which is concave in beta; steps are halved where needed. `warm`: starts from out.beta.
  void fit(const Eigen::Ref<const Eigen::VectorXd>& counts, const Eigen::VectorXd& log_exposure, double dispersion, NegativeBinomialFit& out, bool warm) const;
  int samples() const { return static_cast<int>(design_.rows()); }
  int coefficients() const { return static_cast<int>(design_.cols()); }
  const Eigen::MatrixXd& design() const { return design_; }

 private:
  Eigen::MatrixXd design_, start_;      // [S x P], [P x S] least squares
};

// log P(count), exact also for a dispersion near 0; dispersion 0 is Poisson.
double log_negative_binomial(double count, double mean, double dispersion);
double negative_binomial_deviance(double count, double mean, double dispersion);

}  // namespace hyped
