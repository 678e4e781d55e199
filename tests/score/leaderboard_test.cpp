// Leaderboards small enough to work out by hand.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/leaderboard/rank_stability.hpp"

using namespace hyped;

namespace {

ScoreCube cube_of(const std::vector<std::pair<CubeMetric, std::vector<std::vector<double>>>>& metrics) {
  ScoreCube cube;
  for (const auto& [metric, rows] : metrics) {
    CubeMetric m = metric;
    m.values.resize(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows[0].size()));
    for (std::size_t u = 0; u < rows.size(); ++u)
      for (std::size_t k = 0; k < rows[u].size(); ++k) m.values(static_cast<Eigen::Index>(u), static_cast<Eigen::Index>(k)) = rows[u][k];
    cube.metrics.push_back(m);
  }
  for (Eigen::Index u = 0; u < cube.metrics[0].values.rows(); ++u) cube.units.push_back("u" + std::to_string(u));
  for (Eigen::Index m = 0; m < cube.metrics[0].values.cols(); ++m) cube.methods.push_back(std::string(1, static_cast<char>('a' + m)));
  return cube;
}

}  // namespace

TEST_CASE("a majority cycle of three has no winner and holds all three") {
  ProfileMatrix scores(3, 4);
  scores << 3, 2, 1, 0,   // a > b > c > d
      1, 3, 2, 0,         // b > c > a > d
      2, 1, 3, 0;         // c > a > b > d
  const Majorities m = majorities_of(scores);
  CHECK(m.winner.empty());
  CHECK(m.cycles.size() == 1);
  CHECK(m.top_cycle == std::vector<std::size_t>{0, 1, 2});
  CHECK(m.share(0, 1) == Approx(2.0 / 3));
  CHECK(m.share(0, 3) == 1);
  scores(2, 0) = 4;      // now a beats b and c
  const Majorities other = majorities_of(scores);
  CHECK(other.winner == std::vector<std::size_t>{0});
  CHECK(other.top_cycle == std::vector<std::size_t>{0});
  CHECK(other.cycles.empty());
}

TEST_CASE("chances to win over all subsets are those of counting them, and draws agree") {
  RandomStream random(3, 0, 0);
  ProfileMatrix scores(9, 4);
  for (Eigen::Index i = 0; i < scores.size(); ++i) scores.data()[i] = random.normal();
  std::vector<double> counted(4, 0.0);
  double all = 0;
  for (int bits = 0; bits < 512; ++bits) {
    if (__builtin_popcount(static_cast<unsigned>(bits)) != 3) continue;
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(4);
    for (int i = 0; i < 9; ++i)
      if (bits >> i & 1) sum += scores.row(i);
    Eigen::Index best;
    sum.maxCoeff(&best);
    counted[static_cast<std::size_t>(best)] += 1, all += 1;
  }
  const WinChances exact = wins_of_subsets(scores, 3, 1);
  CHECK(exact.exact);
  CHECK(exact.samples == 84);
  for (std::size_t m = 0; m < 4; ++m) CHECK(exact.first[m] == Approx(counted[m] / all));
  const WinChances drawn = wins_of_subsets(scores, 3, 1, 1, 20000);
  CHECK(!drawn.exact);
  for (std::size_t m = 0; m < 4; ++m) CHECK(drawn.first[m] == Approx(exact.first[m]).margin(0.015));      // 4 standard errors
  const int before = thread_setting();
  set_threads(2);
  CHECK(wins_of_subsets(scores, 3, 1, 1, 20000).first == drawn.first);
  set_threads(before);
}

TEST_CASE("min-max scaling lets a third method turn the order of two") {
  // metric 1: a 1.0, b .6, c 0; metric 2: a .5, b .8. c far below in metric 2 makes the difference of a and b there small
  const CubeMetric raw{"m", Better::higher, false, {}};
  const ScoreCube cube = cube_of({{raw, {{1.0, 0.6, 0.5}}}, {raw, {{0.5, 0.8, -9}}}});
  const auto means = method_means(aggregated(cube, Aggregation::min_max));
  CHECK(means[0] > means[1]);
  CHECK(method_means(aggregated(without_method(cube, 2), Aggregation::min_max))[0] == Approx(0.5));      // a and b are first once each
  const ScoreCube three = cube_of({{raw, {{1.0, 0.7, 0.5, 0.5}}}, {raw, {{0.5, 0.8, -9, 0.4}}}});
  const auto flips = order_flips(three, Aggregation::min_max);
  REQUIRE(flips.size() >= 1);
  CHECK(flips[0].one == 0);
  CHECK(flips[0].other == 1);
  CHECK(flips[0].without == 2);
  CHECK(flips[0].before == Approx(0.5 * (1 + 9.5 / 9.8) - 0.5 * (0.4 + 1)));
  CHECK(flips[0].after == Approx(0.5 * (1 + 0.25) - 0.5 * (0.4 + 1)));
  CHECK(order_flips(three, Aggregation::mean).empty());
  // a metric published scaled is scaled anew
  CubeMetric scaled = raw;
  scaled.relative = true;
  const ScoreCube published = cube_of({{scaled, {{1, 0.2, 0}}}});
  const ScoreCube rest = without_method(published, 0);
  CHECK(rest.metrics[0].values(0, 0) == 1);
  CHECK(rest.metrics[0].values(0, 1) == 0);
}

TEST_CASE("Kendall's tau, ranks and aggregation on known numbers") {
  CHECK(kendall_tau({1, 2, 3, 4}, {1, 2, 3, 4}) == 1);
  CHECK(kendall_tau({1, 2, 3, 4}, {4, 3, 2, 1}) == -1);
  CHECK(kendall_tau({12, 2, 1, 12, 2}, {1, 4, 7, 1, 0}) == Approx(-0.47140452079103173));      // scipy.stats.kendalltau's own example
  CHECK(std::isnan(kendall_tau({1, 1}, {1, 2})));
  CubeMetric lower{"error", Better::lower, false, {}};
  const ScoreCube cube = cube_of({{lower, {{1, 2, 2}, {3, 1, 5}}}});
  const ProfileMatrix ranks = aggregated(cube, Aggregation::mean_rank);
  CHECK(ranks(0, 0) == -1);
  CHECK(ranks(0, 1) == -2.5);
  CHECK(ranks(1, 2) == -3);
  CHECK(aggregated(cube, Aggregation::min_max)(1, 1) == 1);
  const auto left_out = leave_metrics_out(cube_of({{lower, {{1, 2, 3}}}, {lower, {{3, 2, 1}}}}), Aggregation::mean_rank);
  REQUIRE(left_out.size() == 2);
  CHECK(left_out[0].winner == 2);
  CHECK(left_out[1].winner == 0);
}
