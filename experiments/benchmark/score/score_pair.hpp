// One prediction scored in every dialect: tables of scores, of means with their denominators, and of names that mean different numbers.
#pragma once
#include <string>
#include <vector>

#include "experiments/benchmark/score/read_pair.hpp"
#include "libhyped/score/dialects/dialects.hpp"

namespace hyped {

struct ScoreSettings : PairSettings {
  std::vector<std::string> presets;      // dialects; empty: all
  DialectOptions options;
};

// The scores alone; beside those of the prediction stand those of "no change" (the measured control as the prediction of every condition, as means).
struct PairScores {
  std::vector<DialectScores> prediction, no_change;
};
PairScores score_pair(const ScoredPair& pair, const std::vector<std::string>& presets, const DialectOptions& options);

// Tables scores (condition, metric, preset, value, why undefined, formula), means, same_name; answers in words.
void run_score(RunDirectory& run, const ScoreSettings& settings);

}  // namespace hyped
