// Local false discovery rates with a null estimated from the middle of the data.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct LocalFdrOptions {
  enum class Null { maximum_likelihood, central_matching } null = Null::maximum_likelihood;
  int bins = 120, knots = 7;             // of the histogram; degrees of freedom of the density's natural cubic spline (on the log scale)
  double middle = 0;                     // half width of the null's interval in robust deviations; 0: Efron's 4.3 exp(-0.26 log10 N), 1 above 500,000
};
// Densities f of all values (Poisson regression of a histogram on a natural cubic spline, Lindsey's method) and p0 times normal(centre, sd) of the null.
struct LocalFdr {
  double centre = 0, sd = 0, null_share = 0;             // delta0, sigma0, p0 (may pass 1 a little)
  double centre_se = 0, sd_se = 0, null_share_se = 0;    // maximum likelihood: from the information; central matching: not given, NaN
  std::vector<double> place, density, null_density;      // [bins] at middles, per value
  std::vector<double> fdr;                               // [N] min(1, p0 f0 / f) at each value
  // Where the rate falls to `level` on each side of the centre; an infinity where it does not.
  double upper(double level) const;
  double lower(double level) const;
  Outcome outcome;                                       // not_converged, or not_identifiable: the middle holds too few values
};
// Sources: Efron 2004, J Am Stat Assoc 99:96; 2007, Ann Stat 35:1351 (both nulls); locfdr 1.1-8 sets the same histogram and knots.
// InputError: fewer than 200 values, one that is not finite, all equal.
LocalFdr local_fdr(std::span<const double> values, const LocalFdrOptions& options = {});

}  // namespace hyped
