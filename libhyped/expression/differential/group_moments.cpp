// Moments from stored values; what is not stored is zero.
#include "libhyped/expression/differential/group_moments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int tile = 64;      // genes per job

}  // namespace

GroupMoments group_moments(const SparseRows& genes, const CellGroups& groups, MomentScale scale) {
  HYPED_REQUIRE(static_cast<int>(groups.of_cell.size()) == genes.columns);
  const int count = groups.count();
  GroupMoments out;
  out.cells = groups.sizes();
  out.mean = out.variance = out.expressing = Eigen::MatrixXd::Zero(genes.rows, count);
  parallel_for((genes.rows + tile - 1) / tile, [&](int t) {
    Eigen::VectorXd sum(count), squares(count), seen(count);
    std::vector<double> values;
    for (int g = t * tile; g < std::min(genes.rows, (t + 1) * tile); ++g) {
      const auto cells = genes.columns_of(g);
      const auto stored = genes.values_of(g);
      values.resize(stored.size());
      sum.setZero(), squares.setZero(), seen.setZero();
      for (std::size_t i = 0; i < stored.size(); ++i) {
        values[i] = scale == MomentScale::stored ? static_cast<double>(stored[i]) : std::expm1(static_cast<double>(stored[i]));
        if (const auto k = groups.of_cell[static_cast<std::size_t>(cells[i])]; k >= 0) sum[k] += values[i], seen[k] += 1;
      }
      for (int k = 0; k < count; ++k)
        if (out.cells[static_cast<std::size_t>(k)] > 0) sum[k] /= static_cast<double>(out.cells[static_cast<std::size_t>(k)]);      // now the mean
      for (std::size_t i = 0; i < stored.size(); ++i)
        if (const auto k = groups.of_cell[static_cast<std::size_t>(cells[i])]; k >= 0) squares[k] += (values[i] - sum[k]) * (values[i] - sum[k]);
      for (int k = 0; k < count; ++k) {
        const auto n = static_cast<double>(out.cells[static_cast<std::size_t>(k)]);
        out.mean(g, k) = sum[k];
        out.expressing(g, k) = seen[k];
        if (n > 1) out.variance(g, k) = (squares[k] + (n - seen[k]) * sum[k] * sum[k]) / (n - 1);
      }
    }
  });
  return out;
}

GroupMoments moments_of_rest(const GroupMoments& moments) {
  const auto genes = moments.mean.rows(), count = moments.mean.cols();
  GroupMoments out;
  out.mean = out.variance = out.expressing = Eigen::MatrixXd::Zero(genes, count);
  std::int64_t all = 0;
  for (const auto n : moments.cells) all += n;
  for (Eigen::Index k = 0; k < count; ++k) out.cells.push_back(all - moments.cells[static_cast<std::size_t>(k)]);
  for (Eigen::Index k = 0; k < count; ++k)
    for (Eigen::Index g = 0; g < genes; ++g) {
      double n = 0, mean = 0, squares = 0, expressing = 0;
      for (Eigen::Index j = 0; j < count; ++j) {
        const auto more = static_cast<double>(moments.cells[static_cast<std::size_t>(j)]);
        if (j == k || more == 0) continue;
        const double step = moments.mean(g, j) - mean;
        squares += moments.variance(g, j) * (more - 1) + step * step * n * more / (n + more);
        mean += step * more / (n + more);
        n += more;
        expressing += moments.expressing(g, j);
      }
      out.mean(g, k) = mean;
      out.expressing(g, k) = expressing;
      if (n > 1) out.variance(g, k) = squares / (n - 1);
    }
  return out;
}

void require_values(const SparseRows& genes, const std::vector<std::string>& gene_names, bool negative_too, const std::string& where) {
  HYPED_REQUIRE(static_cast<int>(gene_names.size()) == genes.rows);
  parallel_for(genes.rows, [&](int g) {
    const auto values = genes.values_of(g);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]) || (negative_too && values[i] < 0))
        throw InputError(where, fmt::format("gene {}, cell {}: the value is {}", gene_names[static_cast<std::size_t>(g)], genes.columns_of(g)[i] + 1, values[i]),
                         std::isfinite(values[i]) ? "give counts or log-normalised values, not scaled ones" : "repair the file where it is written");
  });
}

}  // namespace hyped
