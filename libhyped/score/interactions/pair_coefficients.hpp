// A double perturbation as a combination of its singles: coefficients, size, dominance and fit, as GEARS and Norman et al. 2019 define them.
#pragma once
#include <Eigen/Core>
#include <cstdint>

#include "libhyped/errors.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

struct TheilSenOptions {
  int most_pairs = 100000;             // of genes; all of them if they are fewer, else drawn
  std::uint64_t seed = 1000;
  // Genes that change in neither single say nothing on the coefficients; where most genes are so (few reads) pairs of them, solved by (0, 0), would be the
  // median. true: all genes, as scikit-learn takes them.
  bool unchanged_genes = false;
};
struct PairCoefficients {
  double c1 = 0, c2 = 0;               // ab = c1 a + c2 b, no intercept: spatial median of the least-squares solutions of pairs of genes, the shortest where a pair leaves them open
  double c1_lower = 0, c1_upper = 0, c2_lower = 0, c2_upper = 0;      // 95 %, percentiles of a bootstrap over genes
  double magnitude = 0;                // sqrt(c1^2 + c2^2)
  MetricValue dominance;               // |log10(c1 / c2)|; undefined for opposite signs or a zero
  MetricValue fit_correlation;         // Pearson of c1 a + c2 b with ab
  double dcor = 0;                     // distance correlation of (a, b) with ab
  double dcor_singles = 0;             // of a with b
  MetricValue equal_contribution;      // lesser over greater of dcor(a, ab), dcor(b, ab)
  Outcome outcome;                     // not_identifiable: no two genes whose single changes differ in direction
};
// a, b, ab: changes from control [G], G >= 3. Sources: Theil-Sen by spatial median: Dang et al. 2008, scikit-learn's TheilSenRegressor(fit_intercept =
// False), which GEARS calls; Norman et al. 2019, Science 365:786. Pairs of genes are drawn by our own stream: beyond `most_pairs` the drawn ones differ.
PairCoefficients pair_coefficients(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& ab, const TheilSenOptions& options = {}, int bootstrap = 200);

// Distance correlation (V-statistic), x [G x P], y [G x Q]; 0 where one of them is constant. O(G^2) time, O(G) memory, parallel, the same bytes for any
// number of threads. Source: Szekely, Rizzo & Bakirov 2007, Ann Stat 35:2769.
double distance_correlation(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y);

}  // namespace hyped
