// One ranking of factors: an order of time, programmes taken out or not, scores, places, intervals and null.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/control/factors/factor_uncertainty.hpp"
#include "experiments/planning/dgc/dgc_problem.hpp"

namespace hyped {

struct DgcRanking {
  std::string order, removed;                        // "labels" or "sample numbers"; what was taken out
  control::NuisanceProjection nuisance;
  control::GuidedProblem problem;
  double distance = 0;                               // d0
  std::vector<control::FactorScore> scores;          // [M]
  std::vector<double> places;                        // [M]
  std::optional<control::ReplicateIntervals> intervals;
  std::string why_not;                               // there are no intervals
  bool scored() const { return intervals && intervals->scored; }      // intervals of scores, not of places alone
  control::SetSearch sets;                           // of the first ranking alone
  std::vector<control::FactorSet> listed;            // pairs, then triples
  std::optional<control::PermutationNull> null;
};

// InputError for a programme that the file does not have.
void check_programmes(const DgcSettings& settings);

// Every way to take programmes out, in either order of time; the first is the plain one by labels, with sets and null. Intervals: the plain ones
// and those with everything taken out.
std::vector<DgcRanking> rank_variants(RunDirectory& run, const std::vector<DgcCase>& cases, const control::FactorInputs& inputs, const DgcSettings& settings);

}  // namespace hyped
