// Tables for reading: aligned on the terminal, and as HTML.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

constexpr std::size_t terminal_width = 100;

std::string shown(const Cell& cell, int digits) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *count);
  if (const auto* value = std::get_if<double>(&cell)) {
    if (*value == 0) return "0";
    const double size = std::abs(*value);
    if (size < 1e-4 || size >= 1e7) return fmt::format("{:.{}e}", *value, digits - 1);
    const int decimals = std::max(0, digits - 1 - static_cast<int>(std::floor(std::log10(size))));
    return fmt::format("{:.{}f}", *value, decimals);
  }
  return "";
}

bool numeric(const Cell& cell) { return std::holds_alternative<double>(cell) || std::holds_alternative<std::int64_t>(cell); }

// Number of characters, not bytes, of UTF-8.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t to, bool right) {
  const std::string space(to > width(text) ? to - width(text) : 0, ' ');
  return right ? space + text : text + space;
}

std::string shortened(const std::string& text, std::size_t to) {
  if (width(text) <= to) return text;
  std::size_t bytes = 0;
  for (std::size_t seen = 0; bytes < text.size() && seen + 1 < to; ++bytes)
    if (bytes + 1 == text.size() || (text[bytes + 1] & 0xC0) != 0x80) ++seen;
  return text.substr(0, bytes) + "…";
}

// One column as strings of one width: header first, numbers aligned on the decimal point.
std::vector<std::string> column_text(const Table& table, std::size_t column, int digits) {
  const Column& head = table.columns()[column];
  std::vector<std::string> cells;
  std::size_t before = 0, after = 0;
  bool has_number = false;
  const auto point = [](const std::string& text) { return std::min(text.size(), text.find_first_of(".e")); };
  for (const auto& row : table.rows()) {
    cells.push_back(shown(row[column], digits));
    if (!numeric(row[column])) continue;
    has_number = true;
    before = std::max(before, point(cells.back()));
    after = std::max(after, cells.back().size() - point(cells.back()));
  }
  std::size_t widest = 0;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (numeric(table.rows()[r][column])) cells[r] = padded(padded(cells[r], cells[r].size() + before - point(cells[r]), true), before + after, false);
    widest = std::max(widest, width(cells[r]));
  }
  const std::string title = head.unit.empty() ? head.name : head.name + " [" + head.unit + "]";
  widest = std::max(widest, width(title));
  std::vector<std::string> text{padded(title, widest, has_number)};
  for (const auto& cell : cells) text.push_back(padded(cell, widest, has_number));
  return text;
}

}  // namespace

std::string to_terminal_paragraph(const std::string& head, const std::string& text) {
  std::string out, line = head;
  bool begun = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (begun && width(line) + 1 + width(word) > terminal_width) {
      out += line + "\n";
      line = std::string(width(head), ' ');
      begun = false;
    }
    line += (begun ? " " : "") + word;
    begun = true;
    at = end + 1;
  }
  return out + line + "\n";
}

std::string to_terminal(const Table& table, const std::string& rest, int digits) {
  std::vector<std::vector<std::string>> columns;
  for (std::size_t c = 0; c < table.columns().size(); ++c) columns.push_back(column_text(table, c, digits));
  const auto total = [&] {
    return std::accumulate(columns.begin(), columns.end(), std::size_t{0}, [](std::size_t sum, const auto& c) { return sum + width(c[0]) + 2; });
  };
  // First the widest text column is shortened, down to 24; then columns are left out from the right.
  bool cut = false;
  while (total() > terminal_width + 2) {
    auto widest = columns.end();
    for (auto c = columns.begin(); c != columns.end(); ++c)
      if (width((*c)[0]) > 24 && (widest == columns.end() || width((*c)[0]) > width((*widest)[0]))) widest = c;
    if (widest == columns.end()) break;
    const std::size_t excess = total() - terminal_width - 2, now = width((*widest)[0]);
    const std::size_t target = std::max<std::size_t>(24, now - std::min(excess, now - 24));
    for (auto& cell : *widest) cell = padded(shortened(cell, target), target, false);
    cut = true;
  }
  std::size_t left_out = 0;
  while (columns.size() > 1 && total() > terminal_width + 2) {
    columns.pop_back();
    ++left_out;
  }
  std::string out;
  const std::size_t lines = table.rows().size() + 1;
  for (std::size_t r = 0; r < lines; ++r) {
    std::string line;
    for (const auto& column : columns) line += column[r] + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r == 0) {
      std::string rule;
      for (const auto& column : columns) rule += std::string(width(column[0]), '-') + "  ";
      rule.erase(rule.find_last_not_of(' ') + 1);
      out += rule + "\n";
    }
  }
  if (left_out > 0) out += fmt::format("({} more columns{})\n", left_out, rest.empty() ? "" : " in " + rest);
  else if (cut && !rest.empty()) out += fmt::format("(in full in {})\n", rest);
  return out;
}

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string to_html(const Table& table, const std::string& rest, std::size_t most_rows, int digits) {
  std::string out = "<table><thead><tr>";
  for (const auto& column : table.columns())
    out += fmt::format("<th title=\"{}\">{}{}</th>", escape_html(column.meaning), escape_html(column.name),
                       column.unit.empty() ? "" : " <span class=\"unit\">[" + escape_html(column.unit) + "]</span>");
  out += "</tr></thead>\n<tbody>\n";
  const std::size_t shown_rows = std::min(table.rows().size(), most_rows);
  for (std::size_t r = 0; r < shown_rows; ++r) {
    const auto& row = table.rows()[r];
    out += "<tr>";
    for (const auto& cell : row) out += fmt::format("<td{}>{}</td>", numeric(cell) ? " class=\"number\"" : "", escape_html(shown(cell, digits)));
    out += "</tr>\n";
  }
  out += "</tbody></table>\n";
  if (shown_rows < table.rows().size())
    out += fmt::format("<p class=\"rest\">{} more rows{}</p>\n", table.rows().size() - shown_rows, rest.empty() ? "" : " in " + escape_html(rest));
  return out;
}

}  // namespace hyped
