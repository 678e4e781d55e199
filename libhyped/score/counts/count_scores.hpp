// Proper scores of a predicted distribution of counts on cells that were held out: log score and CRPS, with each cell's library as its exposure.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// A count of gene g in a cell of exposure L is negative binomial with mean L rate_g and variance mean + dispersion_g mean^2 (0: Poisson).
struct CountDistribution {
  Eigen::VectorXd rate, dispersion;      // [G] per unit of exposure; >= 0
};

// E|X - y| - E|X - X'| / 2 = sum over k of (F(k) - [y <= k])^2 for X negative binomial; in counts. Summed until what is left is below 1e-12 of it.
// Source: Gneiting & Raftery 2007, J Am Stat Assoc 102:359; Czado, Gneiting & Held 2009, Biometrics 65:1254.
double negative_binomial_crps(double count, double mean, double dispersion);

struct CountScores {
  Eigen::VectorXd log_score, crps;       // [G] means over cells; log score: -ln P, nats; both: lower is better
  MetricValue mean_log_score;            // over genes and cells; undefined where a count above 0 was predicted impossible (names the gene)
  double mean_crps = 0;
  double log_score_se = 0, crps_se = 0;  // over cells, each the mean over its genes
  Eigen::VectorXd cell_log_score, cell_crps;      // [N] means over genes
};
// counts [N x G] of whole numbers; exposure [N] > 0 (library size of the whole transcriptome, say). Parallel over genes, the same bytes for any threads.
// InputError: sizes that do not fit, rates or dispersions that are negative or not finite, exposures that are not positive.
CountScores count_scores(const SparseRows& counts, const Eigen::VectorXd& exposure, const CountDistribution& predicted);

// One prediction minus another on the same cells: below 0 the first is better. se of the paired difference over cells.
struct ScoreDifference {
  double mean = 0, se = 0;
};
ScoreDifference score_difference(const Eigen::VectorXd& first, const Eigen::VectorXd& second);

// Rates sum y / sum L and dispersions by moments, max(0, sum ((y - L rate)^2 - L rate) / sum (L rate)^2): what "these cells" predict for others.
// `least_rate_counts` (half a count) stands for a gene without counts, so that its log score stays finite.
CountDistribution count_distribution_of(const SparseRows& counts, const Eigen::VectorXd& exposure, double least_rate_counts = 0.5);

}  // namespace hyped
