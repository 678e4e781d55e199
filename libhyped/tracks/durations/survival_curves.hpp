// Durations without a model: Kaplan-Meier, Aalen-Johansen for several ways of ending, Turnbull for times between frames.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/tracks/durations/duration_data.hpp"

namespace hyped {

// Steps of an estimate; between two times it keeps the value of the earlier.
struct SurvivalCurve {
  std::vector<double> time_h;                        // [K] times at which something ended, increasing
  std::vector<double> at_risk, ended;                // [K]
  std::vector<double> survival, sd, lower, upper;    // [K] after that time; sd by Greenwood, 95 % band on the log(-log) scale; NaN: none
  Outcome outcome;
  double at(double t) const;                         // survival at t, 1 before the first step
};

// Every way of ending counts as the end. Left truncation enters cells into the risk set late. InputError for times between
// frames (use turnbull), residual or selected durations. Sources: Kaplan & Meier 1958; Klein & Moeschberger 2003, ch. 4.2-4.3, 4.6.
SurvivalCurve kaplan_meier(const DurationData& data);

// Probability of having ended by each cause by each time; rows sum with the survival to 1.
struct CauseCurves {
  std::vector<double> time_h;                        // [K]
  Eigen::MatrixXd probability, sd, lower, upper;     // [K x causes]; band on the log(-log) scale
  std::vector<double> survival;                      // [K]
};
// Aalen-Johansen with its Greenwood-type variance. Same refusals. Source: Aalen & Johansen 1978; Andersen et al. 1993, IV.4;
// Coviello & Boggess 2004, Stata J 4:103 (the variance).
CauseCurves aalen_johansen(const DurationData& data);

// Nonparametric maximum likelihood: mass on the innermost intervals (from, to]; survival is known outside of them only.
struct TurnbullCurve {
  std::vector<double> from_h, to_h, mass;            // [K]; to may be infinite: what was never seen to end
  std::vector<double> survival, lower, upper;        // [K] after interval k; percentile band of a bootstrap over cells; NaN: none
  double log_likelihood = 0;
  double gap = 0;                                    // at most this far below the maximum
  Outcome outcome;
  double at(double t) const;                         // survival; inside an interval its mass is spread evenly
};
struct TurnbullOptions {
  int iteration_limit = 20000;
  double gap = 1e-7;
  int bootstrap = 200;                               // 0: no band
  std::uint64_t seed = 1;
};
// Self-consistency (EM) made faster by squared extrapolation, stopped by the duality gap n (max derivative - 1). A begin between frames widens
// the interval by its spread. Exact durations are points. InputError for residual, selected or left truncated durations. Sources:
// Turnbull 1976; Gentleman & Geyer 1994, Biometrika 81:618; Varadhan & Roland 2008, Scand J Stat 35:335.
TurnbullCurve turnbull(const DurationData& data, const TurnbullOptions& options = {});

}  // namespace hyped
