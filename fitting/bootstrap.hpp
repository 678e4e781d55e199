// Intervals by refitting: new data drawn from the fit, or wells drawn again from each arm.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "fitting/process_fit.hpp"

namespace hyped {

struct BootstrapOptions {
  int replicates = 400;
  std::uint64_t seed = 1;
  double level = 0.95;                        // of the percentile intervals
  LeastSquaresOptions least_squares = {.iteration_limit = 50, .function_tolerance = 1e-8, .gradient_tolerance = 1e-8, .parameter_tolerance = 1e-8};
  Records records = {};                       // keeps the refits
};

struct BootstrapInterval {
  std::string name, unit;
  double estimate = 0, lower = 0, upper = 0;  // natural units
  double sd = 0;                              // of the refits, search scale
  int used = 0;                               // refits behind it; with fewer than 20 the interval is the parameter's bounds
};

struct Bootstrap {
  std::vector<BootstrapInterval> parameters;  // [P]
  Eigen::MatrixXd theta;                      // refits that worked, search scale [replicates - failures x P]
  int failures = 0;                           // refits that did not converge; not in theta
  std::vector<std::string> failure_texts;     // distinct, with their number
  FailedSolves failed_solves;                 // on the way of any refit, also of those that worked
  std::vector<std::string> notes;
  Outcome outcome;                            // not_converged when more than a tenth failed
};

// New block averages of every well about the fitted expectation with the frozen covariance of the fit (demography, sisters,
// detection, wells' random effects), refitted with that covariance. Stream (seed, replicate, well): the same for any number of
// threads. Source: Efron & Tibshirani 1993, ch. 6 and 13.
Bootstrap bootstrap_parametric(const CycleProblem& problem, const ProcessFit& fit, const BootstrapOptions& options = {});

// Wells drawn with replacement within each arm, n - 1 of its n so that the variance of a mean is right, and refitted with the
// frozen covariance. Throws InputError for an arm with one well: it says nothing about the spread between wells.
// Source: Rao & Wu 1988, JASA 83:231.
Bootstrap bootstrap_wells(const CycleProblem& problem, const ProcessFit& fit, const BootstrapOptions& options = {});

// Percentile of values with linear interpolation (Hyndman & Fan type 7); values are sorted inside.
double percentile(std::vector<double> values, double probability);

}  // namespace hyped
