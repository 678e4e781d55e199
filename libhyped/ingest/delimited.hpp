// CSV and TSV text with a header, where every cell knows its line, so that an error can name it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// Quotes ("" inside them), CRLF, a byte-order mark, empty lines and lines starting with # are understood. The delimiter is a
// tab if the header holds one, else a semicolon if it holds no comma, else a comma.
class DelimitedTable {
 public:
  static DelimitedTable read(const std::filesystem::path& file);
  static DelimitedTable parse(std::string file_name, std::string_view text);

  const std::string& file() const { return file_; }
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t rows() const { return lines_.size(); }
  int line(std::size_t row) const { return lines_[row]; }
  bool has(std::string_view column) const;
  std::size_t column(std::string_view name) const;      // InputError naming the nearest columns

  const std::string& text(std::size_t row, std::size_t column) const { return cells_[row * columns_.size() + column]; }
  const std::string& name(std::size_t row, std::size_t column) const;           // InputError if empty
  double number(std::size_t row, std::size_t column) const;                     // InputError unless finite
  double number_or_missing(std::size_t row, std::size_t column) const;          // NaN for an empty cell, NA or NaN
  std::int64_t integer(std::size_t row, std::size_t column) const;              // "820.0" is an integer

  // "file:line: column 'x': problem; fix", to throw.
  InputError error(std::size_t row, std::size_t column, std::string problem, std::string fix) const;

 private:
  std::string file_;
  int header_line_ = 1;
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;      // [rows x columns]
  std::vector<int> lines_;              // [rows], 1-based
};

}  // namespace hyped
