// Order, selection and transposition of compressed rows.
#include "libhyped/expression/sparse_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

void make_rows(SparseRows& matrix) {
  std::vector<std::int64_t> kept(static_cast<std::size_t>(matrix.rows), 0);
  parallel_for(matrix.rows, [&](int r) {
    const std::int64_t from = matrix.start[static_cast<std::size_t>(r)], until = matrix.start[static_cast<std::size_t>(r) + 1];
    std::int32_t* column = matrix.column.data();
    float* value = matrix.value.data();
    if (!std::is_sorted(column + from, column + until)) {
      std::vector<std::pair<std::int32_t, float>> row;
      for (std::int64_t i = from; i < until; ++i) row.emplace_back(column[i], value[i]);
      std::sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (std::int64_t i = from; i < until; ++i) std::tie(column[i], value[i]) = row[static_cast<std::size_t>(i - from)];
    }
    std::int64_t to = from;
    for (std::int64_t i = from; i < until; ++i) {
      if (i > from && column[i] == column[i - 1])
        throw InputError(fmt::format("row {}", r + 1), fmt::format("names column {} twice", column[i] + 1), "add the values up where the matrix is written");
      if (value[i] == 0) continue;
      column[to] = column[i];
      value[to++] = value[i];
    }
    kept[static_cast<std::size_t>(r)] = to - from;
  });
  std::int64_t to = 0;
  for (int r = 0; r < matrix.rows; ++r) {
    const std::int64_t from = matrix.start[static_cast<std::size_t>(r)], count = kept[static_cast<std::size_t>(r)];
    if (to != from) {
      std::copy_n(matrix.column.begin() + from, count, matrix.column.begin() + to);
      std::copy_n(matrix.value.begin() + from, count, matrix.value.begin() + to);
    }
    matrix.start[static_cast<std::size_t>(r)] = to;
    to += count;
  }
  matrix.start[static_cast<std::size_t>(matrix.rows)] = to;
  matrix.column.resize(static_cast<std::size_t>(to));
  matrix.value.resize(static_cast<std::size_t>(to));
}

SparseRows rows_of(const SparseRows& matrix, std::span<const int> rows) {
  SparseRows out;
  out.rows = static_cast<int>(rows.size());
  out.columns = matrix.columns;
  for (const int r : rows) {
    HYPED_REQUIRE(r >= 0 && r < matrix.rows);
    out.start.push_back(out.start.back() + static_cast<std::int64_t>(matrix.columns_of(r).size()));
  }
  out.column.resize(static_cast<std::size_t>(out.stored()));
  out.value.resize(out.column.size());
  parallel_for(out.rows, [&](int i) {
    const auto columns = matrix.columns_of(rows[static_cast<std::size_t>(i)]);
    const auto values = matrix.values_of(rows[static_cast<std::size_t>(i)]);
    std::copy(columns.begin(), columns.end(), out.column.begin() + out.start[static_cast<std::size_t>(i)]);
    std::copy(values.begin(), values.end(), out.value.begin() + out.start[static_cast<std::size_t>(i)]);
  });
  return out;
}

SparseRows columns_of(const SparseRows& matrix, std::span<const int> columns) {
  std::vector<std::int32_t> target(static_cast<std::size_t>(matrix.columns), -1);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    HYPED_REQUIRE(columns[k] >= 0 && columns[k] < matrix.columns && target[static_cast<std::size_t>(columns[k])] < 0);
    target[static_cast<std::size_t>(columns[k])] = static_cast<std::int32_t>(k);
  }
  constexpr int block = 512;
  SparseRows out;
  out.rows = matrix.rows;
  out.columns = static_cast<int>(columns.size());
  out.start.assign(static_cast<std::size_t>(matrix.rows) + 1, 0);
  const auto each = [&](const auto& see) {
    parallel_for((matrix.rows + block - 1) / block, [&](int b) {
      for (int r = b * block; r < std::min(matrix.rows, (b + 1) * block); ++r) see(r, matrix.columns_of(r));
    });
  };
  each([&](int r, std::span<const std::int32_t> from) { out.start[static_cast<std::size_t>(r) + 1] = std::count_if(from.begin(), from.end(), [&](std::int32_t c) { return target[static_cast<std::size_t>(c)] >= 0; }); });
  std::partial_sum(out.start.begin(), out.start.end(), out.start.begin());
  out.column.resize(static_cast<std::size_t>(out.stored()));
  out.value.resize(out.column.size());
  each([&](int r, std::span<const std::int32_t> from) {
    auto at = static_cast<std::size_t>(out.start[static_cast<std::size_t>(r)]);
    const auto values = matrix.values_of(r);
    for (std::size_t i = 0; i < from.size(); ++i)
      if (const std::int32_t to = target[static_cast<std::size_t>(from[i])]; to >= 0) out.column[at] = to, out.value[at++] = values[i];
  });
  make_rows(out);
  return out;
}

SparseRows transposed(const SparseRows& matrix) {
  SparseRows out;
  ColumnBlocks(matrix, matrix.columns).next(out);
  return out;
}

ColumnBlocks::ColumnBlocks(const SparseRows& matrix, int at_once) : matrix_(matrix), at_once_(at_once), next_(matrix.start.begin(), matrix.start.end() - 1) { HYPED_REQUIRE(at_once > 0 || matrix.columns == 0); }

bool ColumnBlocks::next(SparseRows& out) {
  first_ += columns_;
  columns_ = std::min(at_once_, matrix_.columns - first_);
  // Each block of rows counts and then fills its own part of every column, so that cells ascend whatever the threads do.
  constexpr int block = 2048;
  const int blocks = (matrix_.rows + block - 1) / block, until = first_ + columns_;
  const auto columns = static_cast<std::size_t>(columns_);
  at_.resize(static_cast<std::size_t>(blocks));
  parallel_for(blocks, [&](int b) {
    auto& mine = at_[static_cast<std::size_t>(b)];
    mine.assign(columns, 0);
    for (int r = b * block; r < std::min(matrix_.rows, (b + 1) * block); ++r)
      for (std::int64_t i = next_[static_cast<std::size_t>(r)]; i < matrix_.start[static_cast<std::size_t>(r) + 1] && matrix_.column[static_cast<std::size_t>(i)] < until; ++i)
        ++mine[static_cast<std::size_t>(matrix_.column[static_cast<std::size_t>(i)] - first_)];
  });
  out.rows = columns_;
  out.columns = matrix_.rows;
  out.start.assign(columns + 1, 0);
  std::int64_t total = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    out.start[c] = total;
    for (auto& mine : at_) total += std::exchange(mine[c], total);
  }
  out.start[columns] = total;
  out.column.resize(static_cast<std::size_t>(total));
  out.value.resize(out.column.size());
  parallel_for(blocks, [&](int b) {
    auto& mine = at_[static_cast<std::size_t>(b)];
    for (int r = b * block; r < std::min(matrix_.rows, (b + 1) * block); ++r) {
      std::int64_t i = next_[static_cast<std::size_t>(r)];
      for (; i < matrix_.start[static_cast<std::size_t>(r) + 1] && matrix_.column[static_cast<std::size_t>(i)] < until; ++i) {
        const std::int64_t to = mine[static_cast<std::size_t>(matrix_.column[static_cast<std::size_t>(i)] - first_)]++;
        out.column[static_cast<std::size_t>(to)] = r;
        out.value[static_cast<std::size_t>(to)] = matrix_.value[static_cast<std::size_t>(i)];
      }
      next_[static_cast<std::size_t>(r)] = i;
    }
  });
  return columns_ > 0;
}

}  // namespace hyped
