// A matrix of an AnnData file that stays on disk: its rows are handed over in blocks, in bounded memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct RowBlock {
  std::int64_t first_row = 0;
  SparseRows rows;
};

// Paths of the matrices of cells x genes in the file: "X", "layers/NAME", "raw/X".
std::vector<std::string> matrix_paths(const std::filesystem::path& file);

class BackedMatrix {
 public:
  enum class Form { compressed_rows, compressed_columns, dense };

  // `matrix` is its path in the file: "X", "layers/raw_counts", "raw/X". InputError if it is no matrix or damaged.
  BackedMatrix(const std::filesystem::path& file, const std::string& matrix = "X");
  ~BackedMatrix();
  BackedMatrix(BackedMatrix&&) noexcept;

  Form form() const;
  std::int64_t rows() const;
  std::int64_t columns() const;
  std::int64_t stored() const;          // values in the file, zeros among them if they are stored
  const std::string& where() const;
  std::string words() const;            // "compressed rows of float32, 19858 x 28702, 61,234,567 stored"

  // All rows in their order, in blocks of about `bytes` of values and indices (one row at least; reading takes as much again).
  // Compressed rows and dense rows are read once. Compressed columns are read once to count each row's values, and once more for
  // every `bytes` of the matrix: a matrix within `bytes` is read twice, nothing is written to disk.
  // InputError for an index outside the matrix, a value twice in a row, an integer that a float cannot hold exactly.
  void each_block(const std::function<void(RowBlock)>& see, std::uint64_t bytes = 256ULL << 20) const;
  // All rows in memory; errors as each_block.
  SparseRows whole() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace hyped
