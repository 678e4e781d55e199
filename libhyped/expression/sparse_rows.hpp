// The form in which cells x genes are computed on: compressed rows of floats, eight bytes a stored value.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace hyped {

// Rows are cells. Within a row columns ascend, each at most once, and no stored value is zero (make_rows sees to it): what is not
// stored is zero, which rank tests rely on.
struct SparseRows {
  int rows = 0, columns = 0;
  std::vector<std::int64_t> start = {0};     // [rows + 1]
  std::vector<std::int32_t> column;          // [stored]
  std::vector<float> value;                  // [stored]

  std::int64_t stored() const { return start.back(); }
  std::span<const std::int32_t> columns_of(int row) const { return {column.data() + start[static_cast<std::size_t>(row)], length(row)}; }
  std::span<const float> values_of(int row) const { return {value.data() + start[static_cast<std::size_t>(row)], length(row)}; }
  std::span<float> values_of(int row) { return {value.data() + start[static_cast<std::size_t>(row)], length(row)}; }

 private:
  std::size_t length(int row) const { return static_cast<std::size_t>(start[static_cast<std::size_t>(row) + 1] - start[static_cast<std::size_t>(row)]); }
};

// Sorts rows and drops stored zeros where needed, in place; a column met twice in a row is an InputError that names row and column.
void make_rows(SparseRows& matrix);
// The rows (columns) in the order given, which may repeat none. Indices are checked.
SparseRows rows_of(const SparseRows& matrix, std::span<const int> rows);
SparseRows columns_of(const SparseRows& matrix, std::span<const int> columns);
// Genes as rows. Parallel, same bytes for any number of threads.
SparseRows transposed(const SparseRows& matrix);

// The same a block of columns at a time, in their order, so that beside the matrix there is memory for one block. The matrix must stay as it is.
class ColumnBlocks {
 public:
  ColumnBlocks(const SparseRows& matrix, int at_once);
  bool next(SparseRows& block);                    // [b x rows], its memory used again; false: there are no more
  int first() const { return first_; }             // column of the matrix that is row 0 of the block

 private:
  const SparseRows& matrix_;
  int at_once_, first_ = 0, columns_ = 0;
  std::vector<std::int64_t> next_;                 // [rows] where each row goes on
  std::vector<std::vector<std::int64_t>> at_;      // by block of rows: where its values of each column go
};

}  // namespace hyped
