// Subsets of perturbations, majorities, metrics and methods left out.
#include "libhyped/score/leaderboard/rank_stability.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t subset_stream = 0x70000000u, unit_stream = 0x71000000u;

ProfileMatrix complete_units(const ProfileMatrix& scores) {
  std::vector<Eigen::Index> kept;
  for (Eigen::Index u = 0; u < scores.rows(); ++u)
    if (!scores.row(u).array().isNaN().any()) kept.push_back(u);
  ProfileMatrix out(static_cast<Eigen::Index>(kept.size()), scores.cols());
  for (std::size_t i = 0; i < kept.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = scores.row(kept[i]);
  return out;
}

double subsets(std::size_t n, std::size_t k) {
  double out = 1;
  for (std::size_t i = 0; i < k; ++i) out *= static_cast<double>(n - i) / static_cast<double>(i + 1);
  return std::round(out);
}

void count_win(const double* sum, std::size_t methods, std::vector<double>& wins) {
  const double best = *std::max_element(sum, sum + methods);
  // sums of the same numbers in another order may differ in the last bits
  const double edge = best - 1e-12 * (1 + std::abs(best));
  double ties = 0;
  for (std::size_t m = 0; m < methods; ++m) ties += sum[m] >= edge;
  for (std::size_t m = 0; m < methods; ++m)
    if (sum[m] >= edge) wins[m] += 1 / ties;
}

// All subsets whose smallest unit is `first`.
void enumerate(const ProfileMatrix& scores, std::size_t first, std::size_t left, std::vector<std::vector<double>>& sums, std::size_t depth, std::vector<double>& wins) {
  const auto methods = static_cast<std::size_t>(scores.cols());
  const double* row = scores.data() + first * methods;
  for (std::size_t m = 0; m < methods; ++m) sums[depth + 1][m] = sums[depth][m] + row[m];
  if (left == 0) return count_win(sums[depth + 1].data(), methods, wins);
  for (std::size_t next = first + 1; next + left <= static_cast<std::size_t>(scores.rows()); ++next) enumerate(scores, next, left - 1, sums, depth + 1, wins);
}

}  // namespace

WinChances wins_of_subsets(const ProfileMatrix& given, std::size_t size, std::uint64_t seed, double most, int draws) {
  const ProfileMatrix scores = complete_units(given);
  const auto units = static_cast<std::size_t>(scores.rows()), methods = static_cast<std::size_t>(scores.cols());
  WinChances out;
  out.first.assign(methods, 0.0), out.perturbations = size;
  if (size == 0 || size > units) return out;
  const double all = subsets(units, size);
  out.exact = all <= most;
  out.samples = out.exact ? all : draws;
  constexpr int batch = 250;
  const int jobs = out.exact ? static_cast<int>(units - size + 1) : (draws + batch - 1) / batch;
  std::vector<std::vector<double>> wins(static_cast<std::size_t>(jobs), std::vector<double>(methods, 0.0));
  parallel_for(jobs, [&](int job) {
    auto& own = wins[static_cast<std::size_t>(job)];
    if (out.exact) {
      std::vector<std::vector<double>> sums(size + 1, std::vector<double>(methods, 0.0));
      enumerate(scores, static_cast<std::size_t>(job), size - 1, sums, 0, own);
      return;
    }
    std::vector<std::size_t> order(units);
    std::vector<double> sum(methods);
    for (int d = job * batch; d < std::min(draws, (job + 1) * batch); ++d) {
      RandomStream random(seed, subset_stream + static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(d));
      std::iota(order.begin(), order.end(), 0);
      std::fill(sum.begin(), sum.end(), 0.0);
      for (std::size_t i = 0; i < size; ++i) {
        std::swap(order[i], order[i + std::min(units - i - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(units - i)))]);
        for (std::size_t m = 0; m < methods; ++m) sum[m] += scores(static_cast<Eigen::Index>(order[i]), static_cast<Eigen::Index>(m));
      }
      count_win(sum.data(), methods, own);
    }
  });
  for (const auto& own : wins)
    for (std::size_t m = 0; m < methods; ++m) out.first[m] += own[m];
  for (auto& x : out.first) out.winners += x > 0, x /= out.samples;
  return out;
}

std::vector<ModelRank> ranks_over_units(const ProfileMatrix& given, const std::vector<std::string>& methods, int draws, std::uint64_t seed) {
  const ProfileMatrix scores = complete_units(given);
  const double units = static_cast<double>(scores.rows());
  HYPED_REQUIRE(scores.rows() > 0);
  std::vector<std::vector<double>> means(static_cast<std::size_t>(draws), std::vector<double>(methods.size(), 0.0));
  constexpr int batch = 250;      // one draw is too little work for a job
  parallel_for((draws + batch - 1) / batch, [&](int job) {
    for (int d = job * batch; d < std::min(draws, (job + 1) * batch); ++d) {
      RandomStream random(seed, unit_stream, static_cast<std::uint32_t>(d));
      auto& mean = means[static_cast<std::size_t>(d)];
      for (Eigen::Index i = 0; i < scores.rows(); ++i) {
        const auto at = std::min(scores.rows() - 1, static_cast<Eigen::Index>(random.uniform() * units));
        for (std::size_t m = 0; m < mean.size(); ++m) mean[m] += scores(at, static_cast<Eigen::Index>(m)) / units;
      }
    }
  });
  return ranks_over_draws(means, methods);
}

Majorities majorities_of(const ProfileMatrix& scores) {
  const auto n = static_cast<std::size_t>(scores.cols());
  Majorities out;
  out.share = Eigen::MatrixXd::Constant(scores.cols(), scores.cols(), 0.5);
  for (Eigen::Index a = 0; a < scores.cols(); ++a)
    for (Eigen::Index b = 0; b < scores.cols(); ++b) {
      if (a == b) continue;
      double better = 0, seen = 0;
      for (Eigen::Index u = 0; u < scores.rows(); ++u) {
        if (std::isnan(scores(u, a)) || std::isnan(scores(u, b))) continue;
        seen += 1, better += scores(u, a) > scores(u, b) ? 1 : scores(u, a) == scores(u, b) ? 0.5 : 0;
      }
      if (seen > 0) out.share(a, b) = better / seen;
    }
  const auto beats = [&](std::size_t a, std::size_t b) { return out.share(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b)) > 0.5; };
  std::vector<std::size_t> beaten(n, 0);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) beaten[a] += a != b && beats(a, b);
  for (std::size_t a = 0; a < n; ++a)
    if (beaten[a] == n - 1) out.winner.push_back(a);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b)
      for (std::size_t c = 0; c < n; ++c)
        if (a < b && a < c && b != c && beats(a, b) && beats(b, c) && beats(c, a)) out.cycles.push_back({a, b, c});
  // start with those that beat most, add whoever is not beaten by all of the set
  std::vector<char> in(n, 0);
  const std::size_t most = *std::max_element(beaten.begin(), beaten.end());
  for (std::size_t a = 0; a < n; ++a) in[a] = beaten[a] == most;
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t b = 0; b < n; ++b) {
      if (in[b]) continue;
      for (std::size_t a = 0; a < n && !in[b]; ++a)
        if (in[a] && !beats(a, b)) in[b] = 1, grown = true;
    }
  }
  for (std::size_t a = 0; a < n; ++a)
    if (in[a]) out.top_cycle.push_back(a);
  return out;
}

std::vector<LeftOutMetric> leave_metrics_out(const ScoreCube& cube, Aggregation rule) {
  const auto all = method_means(aggregated(cube, rule));
  std::vector<LeftOutMetric> out;
  if (cube.metrics.size() < 2) return out;
  for (std::size_t k = 0; k < cube.metrics.size(); ++k) {
    LeftOutMetric one{cube.metrics[k].id, method_means(aggregated(without_metric(cube, k), rule)), 0, 0};
    one.winner = static_cast<std::size_t>(std::max_element(one.means.begin(), one.means.end()) - one.means.begin());
    one.tau = kendall_tau(all, one.means);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<OrderFlip> order_flips(const ScoreCube& cube, Aggregation rule) {
  const std::size_t n = cube.methods.size();
  const auto all = method_means(aggregated(cube, rule));
  std::vector<OrderFlip> out;
  if (n < 3) return out;
  for (std::size_t left = 0; left < n; ++left) {
    const auto rest = method_means(aggregated(without_method(cube, left), rule));
    const auto place = [&](std::size_t m) { return m > left ? m - 1 : m; };
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = a + 1; b < n; ++b) {
        if (a == left || b == left) continue;
        const double before = all[a] - all[b], after = rest[place(a)] - rest[place(b)];
        if (before * after < 0) out.push_back({a, b, left, before, after});
      }
  }
  return out;
}

}  // namespace hyped
