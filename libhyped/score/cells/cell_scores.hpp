// Scores of predicted cells, not means: distances between distributions, split into means, variances and dependence, and "closer than control".
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/distance/two_samples.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// Cells in one space [cells x D], in one unit. Two cells of each at least.
struct CellClouds {
  Eigen::MatrixXd truth, predicted, control;
  std::string space;                   // in words: "50 principal components of measured cells"
};

struct CellScore {
  std::string id, estimator;           // "energy", "Euclid, U-statistic"
  double value = 0;                    // d(truth, predicted), unit of the id
  std::optional<double> se;            // over cells of these cultures; none where there is no formula
  double to_control = 0;               // d(truth, control)
  std::optional<double> to_control_se;
  // d(truth, predicted) / d(truth, control): below 1 the prediction is closer than the control; 0 is perfect. Undefined where d(truth, control) is not
  // two standard errors above 0. 0 on average for energy, energy_squared and mmd with unbiased pairs alone: sliced_w2 and sinkhorn (order 1 / cells at a
  // fixed epsilon) count sampling noise in both distances, so a perfect prediction stays above 0. Not d(control, predicted) in the denominator, which a prediction lowers by walking away from the control.
  MetricValue ratio;
  std::optional<double> ratio_se;
};

struct CellScoreOptions {
  EnergyPairs pairs = EnergyPairs::unbiased;
  std::vector<double> gamma;           // of the MMD; empty: five widths around the median heuristic of the control
  bool sinkhorn = true;
  double relative_epsilon = 0.05;      // of the median cost between truth and control, the same for both divergences
  int most_sinkhorn_cells = 3000;      // of each cloud: the first ones of a random order by the seed
  int directions = 200;                // sliced Wasserstein
  std::uint64_t seed = 1;
};
struct CellScores {
  std::vector<CellScore> scores;       // energy, energy_squared, mmd, sliced_w2, sinkhorn
  std::vector<std::string> words;      // choices made and what was left out
};
// InputError: clouds of different width, too few cells, NaN.
CellScores cell_scores(const CellClouds& clouds, const CellScoreOptions& options = {});

// Mean over genes of exact distances on a line between cells x [N x G] and y [M x G]; blind to dependence between genes.
struct GeneDistances {
  Eigen::VectorXd energy, w1;          // [G]; energy: unbiased (U-statistic)
  double mean_energy = 0, mean_w1 = 0;
  Eigen::VectorXd energy_x, energy_y, w1_x, w1_y;      // [N], [M] influence of cells on the means, mean 0
  double energy_se = 0, w1_se = 0;     // of the means; W1 has a bias upwards of order 1 / sqrt(cells) beside it
};
GeneDistances gene_distances(const SparseRows& x, const SparseRows& y);

// What of a difference between clouds is means, what variances, what dependence between coordinates. All squared, of the data's unit to the power given,
// unbiased (0 on average where there is no difference; may be negative). x [N x D], y [M x D], N, M >= 4.
struct DifferenceParts {
  double mean = 0;                     // |E x - E y|^2, unit^2
  double variance = 0;                 // sum over coordinates of (var x - var y)^2, unit^4
  double covariance = 0;               // sum over pairs of different coordinates of (cov x - cov y)^2, unit^4
  double marginal_energy = 0;          // sum over coordinates of energy distances on a line, unit
  double rank_energy = 0;              // energy distance of the clouds of mid-ranks / cells, coordinate by coordinate in each cloud: sees dependence alone.
                                       // The bias of ranks is taken away by halves; about 1.5 / cells^2 of it is left
};
// Covariances: the U-statistic of Li & Chen 2012, Ann Stat 40:908, in the closed form of Himeno & Yamada 2014, J Multivar Anal 130:27.
DifferenceParts difference_parts(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y);

}  // namespace hyped
