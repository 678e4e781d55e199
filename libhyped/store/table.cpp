// Tables and their TSV form.
#include "libhyped/store/table.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "libhyped/errors.hpp"

namespace hyped {

void Table::add_row(std::vector<Cell> cells) {
  HYPED_REQUIRE(cells.size() == columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (const double* value = std::get_if<double>(&cells[i]); value && !std::isfinite(*value))
      throw BugError(fmt::format("column '{}', row {}: {} in a table; leave the cell empty and say the outcome", columns_[i].name, rows_.size(),
                                 *value));
  rows_.push_back(std::move(cells));
}

Cell cell_of(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

std::string to_tsv(const Table& table) {
  const auto plain = [](std::string text) {
    for (char& c : text)
      if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    return text;
  };
  std::string out;
  for (std::size_t i = 0; i < table.columns().size(); ++i) out += (i ? "\t" : "") + plain(table.columns()[i].name);
  out += '\n';
  for (const auto& row : table.rows()) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i) out += '\t';
      if (const auto* text = std::get_if<std::string>(&row[i])) out += plain(*text);
      else if (const auto* value = std::get_if<double>(&row[i])) out += fmt::format("{}", *value);
      else if (const auto* count = std::get_if<std::int64_t>(&row[i])) out += fmt::format("{}", *count);
    }
    out += '\n';
  }
  return out;
}

Table from_tsv(const std::string& text, std::vector<Column> columns) {
  const auto cells_of = [](const std::string& line) {
    std::vector<std::string> cells(1);
    for (const char c : line)
      if (c == '\t') cells.emplace_back();
      else cells.back() += c;
    return cells;
  };
  std::istringstream in(text);
  std::string line;
  std::getline(in, line);
  const auto names = cells_of(line);
  HYPED_REQUIRE(names.size() == columns.size());
  for (std::size_t i = 0; i < names.size(); ++i) HYPED_REQUIRE(names[i] == columns[i].name);
  Table table(std::move(columns));
  while (std::getline(in, line)) {
    std::vector<Cell> row;
    for (const auto& cell : cells_of(line)) {
      double value = 0;
      std::int64_t count = 0;
      const char *begin = cell.data(), *end = begin + cell.size();
      if (cell.empty()) row.emplace_back();
      else if (const auto read = std::from_chars(begin, end, count); read.ec == std::errc() && read.ptr == end) row.emplace_back(count);
      else if (const auto read = std::from_chars(begin, end, value); read.ec == std::errc() && read.ptr == end && std::isfinite(value))
        row.emplace_back(value);
      else row.emplace_back(cell);
    }
    table.add_row(std::move(row));
  }
  return table;
}

}  // namespace hyped
