// Sums over cells for every gene, taken in fixed batches of cells: the same number whatever the threads do.
#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

// K sums per gene over the cells named (all if none are): visit(gene, value, sums) adds what a stored value gives to sums[0..K).
template <int K, class Visit>
Eigen::MatrixXd gene_sums(const SparseRows& matrix, std::span<const int> cells, const Visit& visit) {      // [K x G]
  const int count = cells.empty() ? matrix.rows : static_cast<int>(cells.size());
  const int batch = std::max(512, (count + 31) / 32), batches = (count + batch - 1) / batch;
  std::vector<Eigen::MatrixXd> part(static_cast<std::size_t>(batches));
  parallel_for(batches, [&](int b) {
    Eigen::MatrixXd& sums = part[static_cast<std::size_t>(b)] = Eigen::MatrixXd::Zero(K, matrix.columns);
    for (int i = b * batch; i < std::min(count, (b + 1) * batch); ++i) {
      const int cell = cells.empty() ? i : cells[static_cast<std::size_t>(i)];
      const auto genes = matrix.columns_of(cell);
      const auto values = matrix.values_of(cell);
      for (std::size_t k = 0; k < genes.size(); ++k) visit(genes[k], static_cast<double>(values[k]), sums.data() + K * static_cast<std::ptrdiff_t>(genes[k]));
    }
  });
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(K, matrix.columns);
  for (const auto& sums : part) out += sums;
  return out;
}

struct GeneMoments {
  int cells = 0;
  Eigen::VectorXd mean, variance;      // [G]; variance with cells - 1 in the denominator, 0 of one cell
  Eigen::VectorXi detected;            // [G] cells with a value
};
enum class ValueScale { as_stored, expm1 };      // expm1: what a natural log1p was taken of
// Of the cells named; all if none are.
GeneMoments gene_moments(const SparseRows& matrix, std::span<const int> cells = {}, ValueScale scale = ValueScale::as_stored);

// Rows of each label: labels are 0, 1, ...; a negative label belongs to none.
std::vector<std::vector<int>> rows_by_label(std::span<const int> labels);

}  // namespace hyped
