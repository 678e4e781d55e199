// What fits where in annotated data, and matrices as they are computed on.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr std::int64_t widest = std::numeric_limits<std::int32_t>::max();

[[noreturn]] void wrong(const std::string& where, const std::string& place, const std::string& what) {
  throw InputError(where + ": " + place, what, "the file is damaged or was written wrongly: write it again");
}

void check_column(const DataColumn& column, std::int64_t rows, const std::string& where, const std::string& place) {
  if (static_cast<std::int64_t>(size_of(column)) != rows) wrong(where, place, fmt::format("has {} values for {} rows", size_of(column), rows));
  if (const auto* numbers = std::get_if<NullableNumbers>(&column); numbers != nullptr && size_of(numbers->values) != numbers->missing.size())
    wrong(where, place, fmt::format("has {} values and {} marks of missing ones", size_of(numbers->values), numbers->missing.size()));
  if (const auto* strings = std::get_if<NullableStrings>(&column); strings != nullptr && strings->values.size() != strings->missing.size())
    wrong(where, place, fmt::format("has {} values and {} marks of missing ones", strings->values.size(), strings->missing.size()));
  if (const auto* categorical = std::get_if<Categorical>(&column)) {
    const auto levels = static_cast<std::int64_t>(size_of(std::visit(
        [](const auto& c) -> DataColumn { return c; }, categorical->categories)));
    for (std::size_t i = 0; i < categorical->codes.size(); ++i)
      if (categorical->codes[i] < -1 || categorical->codes[i] >= levels) wrong(where, place, fmt::format("row {} has category number {} of {}", i + 1, categorical->codes[i], levels));
  }
}

void check_frame(const DataFrame& frame, const std::string& where, const std::string& place) {
  check_column(frame.index, frame.rows(), where, place + "/index");
  if (frame.names.size() != frame.columns.size()) wrong(where, place, fmt::format("names {} columns and has {}", frame.names.size(), frame.columns.size()));
  std::set<std::string_view> seen;
  for (std::size_t c = 0; c < frame.names.size(); ++c) {
    if (!seen.insert(frame.names[c]).second) wrong(where, place, "has two columns called '" + frame.names[c] + "'");
    check_column(frame.columns[c], frame.rows(), where, place + "/" + frame.names[c]);
  }
}

void check_matrix(const Element& matrix, std::int64_t rows, std::int64_t columns, const std::string& where, const std::string& place) {
  const auto shape = matrix_shape(matrix);
  if (!shape) wrong(where, place, "is not a matrix but " + kind_of(matrix));
  if (shape->first != rows || shape->second != columns) wrong(where, place, fmt::format("is {} x {} and should be {} x {}", shape->first, shape->second, rows, columns));
}

// Elements whose first dimension belongs to rows.
void check_rows(const Dict& dict, std::int64_t rows, const std::string& where, const std::string& place) {
  for (std::size_t i = 0; i < dict.names.size(); ++i) {
    const Element& element = dict.elements[i];
    std::int64_t own = -1;
    if (const auto* array = element.as<Array>(); array != nullptr && !array->shape.empty()) own = array->shape[0];
    if (const auto* text = element.as<TextArray>(); text != nullptr && !text->shape.empty()) own = text->shape[0];
    if (const auto* matrix = element.as<CompressedMatrix>()) own = matrix->rows;
    if (const auto* frame = element.as<DataFrame>()) own = frame->rows(), check_frame(*frame, where, place + "/" + dict.names[i]);
    if (const auto* records = element.as<RecordArray>(); records != nullptr && !records->shape.empty()) own = records->shape[0];
    if (own != rows) wrong(where, place + "/" + dict.names[i], own < 0 ? "has no rows but is " + kind_of(element) : fmt::format("has {} rows and should have {}", own, rows));
  }
}

template <class T>
float exact_float(T value, const std::string& where) {
  const float out = static_cast<float>(value);
  if constexpr (std::is_integral_v<T>)
    if (static_cast<long double>(out) != static_cast<long double>(value))
      throw InputError(where, fmt::format("holds {}, which a 32-bit float cannot hold exactly", value), "counts above 16,777,216 are not expected: check the matrix");
  return out;
}

std::vector<float> floats_of(Numbers&& values, const std::string& where) {
  if (auto* floats = std::get_if<std::vector<float>>(&values)) return std::move(*floats);
  return std::visit(
      [&](auto& v) {
        std::vector<float> out(v.size());
        constexpr std::size_t block = 1 << 20;
        parallel_for(static_cast<int>((v.size() + block - 1) / block), [&](int b) {
          for (std::size_t i = static_cast<std::size_t>(b) * block; i < std::min(v.size(), (static_cast<std::size_t>(b) + 1) * block); ++i) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v[i])>, Flag>) out[i] = v[i] == Flag::yes ? 1.0F : 0.0F;
            else out[i] = exact_float(v[i], where);
          }
        });
        std::decay_t<decltype(v)>().swap(v);      // freed before anything else is made
        return out;
      },
      values);
}

SparseRows rows_of_array(Array&& array, const std::string& where) {
  SparseRows out;
  out.rows = static_cast<int>(array.shape[0]);
  out.columns = static_cast<int>(array.shape[1]);
  out.start.assign(static_cast<std::size_t>(out.rows) + 1, 0);
  const auto columns = static_cast<std::size_t>(out.columns);
  std::visit(
      [&](auto& v) {
        using T = typename std::decay_t<decltype(v)>::value_type;
        const auto not_zero = [](T x) { return x != T{}; };      // NaN is not zero
        parallel_for(out.rows, [&](int r) {
          const auto* row = v.data() + static_cast<std::size_t>(r) * columns;
          out.start[static_cast<std::size_t>(r) + 1] = std::count_if(row, row + columns, not_zero);
        });
        for (int r = 0; r < out.rows; ++r) out.start[static_cast<std::size_t>(r) + 1] += out.start[static_cast<std::size_t>(r)];
        out.column.resize(static_cast<std::size_t>(out.stored()));
        out.value.resize(out.column.size());
        parallel_for(out.rows, [&](int r) {
          const auto* row = v.data() + static_cast<std::size_t>(r) * columns;
          auto to = static_cast<std::size_t>(out.start[static_cast<std::size_t>(r)]);
          for (std::size_t c = 0; c < columns; ++c)
            if (not_zero(row[c])) {
              out.column[to] = static_cast<std::int32_t>(c);
              if constexpr (std::is_same_v<T, Flag>) out.value[to++] = 1.0F;
              else out.value[to++] = exact_float(row[c], where);
            }
        });
      },
      array.values);
  return out;
}

}  // namespace

void check_shapes(const AnnotatedData& data, const std::string& where) {
  check_frame(data.obs, where, "obs");
  check_frame(data.var, where, "var");
  const std::int64_t n = data.cells(), g = data.genes();
  if (!data.X.empty()) check_matrix(data.X, n, g, where, "X");
  for (std::size_t i = 0; i < data.layers.names.size(); ++i) check_matrix(data.layers.elements[i], n, g, where, "layers/" + data.layers.names[i]);
  check_rows(data.obsm, n, where, "obsm");
  check_rows(data.varm, g, where, "varm");
  for (std::size_t i = 0; i < data.obsp.names.size(); ++i) check_matrix(data.obsp.elements[i], n, n, where, "obsp/" + data.obsp.names[i]);
  for (std::size_t i = 0; i < data.varp.names.size(); ++i) check_matrix(data.varp.elements[i], g, g, where, "varp/" + data.varp.names[i]);
  if (!data.raw) return;
  check_frame(data.raw->var, where, "raw/var");
  if (!data.raw->X.empty()) check_matrix(data.raw->X, n, data.raw->var.rows(), where, "raw/X");
  check_rows(data.raw->varm, data.raw->var.rows(), where, "raw/varm");
}

SparseRows sparse_rows_of(Element matrix, const std::string& where) {
  const auto shape = matrix_shape(matrix);
  if (!shape) throw InputError(where, "is not a matrix but " + kind_of(matrix), "name the matrix to use");
  if (shape->first > widest || shape->second > widest) throw InputError(where, fmt::format("is {} x {}", shape->first, shape->second), "at most 2,147,483,647 rows and columns can be used");
  if (auto* array = matrix.as<Array>()) return rows_of_array(std::move(*array), where);
  auto& stored = std::get<CompressedMatrix>(matrix.value);
  SparseRows out;
  out.rows = static_cast<int>(stored.by_column ? stored.columns : stored.rows);
  out.columns = static_cast<int>(stored.by_column ? stored.rows : stored.columns);
  out.start = std::move(stored.start);
  out.column = std::move(stored.index);
  out.value = floats_of(std::move(stored.values), where);
  try {
    if (!stored.by_column) {
      make_rows(out);
      return out;
    }
    // transposing sorts the rows; what is left to do is repeats and zeros
    SparseRows turned = transposed(out);
    out = SparseRows();
    make_rows(turned);
    return turned;
  } catch (const InputError& error) {
    throw InputError(where, error.what(), "");
  }
}

CompressedMatrix compressed_of(SparseRows rows) {
  CompressedMatrix out;
  out.rows = rows.rows;
  out.columns = rows.columns;
  out.start = std::move(rows.start);
  out.index = std::move(rows.column);
  out.values = std::move(rows.value);
  out.wide_index = out.wide_start = out.stored() > widest;
  return out;
}

}  // namespace hyped
