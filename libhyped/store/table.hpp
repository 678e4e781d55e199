// A table with named, explained columns: written as TSV, on the terminal, and as HTML.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace hyped {

struct Column {
  std::string name, unit, meaning;      // unit and meaning may be empty
};
using Cell = std::variant<std::monostate, std::string, double, std::int64_t>;

class Table {
 public:
  Table() = default;
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // A double must be finite: a value that does not exist is an empty cell, with its outcome in another (BugError).
  void add_row(std::vector<Cell> cells);
  const std::vector<Column>& columns() const { return columns_; }
  const std::vector<std::vector<Cell>>& rows() const { return rows_; }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// The number as a cell; empty if it is NaN or infinite.
Cell cell_of(double value);

// Header line of plain names; numbers in the shortest form that reads back the same.
std::string to_tsv(const Table& table);

// At most 100 columns wide, numbers to `digits` significant digits and aligned on the decimal point; what does not fit is
// counted in a last line that names `rest` (the file with everything).
std::string to_terminal(const Table& table, const std::string& rest = "", int digits = 4);

// <table> with units in the header and meanings as tooltips, escaped.
std::string to_html(const Table& table, int digits = 4);
std::string escape_html(const std::string& text);

}  // namespace hyped
