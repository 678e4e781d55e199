// Maximum likelihood with every frame taken as new cells: exact for snapshots, overconfident for films of the same cells.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "fitting/independent_likelihood.hpp"
#include "fitting/process_fit.hpp"

namespace hyped {

struct IndependentOptions {
  IndependentNoise noise = IndependentNoise::multinomial;
  int starts = 8;                           // low-discrepancy starts of the least-squares part
  // More starts than this are screened: all descend from the middle half of the bounds with cautious steps until a step gains less than
  // a twentieth, and the best twentieth goes on to the end.
  int screened_above = 32;
  std::optional<double> saturation = {};    // gaussian: values at or above are only known to be that high
  LeastSquaresOptions least_squares = {};
  ScoringOptions scoring = {};
};

struct IndependentFit {
  Eigen::VectorXd theta;                          // search scale [P]; the dispersion is not in it
  Identifiability identifiability;                // expected information at the optimum, scales eliminated [P (+1)]
  std::vector<FittedParameter> parameters;        // [P], then "dispersion" or "sd" where the noise has one
  std::vector<double> scales;                     // cells per well at the start; 1 where totals are not modelled [W]
  std::optional<double> dispersion;               // of the Dirichlet-multinomial or negative binomial, or the Gaussian sd
  double log_likelihood = 0;                      // with all constants, without priors
  double sum_of_squares = 0;                      // of the deviance residuals; 0 for the other likelihoods
  int parameter_count = 0;                        // k of AIC: free parameters, wells' scales, dispersion
  int data_count = 0;                             // n of BIC: values that are free given what is conditioned on
  std::string data;                               // what was modelled: only fits with the same text compare
  std::vector<StartRecord> starts;
  Outcome outcome;
  std::string method;
};

// Least squares on deviance residuals from many starts; from its optimum damped Fisher scoring for the Dirichlet-multinomial,
// the negative binomial and censored values. Intervals are Wald's on the search scale.
// Throws InputError: a count likelihood for fractions or relative totals, a multinomial for classes that overlap.
IndependentFit fit_independent(const CycleProblem& problem, const IndependentOptions& options = {});

// Text that is equal for two problems when their wells, times, classes and values are equal.
std::string data_fingerprint(const CycleProblem& problem);

}  // namespace hyped
