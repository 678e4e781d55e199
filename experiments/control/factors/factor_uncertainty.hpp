// How sure a ranking of factors is: intervals of score and place from replicates, and p values against targets put on other genes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/control/factors/factor_search.hpp"

namespace hyped::control {

struct ScoreInterval {
  double lower = 0, upper = 0;               // of the score mu
  double gain_lower = 0, gain_upper = 0;     // of the signed gain (sets: gain)
  double degrees = 0;                        // of freedom of the standard error
};
struct PlaceInterval {
  double lower = 1, upper = 1;
};

struct BootstrapOptions {
  int draws = 400;
  double level = 0.95;
  std::uint64_t seed = 1;
};
struct ReplicateIntervals {
  double distance = 0;                       // d0 with the part that is noise between replicates taken off
  bool scored = true;                        // false: noise alone makes d0 that large; scores have no intervals (NaN), gains and places have
  std::vector<ScoreInterval> factors;        // [M]
  std::vector<PlaceInterval> places;         // [M]
  std::vector<ScoreInterval> sets;
  std::vector<std::string> notes;
};

// Replicates of each time are drawn anew, R - 1 of R with replacement, so that the variance of a mean is not too small by (R - 1)/R (Rao & Wu 1988, JASA 83:231).
// The start step and the set stay as found. Gains are close to linear in the data: gain, less its bootstrap bias, +- t times its
// standard error, with the degrees of freedom that so few replicates leave (Welch and Satterthwaite, times as groups, by factor). The interval
// of mu is that of the gain, at d0 without its noise: it is meant for profiles without noise, while mu itself holds the noise of d0, and
// may lie below it. Place: 1 + factors that are better, M - those that are worse, by the interval of each pair's difference; between
// the two nothing is decided. Every interval is one of its own, not one for all factors at once. Targets of one column are taken as exact.
// InputError if no time has two replicates, or if replicates say nothing (see replicates_matter).
// Whether replicates move the score at all: not if the target is the start plus a change, and A = I.
bool replicates_matter(const GuidedData& data);
ReplicateIntervals replicate_intervals(const GuidedData& data, const NuisanceProjection& nuisance, const InputGram& inputs, const std::vector<FactorScore>& singles,
                                       const std::vector<FactorSet>& sets, const BootstrapOptions& options = {});

struct PermutationOptions {
  int permutations = 1000;
  int strata = 10;                           // of mean expression; 1: any gene for any other
  std::uint64_t seed = 1;
};
struct PermutationNull {
  std::vector<double> factors;               // p of each factor: (b + 1) / (N + 1), b permutations with a gain as large, at their own best start [M]
  std::vector<double> family;                // the same against the largest z = (gain - mean) / sd of all factors: one in 20 rankings has any below .05
  std::vector<double> sets;                  // p of each set at its own best start; not corrected for having been searched for
  std::vector<double> typical;               // mean gain under the null [M]
};
// Null: a factor's targets are no others than any genes of alike expression. Rows of B are exchanged within strata of `level` [G], the same
// way for all factors, so that the overlap of their targets stays; genes that are left out stay where they are.
PermutationNull permutation_null(const GuidedProblem& problem, const NuisanceProjection& nuisance, const InputGram& inputs, const Eigen::VectorXd& level,
                                 const std::vector<FactorScore>& singles, const std::vector<FactorSet>& sets, const PermutationOptions& options = {});

}  // namespace hyped::control
