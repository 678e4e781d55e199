// Tables and their TSV form.
#include "libhyped/store/table.hpp"

#include <fmt/format.h>

#include <cmath>

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

}  // namespace hyped
