// Is a reporter on in a nucleus? Two components per reporter and acquisition, the dark one normal, the bright one log-normal.
#pragma once
#include <Eigen/Core>
#include <array>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct ReporterMixture {
  double dark_mean = 0, dark_sd = 1;       // counts
  double log_bright = 0, log_bright_sd = 1;      // of the logarithm of counts
  double share_bright = 0.5;
  int nuclei = 0, iterations = 0;
  double separation = 0;                   // of the bright median from the dark mean, in dark sd
  Outcome outcome;                         // singular: fewer than 20 bright or dark nuclei; then bright is what lies above 5 sd
  double dark_density(double light) const;      // one in a hundred with four times the spread: crowded or badly outlined nuclei
  double bright_density(double light) const;
  double on(double light) const;           // posterior probability
};

// Expectation-maximisation from what lies above and below 5 `noise`. light [n], NaN left out. A fraction of the maximum, which
// one bright piece of debris moves, is never used. Source: Dempster, Laird & Rubin 1977, J R Stat Soc B 39:1.
ReporterMixture fit_reporter_mixture(const std::vector<double>& light, double noise);

}  // namespace hyped
