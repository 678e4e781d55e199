// Energy distance and maximum mean discrepancy of two clouds with their standard errors, and valid permutation p-values.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libhyped/distance/energy.hpp"
#include "libhyped/distance/mmd.hpp"

namespace hyped {

// What is averaged over pairs. gaussian: minus the mean over gamma of exp(-gamma |x - y|^2); 2 between - within - within is then the squared MMD.
struct PairMeasure {
  enum class Kind { euclidean, squared_euclidean, gaussian };
  Kind kind = Kind::euclidean;
  std::vector<double> gamma;           // for gaussian; each > 0
  double of_itself() const { return kind == Kind::gaussian ? -1 : 0; }
  std::string words() const;           // "energy distance, Euclidean", "squared MMD, Gaussian, 3 widths around gamma 0.02", ...
};

// statistic = 2 between - within_x - within_y.
struct TwoSamples {
  double between = 0, within_x = 0, within_y = 0;      // means over pairs
  double statistic = 0;
  // Of cells drawn anew from the same two cultures: by the statistic's linear part (Hoeffding). Too small where the two laws are equal, where the
  // linear part is zero: there the permutation test decides.
  double se = 0;
  Eigen::VectorXd influence_x, influence_y;            // [N], [M] mean 0; se^2 = var(x) / N + var(y) / M
};
// x [N x D], y [M x D], N, M >= 2. Blocked, double throughout, parallel, the same bytes for any number of threads. O(D (N + M)^2), memory O(N + M).
// InputError as energy_distance and mmd_squared.
TwoSamples two_samples(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, EnergyPairs pairs = EnergyPairs::unbiased);

// Only the three means; N, M >= 1 with self pairs.
EnergyParts pair_means(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, EnergyPairs pairs);

// Standard error of a difference or ratio of statistics that share cells: sqrt(var(influence) / cells) with n - 1.
double influence_variance(const Eigen::VectorXd& influence);      // var / n

struct CellPermutations {
  int permutations = 999;
  std::uint64_t seed = 1;
  std::uint32_t comparison = 0;        // stream (seed, comparison, permutation)
  EnergyPairs pairs = EnergyPairs::unbiased;
};
struct PermutationTest {
  double observed = 0;
  int permutations = 0, at_least = 0;  // as large as the observed one or larger (equal to 1e-12 of the largest)
  double p = 1;                        // (1 + at_least) / (1 + permutations): valid, never 0 (Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39)
  double p_error = 0;                  // Monte-Carlo standard error, sqrt(p (1 - p) / (1 + permutations))
  double null_mean = 0, null_sd = 0;   // of the statistic over permutations
  double null_lower = 0, null_upper = 0;      // 2.5 and 97.5 % of it
};
// Are the two clouds draws of one law? Labels of cells are exchanged. Each permutation is one quadratic form in the matrix of pairs, many at once as a
// product of matrices; the matrix is never stored. Cells count as exchangeable: they are not if each cloud is one culture, and p then speaks of cultures, too.
PermutationTest permutation_test(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, const CellPermutations& options = {});

// Step-down Sidak adjustment (Holm 1979, Scand J Stat 6:65; Sidak 1967): max over j <= i of 1 - (1 - p_(j))^(m - j + 1), in the order given.
std::vector<double> holm_sidak(std::span<const double> p);

}  // namespace hyped
