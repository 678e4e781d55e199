// How stable a leaderboard is: other perturbations, fewer of them, without one metric, without one method, majorities.
#pragma once
#include <string>
#include <vector>

#include "experiments/benchmark/leaderboard/score_files.hpp"
#include "libhyped/score/leaderboard/rank_stability.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct LeaderboardSettings : ScoreReading {
  std::string rule = "auto";                 // mean, min-max, rank; auto: mean where all metrics are higher-better and a published mean, else rank
  std::vector<int> sizes = {3, 9};           // perturbations in smaller leaderboards
  int draws = 20000;
  std::uint64_t seed = 1;
};

struct MetricAgreement {
  std::string one, other;
  double tau = 0, tau_rows = 0;              // Kendall's of the methods' means: over perturbations, over rows as published
};
struct Leaderboard {
  Aggregation rule = Aggregation::mean;
  std::vector<double> mean;                  // [M] aggregated score over perturbations
  std::vector<std::size_t> order;            // best first
  std::vector<ModelRank> ranks;              // [M] bootstrap over perturbations
  std::vector<WinChances> wins;              // for each size
  std::vector<MetricAgreement> agreement;
  std::vector<LeftOutMetric> without_metric;
  std::vector<std::vector<ModelRank>> ranks_without;      // [metric][M]
  std::vector<OrderFlip> flips;
  std::vector<OrderFlip> flips_min_max;      // of the same metrics scaled within each perturbation by us
  Majorities over_perturbations, over_metrics;
  std::size_t perturbations = 0;
};
Leaderboard leaderboard_of(const ScoreTables& scores, const LeaderboardSettings& settings);
void run_leaderboard(RunDirectory& run, const LeaderboardSettings& settings);
void add_leaderboard_figures(RunDirectory& run, const ScoreTables& scores, const Leaderboard& board, const LeaderboardSettings& settings);

}  // namespace hyped
