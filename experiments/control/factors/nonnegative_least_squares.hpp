// Non-negative least squares from Gram matrices: the data are gone, only C'C and C'r are left.
#pragma once
#include <Eigen/Core>

#include "libhyped/errors.hpp"

namespace hyped::control {

struct NonnegativeSolution {
  Eigen::VectorXd u;                 // [n] >= 0
  double gain = 0;                   // |r|^2 - min |r - C u|^2
  Outcome outcome;
};
// min |r - C u|^2 over u >= 0 given gram = C'C [n x n] and match = C'r [n], by active sets (Lawson & Hanson 1974, ch. 23; on normal
// equations: Bro & De Jong 1997, J Chemometr 11:393). Columns that depend on others to 1e-12 of their square stay out: an optimum on fewer
// columns always exists. not_converged after 30 n exchanges.
NonnegativeSolution nonnegative_least_squares(const Eigen::MatrixXd& gram, const Eigen::VectorXd& match);

// The same optimum for one, two and three columns in closed form, at O(1) a set. `interior`: all inputs are positive; else the optimum is that of
// fewer columns, and gain is 0.
struct InteriorGain {
  bool interior = false;
  double gain = 0;
};
inline InteriorGain interior_pair(double aa, double bb, double ab, double ra, double rb) {
  const double det = aa * bb - ab * ab;
  const double ua = bb * ra - ab * rb, ub = aa * rb - ab * ra;
  if (!(det > 1e-12 * aa * bb) || !(ua > 0) || !(ub > 0)) return {};
  return {true, (ua * ra + ub * rb) / det};
}
inline InteriorGain interior_triple(double aa, double bb, double cc, double ab, double ac, double bc, double ra, double rb, double rc) {
  const double AA = bb * cc - bc * bc, BB = aa * cc - ac * ac, CC = aa * bb - ab * ab;
  const double AB = ac * bc - ab * cc, AC = ab * bc - ac * bb, BC = ab * ac - aa * bc;
  const double det = aa * AA + ab * AB + ac * AC;
  const double ua = AA * ra + AB * rb + AC * rc, ub = AB * ra + BB * rb + BC * rc, uc = AC * ra + BC * rb + CC * rc;
  if (!(det > 1e-12 * aa * bb * cc) || !(ua > 0) || !(ub > 0) || !(uc > 0)) return {};
  return {true, (ua * ra + ub * rb + uc * rc) / det};
}

}  // namespace hyped::control
