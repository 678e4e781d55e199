// Selection of rows in every kind of column and matrix.
#include "libhyped/expression/selection.hpp"

#include <functional>
#include <limits>
#include <numeric>
#include <type_traits>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

template <class T>
std::vector<T> taken(const std::vector<T>& values, std::span<const int> rows, std::size_t width = 1) {
  std::vector<T> out;
  out.reserve(rows.size() * width);
  for (const int row : rows) {
    const std::size_t from = static_cast<std::size_t>(row) * width;
    HYPED_REQUIRE(row >= 0 && from + width <= values.size());
    out.insert(out.end(), values.begin() + static_cast<std::ptrdiff_t>(from), values.begin() + static_cast<std::ptrdiff_t>(from + width));
  }
  return out;
}

Numbers taken(const Numbers& numbers, std::span<const int> rows, std::size_t width = 1) {
  return std::visit([&](const auto& values) { return Numbers(taken(values, rows, width)); }, numbers);
}

std::size_t width_of(const std::vector<std::int64_t>& shape) {
  return static_cast<std::size_t>(std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>()));
}

template <class A>
A taken_array(const A& array, std::span<const int> rows) {
  A out{array.shape, taken(array.values, rows, width_of(array.shape))};
  out.shape[0] = static_cast<std::int64_t>(rows.size());
  return out;
}

CompressedMatrix taken_rows(const CompressedMatrix& matrix, std::span<const int> rows) {
  CompressedMatrix out;
  out.rows = static_cast<std::int64_t>(rows.size());
  out.columns = matrix.columns;
  out.wide_index = matrix.wide_index;
  out.wide_start = matrix.wide_start;
  std::vector<int> entries;      // places of the values taken
  HYPED_REQUIRE(matrix.stored() < std::numeric_limits<int>::max());
  for (const int row : rows) {
    HYPED_REQUIRE(row >= 0 && row < matrix.rows);
    for (std::int64_t i = matrix.start[static_cast<std::size_t>(row)]; i < matrix.start[static_cast<std::size_t>(row) + 1]; ++i) entries.push_back(static_cast<int>(i));
    out.start.push_back(static_cast<std::int64_t>(entries.size()));
  }
  out.index = taken(matrix.index, entries);
  out.values = taken(matrix.values, entries);
  return out;
}

}  // namespace

DataColumn rows_of(const DataColumn& column, std::span<const int> rows) {
  return std::visit([&](const auto& values) -> DataColumn {
    using T = std::decay_t<decltype(values)>;
    if constexpr (std::is_same_v<T, Numbers> || std::is_same_v<T, Strings>) {
      return taken(values, rows);
    } else if constexpr (std::is_same_v<T, Categorical>) {
      return Categorical{taken(values.codes, rows), values.categories, values.ordered};
    } else {
      T out = values;
      out.values = taken(values.values, rows);
      out.missing = taken(values.missing, rows);
      return out;
    }
  }, column);
}

DataFrame rows_of(const DataFrame& frame, std::span<const int> rows) {
  DataFrame out{rows_of(frame.index, rows), frame.index_name, frame.names, {}};
  for (const DataColumn& column : frame.columns) out.columns.push_back(rows_of(column, rows));
  return out;
}

std::optional<Element> rows_of(const Element& element, std::span<const int> rows) {
  if (const auto* array = element.as<Array>(); array && !array->shape.empty()) return Element{taken_array(*array, rows)};
  if (const auto* text = element.as<TextArray>(); text && !text->shape.empty()) return Element{taken_array(*text, rows)};
  if (const auto* frame = element.as<DataFrame>()) return Element{rows_of(*frame, rows)};
  if (const auto* matrix = element.as<CompressedMatrix>(); matrix && !matrix->by_column) return Element{taken_rows(*matrix, rows)};
  return std::nullopt;
}

}  // namespace hyped
