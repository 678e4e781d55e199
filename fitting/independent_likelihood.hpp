// The likelihoods of a cycle problem when every frame is taken as new cells: as sums of squares and as log-likelihoods.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <vector>

#include "fitting/cycle_problem.hpp"
#include "fitting/general_likelihood.hpp"
#include "fitting/least_squares.hpp"

namespace hyped {

// multinomial: classes given each frame's total. multinomial_poisson: and Poisson totals (the same as Poisson classes).
// dirichlet_multinomial: classes given the total, overdispersed. negative_binomial: multinomial classes and overdispersed totals.
// gaussian: values of any kind, one standard deviation, censored at a saturation if there is one.
// Where totals are modelled every well has its own number of cells at the start, solved inside.
enum class IndependentNoise { multinomial, multinomial_poisson, dirichlet_multinomial, negative_binomial, gaussian };
std::string_view to_string(IndependentNoise);
IndependentNoise independent_noise_named(const std::string& name, const std::string& where);      // InputError for an unknown name

// Whether the noise has a dispersion parameter, and whether wells have a scale.
bool has_dispersion(IndependentNoise);
bool has_scale(IndependentNoise, const CycleProblem& problem);

// Signed deviance residuals sign(y - mu) sqrt(2 (y log(y/mu) - y + mu)) with the wells' scales solved inside: |r|^2 is the
// deviance, -2 log L up to a constant, exactly. Gaussian: (y - scale * mu) / sd. Priors add one residual each.
// Source: McCullagh & Nelder 1989, Generalized Linear Models, 2.3-2.4.
class DevianceResiduals final : public ResidualFunction {
 public:
  // noise: multinomial, multinomial_poisson or gaussian (sd: 1 to find the optimum, the estimate to profile).
  DevianceResiduals(const CycleProblem& problem, IndependentNoise noise, double sd = 1);
  int residual_count() const override { return count_ + priors_; }
  int parameter_count() const override { return problem_.space().count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override;

 private:
  const CycleProblem& problem_;
  IndependentNoise noise_;
  double sd_;
  int count_ = 0, priors_ = 0;
};

// The log-likelihood with all constants over [theta, log10 dispersion]; the dispersion is there when has_dispersion. Scales are
// maximised inside (their share of the information is taken out). Priors on theta are not included.
class IndependentLikelihood final : public LogLikelihood {
 public:
  IndependentLikelihood(const CycleProblem& problem, IndependentNoise noise, std::optional<double> saturation = {});
  int parameter_count() const override { return problem_.space().count() + (has_dispersion(noise_) ? 1 : 0); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override;
  // The wells' scales at theta [W]; 1 where there is none.
  Outcome scales(const Eigen::VectorXd& theta, std::vector<double>& out) const;

 private:
  struct WellSum;
  Outcome sums(const Eigen::VectorXd& theta, bool derivatives, std::vector<WellSum>& out) const;
  const CycleProblem& problem_;
  IndependentNoise noise_;
  std::optional<double> saturation_;
};

// The deviance residual of one value and its derivative by the expectation, with the limit at value = expectation.
struct DevianceResidual {
  double value, slope;
};
DevianceResidual deviance_residual(double observed, double expected);

}  // namespace hyped
