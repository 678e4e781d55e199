// One reading for sums, and readings for tiles of genes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/score/streamed/streamed_vcc.hpp"

namespace hyped {

StreamedSums streamed_sums(const StreamedCells& cells) {
  const auto genes = static_cast<Eigen::Index>(cells.genes.size());
  const auto count = static_cast<std::int64_t>(cells.groups.of_cell.size());
  StreamedSums out;
  out.libraries = Eigen::VectorXd::Zero(count);
  out.sums = ProfileMatrix::Zero(cells.groups.count(), genes);
  out.stored_of_gene.assign(cells.genes.size(), 0);
  std::int64_t seen = 0;
  cells.each_block([&](std::int64_t first, const SparseRows& block) {
    if (block.columns != genes || first + block.rows > count) throw InputError(cells.where, fmt::format("holds rows of {} genes, and {} genes and {} cells are named", block.columns, genes, count), "");
    for (int r = 0; r < block.rows; ++r) {
      const auto columns = block.columns_of(r);
      const auto values = block.values_of(r);
      const auto cell = first + r;
      const auto k = cells.groups.of_cell[static_cast<std::size_t>(cell)];
      double library = 0;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const float v = values[i];
        if (!(v >= 0) || v != std::floor(v)) throw InputError(cells.where, fmt::format("cell {}, gene {}: the value is {}", cell + 1, cells.genes[static_cast<std::size_t>(columns[i])], v), "the scorer streams counts; give a matrix of them");
        library += static_cast<double>(v);
        if (k < 0) continue;
        out.sums(k, columns[i]) += static_cast<double>(v);
        ++out.stored_of_gene[static_cast<std::size_t>(columns[i])];
      }
      out.libraries[cell] = library;
    }
    seen += block.rows;
  });
  if (seen != count) throw InputError(cells.where, fmt::format("gave {} rows of {}", seen, count), "");
  for (const auto n : out.stored_of_gene) out.stored += n;
  return out;
}

SparseRows streamed_columns(const StreamedCells& cells, int first, int last) {
  SparseRows out;
  out.rows = static_cast<int>(cells.groups.of_cell.size());
  out.columns = last - first;
  out.start.reserve(static_cast<std::size_t>(out.rows) + 1);
  cells.each_block([&](std::int64_t row, const SparseRows& block) {
    for (int r = 0; r < block.rows; ++r) {
      const auto columns = block.columns_of(r);
      if (cells.groups.of_cell[static_cast<std::size_t>(row + r)] >= 0) {
        const auto from = static_cast<std::size_t>(std::lower_bound(columns.begin(), columns.end(), first) - columns.begin()), until = static_cast<std::size_t>(std::lower_bound(columns.begin(), columns.end(), last) - columns.begin());
        for (std::size_t i = from; i < until; ++i) out.column.push_back(columns[i] - first), out.value.push_back(block.values_of(r)[i]);
      }
      out.start.push_back(static_cast<std::int64_t>(out.value.size()));
    }
  });
  HYPED_REQUIRE(static_cast<int>(out.start.size()) == out.rows + 1);
  return out;
}

}  // namespace hyped
