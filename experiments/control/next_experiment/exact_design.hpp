// How many of each experiment to do within a budget: exact designs by exchange.
#pragma once
#include <cstdint>
#include <vector>

#include "experiments/control/next_experiment/design_criterion.hpp"

namespace hyped::control {

struct ExactOptions {
  double budget = 1;
  int most_each = 1'000'000;            // of one candidate
  int starts = 8;                       // greedy, then random ones
  std::uint64_t seed = 1;
};

struct ExactDesign {
  std::vector<int> count;               // [candidates]
  double cost = 0, value = 0;           // the criterion
  std::vector<double> by_start;         // what each start ended with: how alike they are says how sure the search is
  Outcome outcome;                      // not_identifiable: no affordable design makes the quantity estimable
};

// Greedy or random filling, then exchanges of one experiment for another (or for as many of it as the freed money buys) while the
// criterion falls, first the largest fall (Fedorov 1972, Theory of Optimal Experiments, ch. 3), one out and the money spent anew where
// none does, and additions while money is left.
// Deterministic given the seed; the best of all starts. InputError: nothing is affordable.
ExactDesign exact_design(const DesignProblem& problem, const ExactOptions& options = {});

}  // namespace hyped::control
