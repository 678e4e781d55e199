// What an AnnData file (.h5ad) holds, as plain values: cells x genes, tables of both, and everything beside them, in the number types stored.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

enum class Flag : std::int8_t { no = 0, yes = 1 };      // one byte a value, other than a number

// One list of numbers in its stored type; two of them are equal only if their types are.
using Numbers = std::variant<std::vector<float>, std::vector<double>, std::vector<std::int8_t>, std::vector<std::int16_t>, std::vector<std::int32_t>, std::vector<std::int64_t>,
                             std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::uint32_t>, std::vector<std::uint64_t>, std::vector<Flag>>;
using Strings = std::vector<std::string>;

struct NullableNumbers {
  Numbers values;                              // integers or truths; what stands at a missing place has no meaning
  std::vector<Flag> missing;
  bool operator==(const NullableNumbers&) const = default;
};
struct NullableStrings {
  Strings values;
  std::vector<Flag> missing;
  std::string missing_mark;                    // what pandas shows there ("NaN" or "NA"), empty if the file does not say
  bool operator==(const NullableStrings&) const = default;
};
using Categories = std::variant<Strings, Numbers, NullableStrings>;
struct Categorical {
  std::vector<std::int32_t> codes;             // into categories; -1 is missing
  Categories categories;
  bool ordered = false;
  bool operator==(const Categorical&) const = default;
};
using DataColumn = std::variant<Numbers, Strings, Categorical, NullableNumbers, NullableStrings>;

// Rows with names; all columns have the rows of the index. Names of columns are unique (check_shapes).
struct DataFrame {
  DataColumn index = Strings{};
  std::string index_name;                      // empty: it has none
  std::vector<std::string> names;              // of the columns, in their order
  std::vector<DataColumn> columns;

  std::int64_t rows() const;
  const DataColumn* find(std::string_view name) const;      // null if there is none
  void put(const std::string& name, DataColumn column);     // replaces, or comes last
  std::optional<DataColumn> take(std::string_view name);
  bool operator==(const DataFrame&) const = default;
};

// Row-major; no shape: one value.
struct Array {
  std::vector<std::int64_t> shape;
  Numbers values;
  bool operator==(const Array&) const = default;
};
struct TextArray {
  std::vector<std::int64_t> shape;
  Strings values;
  bool operator==(const TextArray&) const = default;
};

// Compressed rows (or columns) as stored: entries in any order, zeros and repeated entries allowed; indices are inside the shape.
struct CompressedMatrix {
  bool by_column = false;
  std::int64_t rows = 0, columns = 0;
  std::vector<std::int64_t> start = {0};       // [rows + 1], or [columns + 1]
  std::vector<std::int32_t> index;             // [stored]
  Numbers values;                              // [stored]
  bool wide_index = false, wide_start = false; // stored as 64-bit integers
  std::int64_t stored() const { return start.back(); }
  bool operator==(const CompressedMatrix&) const = default;
};

// A table with typed fields, each of `width` values a row.
struct RecordArray {
  struct Field {
    std::string name;
    std::variant<Numbers, Strings> values;     // [rows x width]
    std::int64_t width = 0;                    // 0: one value that is no array
    bool operator==(const Field&) const = default;
  };
  std::vector<std::int64_t> shape;
  std::vector<Field> fields;
  bool operator==(const RecordArray&) const = default;
};

struct Nothing {
  bool operator==(const Nothing&) const = default;
};
struct Element;

// Named elements, by name. Names hold no slash.
struct Dict {
  std::vector<std::string> names;              // ascending
  std::vector<Element> elements;

  const Element* find(std::string_view name) const;      // null if there is none
  Element* find(std::string_view name);
  Element& put(const std::string& name, Element element);      // replaces
  std::optional<Element> take(std::string_view name);
  bool operator==(const Dict&) const;
};

struct Element {
  std::variant<Nothing, Array, TextArray, CompressedMatrix, DataFrame, Categorical, NullableNumbers, NullableStrings, RecordArray, Dict> value;
  bool empty() const { return std::holds_alternative<Nothing>(value); }
  template <class T>
  const T* as() const { return std::get_if<T>(&value); }
  template <class T>
  T* as() { return std::get_if<T>(&value); }
  bool operator==(const Element&) const = default;
};

// The genes before a selection, with the same cells.
struct RawData {
  Element X;                                   // [N x its own genes]
  DataFrame var;
  Dict varm;
  bool operator==(const RawData&) const = default;
};

struct AnnotatedData {
  Element X;                                   // [N x G]: Array, CompressedMatrix or Nothing
  DataFrame obs, var;                          // of the N cells, of the G genes
  Dict layers, obsm, varm, obsp, varp, uns;    // layers [N x G], obsm [N x ...], varm [G x ...], obsp [N x N], varp [G x G]
  std::optional<RawData> raw;
  std::int64_t cells() const { return obs.rows(); }
  std::int64_t genes() const { return var.rows(); }
  bool operator==(const AnnotatedData&) const = default;
};

std::size_t size_of(const Numbers& numbers);
std::size_t size_of(const DataColumn& column);
double number_at(const Numbers& numbers, std::size_t at);
std::string_view type_name(const Numbers& numbers);      // as NumPy says it: "float32", "bool"
std::string kind_of(const DataColumn& column);               // in words: "numbers (float32)", "categories (4, ordered)", ...
std::string kind_of(const Element& element);
// "700 x 765"
std::string shape_words(const std::vector<std::int64_t>& shape);

// The names of rows; the numbers of an index of numbers as text. InputError, naming `where`, if one is missing.
Strings names_of(const DataFrame& frame, const std::string& where);

// A column as groups of rows: levels in the order of the categories (unused ones kept), else sorted, numbers by value; truths are
// "False" and "True", numbers in their shortest form.
struct Labels {
  Strings levels;
  std::vector<std::int32_t> codes;             // -1 is missing
};
Labels labels_of(const DataColumn& column);
// A column of numbers, missing ones NaN; categories that are numbers count. Empty optional if it is no column of numbers.
std::optional<std::vector<double>> numbers_of(const DataColumn& column);
// Codes of labels as categories; levels keep their order.
DataColumn categorical_of(Labels labels, bool ordered = false);

// Every table, layer and matrix has the shape its place asks for, indices are inside, names of columns unique. InputError, naming
// `where` and the place.
void check_shapes(const AnnotatedData& data, const std::string& where);
// [rows, columns] of an Array of two dimensions or a CompressedMatrix; none for anything else.
std::optional<std::pair<std::int64_t, std::int64_t>> matrix_shape(const Element& matrix);

// Cells x genes to compute on. Compressed rows of 32-bit floats move without a copy; columns are transposed; other types become
// floats: an integer that no float holds exactly is an InputError, doubles are rounded. At no time more than twice the bytes of the
// stored values and indices. `where` names the matrix in errors.
SparseRows sparse_rows_of(Element matrix, const std::string& where);
// The same rows as a matrix to store.
CompressedMatrix compressed_of(SparseRows rows);

}  // namespace hyped
