// Which model is better: differences with intervals, the chance of rank 1, what a benchmark of this size can tell apart.
#pragma once
#include <string>
#include <vector>

#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped {

struct ModelDifference {
  std::string one, other;
  std::size_t conditions = 0;              // where both are defined
  std::optional<ScoreRange> range;         // one - other, in the metric's direction: above 0, `one` is better
  double detectable = 0;                   // smallest true difference that a test at 5 % finds with power 80 %, at this number of conditions; 0: unknown
  double conditions_needed = 0;            // to find the difference seen, with power 80 %; 0: unknown; infinity: there is no difference
};
struct ModelRank {
  std::string model;
  double first = 0;                        // P(rank 1); ties share
  double mean = 0;                         // rank over draws
  int best = 0, worst = 0;                 // 95 % of draws
};
struct PairedModels {
  std::string metric;
  std::vector<ModelDifference> differences;      // every pair
  std::vector<ModelRank> ranks;                  // models with a value, in the order of the mean score
  std::size_t conditions = 0;                    // where all ranked models are defined: the draws are from these
  std::vector<std::string> left_out;             // models without a value in any condition
};
// Draws over perturbations, the noise that conditions share added as a normal number with its covariance.
PairedModels compare_models(const JointScores& scores, const RangeOptions& options);

// P(rank 1), mean rank and rank interval from scores [D][M], higher better.
std::vector<ModelRank> ranks_over_draws(const std::vector<std::vector<double>>& draws, const std::vector<std::string>& models);

}  // namespace hyped
