// Blocks of rows from the three forms a matrix has on disk.
#include "libhyped/ingest/cells/backed_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/element_reader.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"

namespace hyped {
namespace {

hdf5::File checked(const std::filesystem::path& file) {
  check_structure(file);
  return hdf5::File::open(file);
}

}  // namespace

struct BackedMatrix::Parts {
  hdf5::File file;
  std::string where;
  std::optional<StoredMatrix> sparse;
  std::optional<hdf5::Dataset> dense;

  static constexpr std::uint64_t value_bytes = sizeof(float) + sizeof(std::int32_t);
  void rows_by_rows(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const;
  void rows_by_columns(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const;
  void dense_rows(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const;
  // Stretches of the file's values: see(first, column pointer of the first, indices, values).
  template <class See>
  void each_stretch(std::uint64_t count, bool with_values, const See& see) const;
};

BackedMatrix::BackedMatrix(const std::filesystem::path& file, const std::string& matrix) : parts_(new Parts{checked(file), file.string() + ":/" + matrix, {}, {}}) {
  const hdf5::Group root = parts_->file.root();
  std::string path = matrix;
  if (!root.has(path) && path.starts_with("raw/")) path[3] = '.';      // before 0.7
  if (!root.has(path)) throw InputError(parts_->where, "there is no such matrix", "name one of X, raw/X and layers/NAME that the file has");
  if (root.is_group(path)) {
    parts_->sparse = stored_matrix(root.open(path));
    if (!parts_->sparse) throw InputError(parts_->where, "is a group that is no sparse matrix", "name a matrix");
  } else {
    parts_->dense = root.dataset(path);
    if (parts_->dense->shape().size() != 2 || (parts_->dense->type().kind != hdf5::Kind::number && parts_->dense->type().kind != hdf5::Kind::truth))
      throw InputError(parts_->where, "holds " + parts_->dense->type().words + " and is no matrix of numbers", "name a matrix");
  }
  if (rows() > std::numeric_limits<std::int32_t>::max() || columns() > std::numeric_limits<std::int32_t>::max()) throw InputError(parts_->where, "has more than 2,147,483,647 rows or columns", "split it");
}

BackedMatrix::~BackedMatrix() = default;
BackedMatrix::BackedMatrix(BackedMatrix&&) noexcept = default;

BackedMatrix::Form BackedMatrix::form() const { return parts_->dense ? Form::dense : parts_->sparse->by_column ? Form::compressed_columns : Form::compressed_rows; }
std::int64_t BackedMatrix::rows() const { return parts_->dense ? static_cast<std::int64_t>(parts_->dense->shape()[0]) : parts_->sparse->rows; }
std::int64_t BackedMatrix::columns() const { return parts_->dense ? static_cast<std::int64_t>(parts_->dense->shape()[1]) : parts_->sparse->columns; }
std::int64_t BackedMatrix::stored() const { return parts_->dense ? static_cast<std::int64_t>(parts_->dense->size()) : parts_->sparse->start.back(); }
const std::string& BackedMatrix::where() const { return parts_->where; }

std::string BackedMatrix::words() const {
  if (parts_->dense) return fmt::format("dense rows of {}, {} x {}", parts_->dense->type().words, rows(), columns());
  return fmt::format("compressed {} of {}, {} x {}, {} stored", parts_->sparse->by_column ? "columns" : "rows", parts_->sparse->values.type().words, rows(), columns(), stored());
}

void BackedMatrix::Parts::rows_by_rows(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const {
  const auto& start = sparse->start;
  for (std::int64_t first = 0; first < sparse->rows;) {
    // as many rows as stay within the bytes
    const std::int64_t from = start[static_cast<std::size_t>(first)], limit = from + static_cast<std::int64_t>(bytes / value_bytes);
    std::int64_t last = std::upper_bound(start.begin() + first + 1, start.end(), limit) - start.begin() - 1;
    last = std::max(last, first + 1);
    const std::int64_t count = start[static_cast<std::size_t>(last)] - from;
    CompressedMatrix block{false, last - first, sparse->columns, {}, {}, {}, false, false};
    for (std::int64_t r = first; r <= last; ++r) block.start.push_back(start[static_cast<std::size_t>(r)] - from);
    block.index.resize(static_cast<std::size_t>(count));
    if (count > 0) sparse->index.read_rows(static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(count), block.index.data());
    check_indices(block.index, sparse->columns, from, sparse->index.where());
    block.values = read_numbers(sparse->values, static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(count));
    see({first, sparse_rows_of({std::move(block)}, fmt::format("{}, from row {}", where, first + 1))});
    first = last;
  }
}

template <class See>
void BackedMatrix::Parts::each_stretch(std::uint64_t count, bool with_values, const See& see) const {
  const auto total = static_cast<std::uint64_t>(sparse->start.back());
  std::vector<std::int32_t> index;
  std::vector<double> values;
  for (std::uint64_t from = 0; from < total; from += count) {
    const std::uint64_t part = std::min(count, total - from);
    index.resize(part);
    sparse->index.read_rows(from, part, index.data());
    check_indices(index, sparse->rows, static_cast<std::int64_t>(from), sparse->index.where());
    if (with_values) {
      values.resize(part);
      sparse->values.read_rows(from, part, values.data());
    }
    const auto column = std::upper_bound(sparse->start.begin(), sparse->start.end(), static_cast<std::int64_t>(from)) - sparse->start.begin() - 1;
    see(static_cast<std::int64_t>(from), column, index, values);
  }
}

void BackedMatrix::Parts::rows_by_columns(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const {
  const std::uint64_t stretch = std::max<std::uint64_t>(1, bytes / (2 * (sizeof(double) + sizeof(std::int32_t))));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(sparse->rows), 0);
  each_stretch(stretch, false, [&](std::int64_t, std::ptrdiff_t, const std::vector<std::int32_t>& index, const std::vector<double>&) {
    for (const std::int32_t r : index) ++counts[static_cast<std::size_t>(r)];
  });
  const bool integers = sparse->values.type().kind == hdf5::Kind::number && sparse->values.type().number != hdf5::NumberType::f32 && sparse->values.type().number != hdf5::NumberType::f64;
  for (std::int64_t first = 0; first < sparse->rows;) {
    std::int64_t last = first, count = 0;
    while (last < sparse->rows && (last == first || static_cast<std::uint64_t>(count + counts[static_cast<std::size_t>(last)]) * value_bytes <= bytes)) count += counts[static_cast<std::size_t>(last++)];
    RowBlock block{first, {}};
    block.rows.rows = static_cast<int>(last - first);
    block.rows.columns = static_cast<int>(sparse->columns);
    for (std::int64_t r = first; r < last; ++r) block.rows.start.push_back(block.rows.start.back() + counts[static_cast<std::size_t>(r)]);
    block.rows.column.resize(static_cast<std::size_t>(count));
    block.rows.value.resize(static_cast<std::size_t>(count));
    std::vector<std::int64_t> next(block.rows.start.begin(), block.rows.start.end() - 1);
    each_stretch(stretch, true, [&](std::int64_t from, std::ptrdiff_t column, const std::vector<std::int32_t>& index, const std::vector<double>& values) {
      for (std::size_t i = 0; i < index.size(); ++i) {
        while (sparse->start[static_cast<std::size_t>(column) + 1] <= from + static_cast<std::int64_t>(i)) ++column;
        if (index[i] < first || index[i] >= last) continue;
        const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(index[i] - first)]++);
        block.rows.column[to] = static_cast<std::int32_t>(column);
        block.rows.value[to] = static_cast<float>(values[i]);
        if (integers && static_cast<double>(block.rows.value[to]) != values[i])
          throw InputError(where, fmt::format("holds {}, which a 32-bit float cannot hold exactly", values[i]), "counts above 16,777,216 are not expected: check the matrix");
      }
    });
    try {
      make_rows(block.rows);
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}, from row {}", where, first + 1), error.what(), "");
    }
    see(std::move(block));
    first = last;
  }
}

void BackedMatrix::Parts::dense_rows(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const {
  const auto rows = static_cast<std::int64_t>(dense->shape()[0]), columns = static_cast<std::int64_t>(dense->shape()[1]);
  const std::uint64_t row_bytes = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(columns) * std::max<std::uint64_t>(value_bytes, dense->type().bytes));
  const auto step = static_cast<std::int64_t>(std::max<std::uint64_t>(1, bytes / row_bytes));
  for (std::int64_t first = 0; first < rows; first += step) {
    const std::int64_t count = std::min(step, rows - first);
    Array block{{count, columns}, read_numbers(*dense, static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(count))};
    see({first, sparse_rows_of({std::move(block)}, fmt::format("{}, from row {}", where, first + 1))});
  }
}

void BackedMatrix::each_block(const std::function<void(RowBlock)>& see, std::uint64_t bytes) const {
  if (parts_->dense) parts_->dense_rows(see, bytes);
  else if (parts_->sparse->by_column) parts_->rows_by_columns(see, bytes);
  else parts_->rows_by_rows(see, bytes);
}

SparseRows BackedMatrix::whole() const {
  SparseRows out;
  out.columns = static_cast<int>(columns());
  each_block([&](RowBlock block) { out = std::move(block.rows); }, 1ULL << 50);      // one block
  return out;
}

std::vector<std::string> matrix_paths(const std::filesystem::path& file) {
  const auto opened = checked(file);
  const hdf5::Group root = opened.root();
  std::vector<std::string> out;
  if (root.has("X")) out.emplace_back("X");
  if (root.is_group("layers"))
    for (const auto& name : root.open("layers").children()) out.push_back("layers/" + name);
  if (root.has("raw/X") || root.has("raw.X")) out.emplace_back("raw/X");
  return out;
}

}  // namespace hyped
