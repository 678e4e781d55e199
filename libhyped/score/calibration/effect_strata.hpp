// How large each perturbation's effect is beside the noise of its cells, and classes by it: most perturbations do little, and a mean over all hides what happens where there is something.
#pragma once
#include <string_view>
#include <vector>

#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped {

enum class EffectClass { none_seen, weaker, stronger };
std::string_view to_string(EffectClass effect);

struct EffectSize {
  double squared = 0;          // mean over genes of the squared change from control, noise subtracted; may be negative
  double noise = 0;            // what was subtracted
  double null_se = 0;          // standard deviation of `squared` where there is no effect
  EffectClass effect = EffectClass::none_seen;
};
// [N]. Deviations of resampled changes from the measured one give noise and null_se. none_seen: squared <= 2 null_se; the others are split at their median.
// The cut is made on the truth that is scored: it describes, it must not choose what is reported.
std::vector<EffectSize> effect_sizes(const EffectComparison& pair, const CellsBehind& cells, int draws, std::uint64_t seed);

// Mean score of each model in a class.
struct StratumScore {
  EffectClass effect = EffectClass::none_seen;
  std::string model;
  std::size_t conditions = 0, defined = 0;
  std::optional<double> mean;
  std::optional<ScoreRange> range;      // over perturbations of the class; none below two
};
std::vector<StratumScore> scores_by_effect(const JointScores& scores, const std::vector<EffectSize>& sizes, const RangeOptions& options);

}  // namespace hyped
