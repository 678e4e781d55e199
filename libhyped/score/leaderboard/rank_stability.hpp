// Would the same method win with other perturbations, another metric, another competitor.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/score/calibration/paired_models.hpp"
#include "libhyped/score/leaderboard/score_cube.hpp"

namespace hyped {

// Chance that each method has the highest mean score.
struct WinChances {
  std::vector<double> first;        // [M], ties share
  std::size_t perturbations = 0;    // in each sample
  bool exact = false;               // every subset, each once; else draws
  double samples = 0;
  std::size_t winners = 0;          // methods that win in some sample
};
// Every subset of `size` units, where there are at most `most` (3 of 383: 9.3 million); else as many draws without replacement. Parallel, same bytes for
// any number of threads. Units where a method lacks its score are left out.
WinChances wins_of_subsets(const ProfileMatrix& scores, std::size_t size, std::uint64_t seed, double most = 2e7, int draws = 20000);
// Bootstrap over all units: rank intervals too; in the order of methods.
std::vector<ModelRank> ranks_over_units(const ProfileMatrix& scores, const std::vector<std::string>& methods, int draws, std::uint64_t seed);

// Majorities: a beats b if it is better in more units. No winner can exist: a beats b beats c beats a.
struct Majorities {
  Eigen::MatrixXd share;                        // [M x M] of units where row is better than column, ties half
  std::vector<std::size_t> winner;              // beats all others; empty or one
  std::vector<std::size_t> top_cycle;           // the smallest set whose members beat all outside it (Smith set)
  std::vector<std::array<std::size_t, 3>> cycles;      // a beats b beats c beats a, each once
};
Majorities majorities_of(const ProfileMatrix& scores);

struct LeftOutMetric {
  std::string metric;
  std::vector<double> means;                    // [M] without it
  std::size_t winner = 0;
  double tau = 0;                               // Kendall's, with the order of all metrics
};
std::vector<LeftOutMetric> leave_metrics_out(const ScoreCube& cube, Aggregation rule);

// Order of two methods that turns when a third is taken away.
struct OrderFlip {
  std::size_t one = 0, other = 0, without = 0;
  double before = 0, after = 0;                 // mean score of one - that of other
};
std::vector<OrderFlip> order_flips(const ScoreCube& cube, Aggregation rule);

}  // namespace hyped
