// How heavy a tail is: the shape of a generalised Pareto distribution fitted to the largest values.
#pragma once
#include <Eigen/Core>

namespace hyped {

// Shape k of the generalised Pareto distribution of `exceedances` (sorted, positive) with the weakly informative prior of ten
// draws at 1/2; k <= 0: no heavier than exponential; moments of order 1/k and above do not exist. `scale` if wanted.
// Source: Zhang & Stephens 2009, Technometrics 51:316; Vehtari et al. 2024, JMLR 25(72) (prior).
double pareto_shape(const Eigen::VectorXd& exceedances, double* scale = nullptr);

// Number of values in the tail of n draws: 3 sqrt(n / efficiency), at most a fifth. Source: Vehtari et al. 2024.
int pareto_tail_length(Eigen::Index draws, double efficiency = 1);

// k-hat of importance ratios given by their logarithms [K], any order; +infinity if there are too few (< 25) or none is finite.
// Above 0.7 averages with these ratios are of no use, however many draws there are. Source: Vehtari et al. 2024.
double importance_khat(const Eigen::VectorXd& log_ratios);

// A tail that is heavy as far as the draws reach counts as heavy, whatever it does beyond: averages of that many draws behave so.
struct TailShape {
  double k = 0;              // the larger of the fits to 3 sqrt(K) values and to a fifth of all
  double error = 0;          // its standard error, from the effective number of draws
  bool known = false;        // false: too few distinct values
};
// Upper tail of draws [K], any order; the lower one is that of minus the draws. efficiency: effective draws per draw.
TailShape upper_tail(const Eigen::VectorXd& draws, double efficiency);

}  // namespace hyped
