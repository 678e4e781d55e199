// The best shares of a budget, and proof that they are: continuous designs with the general equivalence theorem.
#pragma once
#include <Eigen/Core>
#include <string>

#include "experiments/control/next_experiment/design_criterion.hpp"

namespace hyped::control {

struct ContinuousOptions {
  double budget = 1;                    // amount_i = share_i budget / cost_i of candidate i
  double tolerance = 1e-7;              // of the gap, relative to the budget's worth (A) or absolute (D)
  int iteration_limit = 20000;
};

struct ContinuousDesign {
  Eigen::VectorXd share;                // [candidates] of the budget, sum 1
  double value = 0;                     // the criterion
  // Equivalence theorem (Kiefer & Wolfowitz 1960; Whittle 1973, J R Stat Soc B 35:123): a design is optimal when no candidate falls the
  // criterion faster per unit of budget than the design itself does; the criterion being convex, value - gap bounds the optimum.
  double gap = 0;                       // max_i d_i - sum share_i d_i >= 0
  double bound = 0;                     // value - gap <= optimum <= value
  Eigen::VectorXd sensitivity;          // [candidates] d_i per whole budget
  int iterations = 0;
  Outcome outcome;                      // not_converged: the gap is above the tolerance; not_identifiable: nothing makes the contrasts estimable
};

// Rounds of a multiplicative step (Silvey, Titterington & Torsney 1978), halved while the criterion rises, and of an exchange of share from
// the least to the most sensitive candidate, its length by line search (Boehning 1986, Metrika 33:337). Deterministic.
ContinuousDesign continuous_design(const DesignProblem& problem, const ContinuousOptions& options = {});

}  // namespace hyped::control
