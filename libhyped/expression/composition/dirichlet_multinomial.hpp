// Compositions of units that vary among themselves: a Dirichlet-multinomial fitted by maximum likelihood.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// Units (cells, or samples) with counts of J classes; equal units may be given once with their number.
struct UnitCounts {
  Eigen::MatrixXd counts;            // [U x J] whole numbers
  Eigen::VectorXd times;             // [U]
  std::vector<int> group;            // [U] 0, 1, ...
};

struct DirichletMultinomialFit {
  Eigen::MatrixXd share;             // [groups x J]; a class without counts in a group has share 0 there
  double precision = 0;              // sum of the Dirichlet's weights; infinite: multinomial, also where no unit has two counts
  double log_likelihood = 0;         // without the multinomial coefficients, which no parameter enters
  Outcome outcome;
};

// Shares of each group (or of all units together if not by_group) and one precision for all. For a given precision the likelihood is
// concave in the shares (Newton with a Lagrange multiplier, O(J) a step); the precision by Brent's method on its profile.
DirichletMultinomialFit fit_dirichlet_multinomial(const UnitCounts& units, int groups, bool by_group);

// The log-likelihood at given values, for checks; precision may be infinite.
double dirichlet_multinomial_log_likelihood(const UnitCounts& units, const Eigen::MatrixXd& share, double precision);

}  // namespace hyped
