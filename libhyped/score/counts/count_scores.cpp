// Sums over the support with an upper bound of the tail, and scores gene by gene.
#include "libhyped/score/counts/count_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/distance/two_samples.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/replicates/negative_binomial.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

double negative_binomial_crps(double y, double mean, double dispersion) {
  if (mean <= 0) return y;
  const bool poisson = dispersion < 1e-12;
  const double r = poisson ? 0 : 1 / dispersion, q = poisson ? 0 : mean / (r + mean);      // P(k + 1) / P(k) = q (k + r) / (k + 1)
  const auto ratio = [&](double k) { return poisson ? mean / (k + 1) : q * (k + r) / (k + 1); };
  const double sd = std::sqrt(mean + dispersion * mean * mean);
  // Below `from` the distribution has no mass that a double would see; (0 - [y <= k])^2 there is 1 from y on.
  double k = 0, mass = std::exp(log_negative_binomial(0, mean, dispersion));
  if (mass < 1e-290) {
    k = std::max(0.0, std::floor(mean - 40 * sd));
    mass = std::exp(log_negative_binomial(k, mean, dispersion));
    while (mass < 1e-290 && k < mean) mass = std::exp(log_negative_binomial(++k, mean, dispersion));
  }
  double out = std::max(0.0, k - y), below = 0;
  for (;; mass *= ratio(k), ++k) {
    below = std::min(1.0, below + mass);
    const double gap = y <= k ? 1 - below : below;
    out += gap * gap;
    if (k < mean) continue;
    // all that follows is at most mass * s / (1 - s), s the largest ratio to come
    const double s = std::max(ratio(k), q);
    const double tail = s < 1 ? mass * s / (1 - s) : 1.0;
    if (tail > 1e-14 || tail / (1 - s) > 1e-12 * (out + 1e-300)) {
      if (mass > 0) continue;
    }
    return out + std::max(0.0, y - k - 1);      // beyond, F is 1: each k below y adds 1
  }
}

CountScores count_scores(const SparseRows& counts, const Eigen::VectorXd& exposure, const CountDistribution& predicted) {
  if (exposure.size() != counts.rows || predicted.rate.size() != counts.columns || predicted.dispersion.size() != counts.columns)
    throw InputError("scores of counts", fmt::format("{} cells x {} genes, {} exposures, {} rates and {} dispersions do not fit", counts.rows, counts.columns, exposure.size(), predicted.rate.size(), predicted.dispersion.size()), "");
  if (counts.rows < 2) throw InputError("scores of counts", "fewer than two cells were held out", "");
  if (!(exposure.array() > 0).all() || !exposure.allFinite()) throw InputError("scores of counts", "an exposure is not positive", "leave out cells without counts");
  if (!(predicted.rate.array() >= 0).all() || !predicted.rate.allFinite() || !(predicted.dispersion.array() >= 0).all() || !predicted.dispersion.allFinite()) throw InputError("scores of counts", "a predicted rate or dispersion is negative or not finite", "");
  const SparseRows genes = transposed(counts);
  constexpr int parts = 32;
  CountScores out;
  out.log_score = out.crps = Eigen::VectorXd::Zero(counts.columns);
  std::vector<Eigen::VectorXd> logs(parts, Eigen::VectorXd::Zero(counts.rows)), crps = logs;
  std::vector<int> impossible(parts, counts.columns);
  parallel_for(parts, [&](int p) {
    const auto part = static_cast<std::size_t>(p);
    for (int g = p; g < counts.columns; g += parts) {
      std::size_t at = 0;
      double sum_log = 0, sum_crps = 0;
      for (int c = 0; c < counts.rows; ++c) {
        double y = 0;
        if (at < genes.columns_of(g).size() && genes.columns_of(g)[at] == c) y = static_cast<double>(genes.values_of(g)[at++]);
        if (!(y >= 0) || y != std::floor(y)) throw InputError("scores of counts", fmt::format("cell {}, gene {}: the value is {}", c + 1, g + 1, y), "give counts");
        const double mean = exposure[c] * predicted.rate[g];
        double log = -log_negative_binomial(y, mean, predicted.dispersion[g]);
        const double score = negative_binomial_crps(y, mean, predicted.dispersion[g]);
        if (!std::isfinite(log)) impossible[part] = std::min(impossible[part], g), log = 0;
        sum_log += log, sum_crps += score;
        logs[part][c] += log, crps[part][c] += score;
      }
      out.log_score[g] = sum_log / counts.rows, out.crps[g] = sum_crps / counts.rows;
    }
  });
  out.cell_log_score = out.cell_crps = Eigen::VectorXd::Zero(counts.rows);
  for (std::size_t p = 0; p < logs.size(); ++p) out.cell_log_score += logs[p] / counts.columns, out.cell_crps += crps[p] / counts.columns;
  const int first = *std::min_element(impossible.begin(), impossible.end());
  if (first < counts.columns) out.mean_log_score.undefined_because = fmt::format("gene {} has counts and was predicted to have none", first + 1);
  else out.mean_log_score.value = out.cell_log_score.mean();
  out.mean_crps = out.cell_crps.mean();
  out.log_score_se = std::sqrt(influence_variance(out.cell_log_score)), out.crps_se = std::sqrt(influence_variance(out.cell_crps));
  return out;
}

ScoreDifference score_difference(const Eigen::VectorXd& first, const Eigen::VectorXd& second) {
  HYPED_REQUIRE(first.size() == second.size() && first.size() > 1);
  const Eigen::VectorXd gap = first - second;
  return {gap.mean(), std::sqrt(influence_variance(gap))};
}

CountDistribution count_distribution_of(const SparseRows& counts, const Eigen::VectorXd& exposure, double least_rate_counts) {
  if (exposure.size() != counts.rows || !(exposure.sum() > 0)) throw InputError("distribution of counts", "exposures do not fit the cells or are all 0", "");
  const SparseRows genes = transposed(counts);
  const double total = exposure.sum(), squares = exposure.squaredNorm();
  CountDistribution out{Eigen::VectorXd::Zero(counts.columns), Eigen::VectorXd::Zero(counts.columns)};
  parallel_for(counts.columns, [&](int g) {
    double sum = 0;
    for (const float v : genes.values_of(g)) sum += static_cast<double>(v);
    const double rate = sum / total;
    out.rate[g] = std::max(sum, least_rate_counts) / total;
    double spread = rate * rate * squares;      // of zeros, then corrected where there are counts
    for (std::size_t i = 0; i < genes.columns_of(g).size(); ++i) {
      const double mean = rate * exposure[genes.columns_of(g)[i]], y = static_cast<double>(genes.values_of(g)[i]);
      spread += (y - mean) * (y - mean) - mean * mean;
    }
    if (sum > 0) out.dispersion[g] = std::max(0.0, (spread - sum) / (rate * rate * squares));
  });
  return out;
}

}  // namespace hyped
