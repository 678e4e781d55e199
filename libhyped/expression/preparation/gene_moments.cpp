// Mean and variance of genes from two sums.
#include "libhyped/expression/preparation/gene_moments.hpp"

#include <cmath>

namespace hyped {

GeneMoments gene_moments(const SparseRows& matrix, std::span<const int> cells, ValueScale scale) {
  const auto add = [](double value, double* sums) {
    sums[0] += value;
    sums[1] += value * value;
    sums[2] += 1;
  };
  const Eigen::MatrixXd sums = scale == ValueScale::expm1 ? gene_sums<3>(matrix, cells, [&](int, double value, double* to) { add(std::expm1(value), to); })
                                                          : gene_sums<3>(matrix, cells, [&](int, double value, double* to) { add(value, to); });
  GeneMoments out;
  out.cells = cells.empty() ? matrix.rows : static_cast<int>(cells.size());
  const double n = out.cells;
  out.mean = sums.row(0).transpose() / n;
  out.variance = ((sums.row(1).transpose() / n - out.mean.cwiseAbs2()) * (n > 1 ? n / (n - 1) : 0)).cwiseMax(0);
  out.detected = sums.row(2).transpose().cast<int>();
  return out;
}

std::vector<std::vector<int>> rows_by_label(std::span<const int> labels) {
  std::vector<std::vector<int>> rows;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    if (labels[i] >= static_cast<int>(rows.size())) rows.resize(static_cast<std::size_t>(labels[i]) + 1);
    rows[static_cast<std::size_t>(labels[i])].push_back(static_cast<int>(i));
  }
  return rows;
}

}  // namespace hyped
