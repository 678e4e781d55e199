// One prediction scored in every dialect: tables of scores, of means with their denominators, and of names that mean different numbers.
#pragma once
#include <string>
#include <vector>

#include "experiments/benchmark/score/read_pair.hpp"
#include "libhyped/score/calibration/calibrated_scores.hpp"
#include "libhyped/score/dialects/dialects.hpp"

namespace hyped {

struct ScoreSettings : PairSettings {
  std::vector<std::string> presets;      // dialects; empty: all
  DialectOptions options;
  ScoreCalibrationOptions calibration{.cell_draws = 100, .splits = 10, .depths = false};
};

// The scores alone; beside those of the prediction stand those of "no change" (the measured control as the prediction of every condition, as means).
struct PairScores {
  std::vector<DialectScores> prediction, no_change;
};
PairScores score_pair(const ScoredPair& pair, const std::vector<std::string>& presets, const DialectOptions& options);

// The strict metrics on mean profiles with floor (no change), ceiling (another experiment with as many cells), intervals over cells and perturbations, scaled score.
// Conditions that are not predicted take no part. Empty if none is predicted.
std::vector<MetricCalibration> calibrated_pair(const ScoredPair& pair, const ScoreCalibrationOptions& options);
// The interval to quote: over cells (replicates) and perturbations.
std::optional<ScoreRange> shown_range(const CalibratedScore& score);
// Table calibrated and figure scores.
void report_calibrated(RunDirectory& run, const ScoredPair& pair, const std::vector<MetricCalibration>& metrics);

// Tables scores (condition, metric, preset, value, why undefined, formula), means, same_name; answers in words.
void run_score(RunDirectory& run, const ScoreSettings& settings);

}  // namespace hyped
