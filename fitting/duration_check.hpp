// Does a fitted family describe the durations? Probability integral transforms under censoring, and a test calibrated for the fit.
#pragma once
#include <cstdint>
#include <vector>

#include "fitting/duration_fit.hpp"

namespace hyped {

// Where each duration lies on the fitted distribution given how it was seen: [lower, upper] within 0..1, equal if exact.
struct TransformedDuration {
  double lower = 0, upper = 1;
};
std::vector<TransformedDuration> transformed_durations(const DurationData& data, const DurationFit& fit);

// Anderson-Darling distance of the mean randomised ecdf of the transforms (every interval spread evenly) from the uniform: n int (G - x)^2 / (x (1 - x)) dx.
double anderson_darling(const std::vector<TransformedDuration>& transforms);

struct GoodnessOfFit {
  double statistic = 0, p_value = 1;
  int draws = 0, failed = 0;                   // parametric bootstrap data sets; refits that failed are left out, and counted
  std::vector<TransformedDuration> transforms;
  Outcome outcome;
};
struct GoodnessOptions {
  int draws = 199;
  std::uint64_t seed = 1;
};
// The statistic is compared with data sets drawn from the fit, seen alike and fitted again, so that the p value is right although the parameters
// were estimated. Parallel, independent of threads. Sources: Stute, Gonzalez Manteiga & Presedo Quindimil 1993, Metrika 40:243; Brockwell
// 2007, Stat Probab Lett 77:1473 (randomised transforms).
GoodnessOfFit goodness_of_fit(const DurationData& data, const DurationFit& fit, const GoodnessOptions& options = {});

}  // namespace hyped
