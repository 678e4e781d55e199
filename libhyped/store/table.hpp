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
// Back from TSV with the columns it was written with: a cell that reads as a number is one. BugError if the names differ.
Table from_tsv(const std::string& text, std::vector<Column> columns);

// At most 100 columns wide, numbers to `digits` significant digits and aligned on the decimal point; long text goes on below, in up to three
// lines; columns that do not fit are counted in a last line that names `rest` (the file with everything).
std::string to_terminal(const Table& table, const std::string& rest = "", int digits = 4);

// Text after `head`, broken at spaces so that no line passes 100 columns, continued below its own start; ends in a newline.
std::string to_terminal_paragraph(const std::string& head, const std::string& text);

// <table> with units in the header and meanings as tooltips, escaped.
// At most `most_rows` of them, then how many more there are in `rest`.
std::string to_html(const Table& table, const std::string& rest = "", std::size_t most_rows = 60, int digits = 4);
std::string escape_html(const std::string& text);

}  // namespace hyped
