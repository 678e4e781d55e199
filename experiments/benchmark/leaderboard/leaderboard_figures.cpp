// Rank intervals, chances to win by size of the benchmark, paired differences to the leader.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/benchmark/leaderboard/leaderboard_run.hpp"
#include "experiments/report/figure.hpp"

namespace hyped {

void add_leaderboard_figures(RunDirectory& run, const ScoreTables& scores, const Leaderboard& board, const LeaderboardSettings& settings) {
  const ScoreCube& cube = scores.perturbations;
  const ProfileMatrix aggregate = aggregated(cube, board.rule);
  Table chance{{{"panel", "", ""}, {"series", "", ""}, {"x", "", "perturbations"}, {"y", "1", "chance of rank 1"}}};
  std::vector<std::size_t> sizes;
  for (std::size_t n = 1; n < board.perturbations; n = n < 3 ? 3 : n * 3) sizes.push_back(n);
  std::vector<WinChances> wins;
  for (const auto n : sizes) wins.push_back(wins_of_subsets(aggregate, n, settings.seed, 2e7, std::min(settings.draws, 20000)));
  std::vector<double> highest(cube.methods.size(), 0.0);
  for (const auto& w : wins)
    for (std::size_t m = 0; m < highest.size(); ++m) highest[m] = std::max(highest[m], w.first[m]);
  std::vector<std::size_t> shown = board.order;
  std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) { return highest[a] > highest[b]; });
  shown.resize(std::min<std::size_t>(shown.size(), 6));
  for (const auto m : shown) {
    for (std::size_t k = 0; k < wins.size(); ++k) chance.add_row({std::string("chance of rank 1"), cube.methods[m], static_cast<double>(sizes[k]), wins[k].first[m]});
    chance.add_row({std::string("chance of rank 1"), cube.methods[m], static_cast<double>(board.perturbations), board.ranks[m].first});
  }
  report::add_figure(run, {"rank_chances", "Chance of each method to be first in a benchmark of so many of these perturbations (subsets; the last point: all, drawn again). The six methods that ever come highest.", "log_curves", {{"curve", chance}}, {{"x_axis", "perturbations in the benchmark, log axis"}}, "answer"});

  Table ranks{{{"panel", "", ""}, {"name", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}}};
  for (const auto m : board.order) ranks.add_row({std::string("rank"), cube.methods[m], board.ranks[m].mean, static_cast<double>(board.ranks[m].best), static_cast<double>(board.ranks[m].worst)});
  report::add_figure(run, {"rank_intervals", "Mean rank and 95 % of ranks, perturbations drawn again.", "intervals", {{"rows", ranks}}, {{"interval_label", "blue: mean rank and 95 % of draws"}}, "answer"});

  // every method against the leader on the same perturbations
  Table pairs{{{"panel", "", ""}, {"name", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}}};
  const auto leader = static_cast<Eigen::Index>(board.order.front());
  for (std::size_t i = 1; i < board.order.size(); ++i) {
    std::vector<double> differences;
    for (Eigen::Index u = 0; u < aggregate.rows(); ++u) differences.push_back(aggregate(u, static_cast<Eigen::Index>(board.order[i])) - aggregate(u, leader));
    if (const auto range = range_over_perturbations(differences, 0, {settings.seed, 0.95, 4000})) pairs.add_row({fmt::format("score minus that of {}", cube.methods[board.order.front()]), cube.methods[board.order[i]], range->estimate, range->lower, range->upper});
  }
  if (!pairs.rows().empty()) {
    run.add_table("differences", pairs, "Paired difference of every method to the leader, 95 % over perturbations.");
    report::add_figure(run, {"paired_differences", "Difference of every method to the leader on the same perturbations, with 95 % intervals: where it reaches 0, the two cannot be told apart.", "intervals", {{"rows", pairs}}, {{"interval_label", "blue: paired difference and 95 %"}}, "answer"});
  }
}

}  // namespace hyped
