// Tables for reading: aligned on the terminal, and as HTML.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

constexpr std::size_t terminal_width = 100, most_lines = 3;

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

// The first `to` characters.
std::string beginning(const std::string& text, std::size_t to) {
  std::size_t bytes = 0;
  for (std::size_t seen = 0; bytes < text.size(); ++bytes)
    if ((text[bytes] & 0xC0) != 0x80 && ++seen > to) break;
  return text.substr(0, bytes);
}

// At most `most` lines of width `to`, broken at spaces where there are any; what is longer ends in three dots.
std::vector<std::string> wrapped(std::string text, std::size_t to, std::size_t most) {
  std::vector<std::string> lines;
  while (width(text) > to && lines.size() + 1 < most) {
    std::string line = beginning(text, to);
    const auto space = text[line.size()] == ' ' ? line.size() : line.rfind(' ');
    if (space != line.npos && space > 0) line.resize(space);
    text.erase(0, line.size());
    text.erase(0, text.find_first_not_of(' ') == text.npos ? text.size() : text.find_first_not_of(' '));
    lines.push_back(std::move(line));
  }
  lines.push_back(width(text) > to ? beginning(text, to - 1) + "…" : text);
  return lines;
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
  // First the widest text column is made narrower, down to 24, its text going on below; then columns are left out from the right.
  std::vector<std::size_t> room;
  for (const auto& c : columns) room.push_back(width(c[0]));
  const auto total = [&] { return std::accumulate(room.begin(), room.end(), std::size_t{0}, [](std::size_t sum, std::size_t c) { return sum + c + 2; }); };
  while (total() > terminal_width + 2) {
    auto widest = std::max_element(room.begin(), room.end());
    if (*widest <= 24) break;
    const std::size_t excess = total() - terminal_width - 2;
    *widest = std::max<std::size_t>(24, *widest - std::min(excess, *widest - 24));
  }
  std::size_t left_out = 0;
  while (room.size() > 1 && total() > terminal_width + 2) {
    room.pop_back();
    ++left_out;
  }
  std::string out;
  bool cut = false;
  for (std::size_t r = 0; r < table.rows().size() + 1; ++r) {
    std::vector<std::vector<std::string>> cells;
    std::size_t lines = 1;
    for (std::size_t c = 0; c < room.size(); ++c) {
      const std::string& text = columns[c][r];
      cells.push_back(width(text) > room[c] ? wrapped(text.substr(0, text.find_last_not_of(' ') + 1), room[c], most_lines) : std::vector<std::string>{text});
      cut = cut || cells.back().back().ends_with("…");
      lines = std::max(lines, cells.back().size());
    }
    for (std::size_t i = 0; i < lines; ++i) {
      std::string line;
      for (std::size_t c = 0; c < room.size(); ++c) line += padded(i < cells[c].size() ? cells[c][i] : "", room[c], false) + "  ";
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    if (r == 0) {
      std::string rule;
      for (const std::size_t c : room) rule += std::string(c, '-') + "  ";
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
