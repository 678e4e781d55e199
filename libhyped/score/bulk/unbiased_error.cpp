// Jackknife by the exact difference of each left-out profile from the whole one.
#include "libhyped/score/bulk/unbiased_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {

// Variance of ln(1 + T P / S), summed over genes. Leaving out cell i with library L and count y: the logarithm moves by
// ln(1 + T (P L - y S) / ((S - L) (S + T P))).
double jackknife_noise(const SparseRows& counts, const std::vector<int>& cells, const Eigen::VectorXd& libraries, const Eigen::ArrayXd& sums, double total, double target) {
  const auto n = static_cast<double>(cells.size());
  if (n < 2 || !(total > 0)) return 0;
  const Eigen::ArrayXd scale = target / (total + target * sums);
  Eigen::ArrayXd first = Eigen::ArrayXd::Zero(sums.size()), second = first, moved(sums.size()), step(sums.size());
  for (const int c : cells) {
    const double library = libraries[c], rest = total - library;
    if (rest > 0) {
      moved = sums * library;
      const auto columns = counts.columns_of(c);
      const auto values = counts.values_of(c);
      for (std::size_t i = 0; i < columns.size(); ++i) moved[columns[i]] -= static_cast<double>(values[i]) * total;
      step = (scale * moved / rest).log1p();
    } else {
      step = -(target * sums / total).log1p();      // the one cell that has counts: nothing is left
    }
    first += step, second += step.square();
  }
  return std::max(0.0, (n - 1) / n * (second - first.square() / n).sum());
}

GroupSumProfiles group_sum_profiles(const SparseRows& counts, const CellGroups& groups, double target, bool with_noise) {
  HYPED_REQUIRE(static_cast<int>(groups.of_cell.size()) == counts.rows);
  for (int c = 0; c < counts.rows; ++c)
    for (std::size_t i = 0; i < counts.values_of(c).size(); ++i)
      if (const float v = counts.values_of(c)[i]; !(v >= 0) || v != std::floor(v))
        throw InputError("counts", fmt::format("cell {}, gene {}: the value is {}", c + 1, counts.columns_of(c)[i] + 1, v), "pseudobulk of sums needs counts; give a matrix of them");
  std::vector<std::vector<int>> members(static_cast<std::size_t>(groups.count()));
  for (int c = 0; c < counts.rows; ++c)
    if (const auto k = groups.of_cell[static_cast<std::size_t>(c)]; k >= 0) members[static_cast<std::size_t>(k)].push_back(c);
  const Eigen::VectorXd libraries = row_totals(counts);
  GroupSumProfiles out;
  out.groups = groups.names;
  out.cells = groups.sizes();
  out.profile = ProfileMatrix::Zero(groups.count(), counts.columns);
  out.noise = Eigen::VectorXd::Zero(groups.count());
  parallel_for(groups.count(), [&](int k) {
    Eigen::ArrayXd sums = Eigen::ArrayXd::Zero(counts.columns);
    for (const int c : members[static_cast<std::size_t>(k)]) {
      const auto columns = counts.columns_of(c);
      const auto values = counts.values_of(c);
      for (std::size_t i = 0; i < columns.size(); ++i) sums[columns[i]] += static_cast<double>(values[i]);
    }
    const double total = sums.sum();
    if (total > 0) out.profile.row(k) = (target * sums / total).log1p().matrix().transpose();
    if (with_noise) out.noise[k] = jackknife_noise(counts, members[static_cast<std::size_t>(k)], libraries, sums, total, target);
  });
  return out;
}

UnbiasedError unbiased_capped_error(const NoisyProfiles& truth, const NoisyProfiles& predicted, const NoisyProfiles& control, const std::vector<std::vector<std::size_t>>& own_genes) {
  const Eigen::Index n = truth.profile.rows(), genes = truth.profile.cols();
  HYPED_REQUIRE(predicted.profile.rows() == n && control.profile.rows() == 1 && control.profile.cols() == genes && predicted.profile.cols() == genes);
  Eigen::ArrayXXd scored = Eigen::ArrayXXd::Ones(n, genes);
  for (std::size_t p = 0; p < own_genes.size(); ++p)
    for (const std::size_t g : own_genes[p]) scored(static_cast<Eigen::Index>(p), static_cast<Eigen::Index>(g)) = 0;
  UnbiasedError out;
  const Eigen::ArrayXd size = scored.rowwise().sum();
  double noise = 0, spread = 0;
  Eigen::ArrayXd taken(n);
  for (Eigen::Index p = 0; p < n; ++p) {
    taken[p] = std::min(predicted.noise[p], truth.noise[p]);
    if (size[p] > 0) noise += taken[p] / size[p];
  }
  for (Eigen::Index g = 0; g < genes; ++g) {
    double weights = 0, mean = 0;
    for (Eigen::Index p = 0; p < n; ++p)
      if (scored(p, g) > 0) weights += 1 / size[p], mean += predicted.profile(p, g) / size[p];
    if (!(weights > 0)) continue;
    mean /= weights;
    for (Eigen::Index p = 0; p < n; ++p)
      if (scored(p, g) > 0) spread += (predicted.profile(p, g) - mean) * (predicted.profile(p, g) - mean) / size[p];
  }
  if (noise > 0) out.capped = std::min(1.0, spread / noise);
  double above = 0, below = 0;
  for (Eigen::Index p = 0; p < n; ++p) {
    if (!(size[p] > 0)) {
      out.numerator.push_back(undefined("no gene is left")), out.denominator.push_back(undefined("no gene is left"));
      continue;
    }
    const auto distance = [&](const auto& other) { return (scored.row(p) * (truth.profile.row(p).array() - other.array()).square()).sum(); };
    const double a = (distance(predicted.profile.row(p)) - out.capped * taken[p] - truth.noise[p]) / size[p];
    const double b = (distance(control.profile.row(0)) - truth.noise[p] - control.noise[0]) / size[p];
    out.numerator.push_back(defined(a)), out.denominator.push_back(defined(b));
    above += a, below += b;
  }
  out.ratio = below > 0 ? defined(above / below) : undefined("the truth does not differ from the control by more than its noise");
  return out;
}

}  // namespace hyped
