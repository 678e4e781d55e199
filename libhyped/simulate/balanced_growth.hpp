// Balanced (steady, exponential) growth of a staged cycle: the Euler-Lotka equation and its derivatives.
#pragma once
#include <Eigen/Core>
#include <span>

#include "libhyped/errors.hpp"
#include "libhyped/model/staged.hpp"

namespace hyped {

struct BalancedGrowth {
  double growth_rate = 0;               // [1/h]
  Eigen::VectorXd stages;               // [S] stable distribution, sums to 1; zero for stages outside the cycle
  Eigen::VectorXd growth_slope;         // d growth_rate / d parameter [P]
  Eigen::MatrixXd stages_slope;         // d stages / d parameter [S x P]
  Outcome outcome;
};

// Solves 2 prod_i a_i / (a_i + d_i + lambda) = 1 over the stages of the cycle that ends in division, by bracketed Newton;
// parameters as for the model, inputs at the values given. Density dependence is ignored.
// Source: Euler-Lotka for Erlang chains, e.g. Perez-Carrasco et al. 2020, J R Soc Interface 17:20200360.
BalancedGrowth balanced_growth(const StagedModel& model, std::span<const double> parameters);

}  // namespace hyped
