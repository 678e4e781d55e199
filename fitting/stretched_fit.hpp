// Two-compartment cycles fitted: the stretched form against independent phases on tracks, and the BrdU pulse course.
#pragma once
#include <string>
#include <vector>

#include "fitting/duration_pairs.hpp"
#include "libhyped/tracks/durations/stretched_cycle.hpp"

namespace hyped {

// Percent BrdU-negative with G2/M DNA after pulses; replicates are entries of their own.
struct PulseData {
  std::vector<double> pulse_h, percent;
};
struct PulseFit {
  double k = 0, k_lower = 0, k_upper = 0;        // profile, Student's t with n - 1 degrees
  double residual_sum = 0;                       // of squares [percentage points^2]
  double growth_rate_per_h = 0;
  std::vector<double> fitted;                    // [n]
  Outcome outcome;
};
// k by least squares, the cycle times given. Source: Dowling et al. 2014, SI.
PulseFit fit_pulse(const PulseData& data, const DurationFamily& family, const Eta<double>& eta);

struct ThroughOrigin {
  double slope = 0, lower = 0, upper = 0;        // least squares, percentile interval of a bootstrap over families
  double correlation = 0;
};
// family: cells with the same number are drawn together, as sisters are alike.
ThroughOrigin slope_through_origin(const std::vector<double>& x, const std::vector<double>& y, const std::vector<int>& family,
                                   int draws = 10000, std::uint64_t seed = 1);

// How the two parts of complete cycles go together, as densities of (first, second) [h^-2], compared by AICc:
//   independent   each part has a family of its own                                (Smith & Martin's and the like)
//   stretched     the cycle has a family, the second part is a share of it with logit-normal distribution, independent of its length
//   correlated    a Gaussian copula joins the two parts
struct TwoCompartmentFit {
  DurationFit first, second, cycle;
  double share = 0, share_sd = 0;                // median of second / cycle; sd of its logit (n)
  std::vector<ModelEvidence> evidence;           // independent, stretched, correlated
  std::vector<ModelScore> scores;
  PairFit correlated;
  Outcome outcome;
};
// InputError unless all durations are exact.
TwoCompartmentFit compare_two_compartments(const DurationPairs& parts, FamilyKind family);

}  // namespace hyped
