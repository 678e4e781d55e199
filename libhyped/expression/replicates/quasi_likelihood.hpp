// Quasi-dispersions: one gene's residual deviance per degree of freedom, drawn towards that of all genes.
#pragma once
#include <Eigen/Core>

namespace hyped {

struct SqueezedVariances {
  double prior = 1;                  // what the genes scatter about
  double prior_df = 0;               // how strongly; infinite if they differ by chance alone
  Eigen::VectorXd posterior;         // [G]
};

// variance [G] each with df [G] (> 0 or left out: posterior = prior). Scaled F distribution fitted by moments of the logarithms.
// Source: Smyth 2004, Stat Appl Genet Mol Biol 3:3; Lund et al. 2012, same 11:8.
SqueezedVariances squeeze_variances(const Eigen::VectorXd& variance, const Eigen::VectorXd& df);

double digamma_of(double x);
double trigamma_of(double x);
double trigamma_inverse(double value);      // value > 0

}  // namespace hyped
