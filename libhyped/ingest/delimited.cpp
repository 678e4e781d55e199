// The CSV and TSV reader: one pass over the text, then typed access with errors that name the line.
#include "libhyped/ingest/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

namespace hyped {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Reads records one by one; a quoted cell may span lines.
class Records {
 public:
  Records(const std::string& file, std::string_view text) : file_(file), text_(text) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") position_ = 3;
  }
  int line() const { return record_line_; }
  void set_delimiter(char delimiter) { delimiter_ = delimiter; }
  std::string_view peek_line() {
    skip_empty();
    return text_.substr(position_, text_.find('\n', position_) - position_);
  }
  bool next(std::vector<std::string>& cells) {
    cells.clear();
    skip_empty();
    if (position_ >= text_.size()) return false;
    record_line_ = line_;
    for (;;) {
      cells.push_back(cell());
      if (position_ < text_.size() && text_[position_] == delimiter_) {
        ++position_;
        continue;
      }
      if (position_ < text_.size() && text_[position_] == '\r') ++position_;
      if (position_ < text_.size() && text_[position_] == '\n') ++position_, ++line_;
      return true;
    }
  }

 private:
  void skip_empty() {
    while (position_ < text_.size()) {
      const std::size_t end = text_.find('\n', position_);
      std::string_view row = text_.substr(position_, end == text_.npos ? text_.npos : end - position_);
      if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
      if (!row.empty() && row.front() != '#' && row.find_first_not_of(" \r") != row.npos) return;
      position_ = end == text_.npos ? text_.size() : end + 1;
      ++line_;
    }
  }
  std::string cell() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
    if (position_ >= text_.size() || text_[position_] != '"') {
      const std::size_t start = position_;
      while (position_ < text_.size() && text_[position_] != delimiter_ && text_[position_] != '\n' &&
             !(text_[position_] == '\r' && (position_ + 1 == text_.size() || text_[position_ + 1] == '\n')))
        ++position_;
      return std::string(trimmed(text_.substr(start, position_ - start)));
    }
    const int opened = line_;
    std::string value;
    for (++position_; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '"' && position_ + 1 < text_.size() && text_[position_ + 1] == '"') {
        value += '"';
        ++position_;
      } else if (c == '"') {
        ++position_;
        while (position_ < text_.size() && text_[position_] == ' ') ++position_;
        if (position_ < text_.size() && text_[position_] != delimiter_ && text_[position_] != '\n' && text_[position_] != '\r')
          throw InputError(fmt::format("{}:{}", file_, line_), "text follows a closing quote", "put the whole cell in quotes");
        return value;
      } else {
        if (c == '\n') ++line_;
        value += c;
      }
    }
    throw InputError(fmt::format("{}:{}", file_, opened), "a quote is opened here and never closed", "close it with a second \"");
  }

  const std::string& file_;
  std::string_view text_;
  std::size_t position_ = 0;
  char delimiter_ = ',';
  int line_ = 1, record_line_ = 1;
};

}  // namespace

DelimitedTable DelimitedTable::read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (std::filesystem::is_directory(file) || !in)
    throw InputError(file.string(), std::filesystem::exists(file) ? "cannot be read as a table" : "does not exist", "give the path of an existing CSV or TSV file");
  std::ostringstream text;
  text << in.rdbuf();
  return parse(file.string(), text.str());
}

DelimitedTable DelimitedTable::parse(std::string file_name, std::string_view text) {
  DelimitedTable table;
  table.file_ = std::move(file_name);
  if (text.find('\0') != text.npos)
    throw InputError(table.file_, "is binary, not a table", "export it as CSV or TSV text in UTF-8");
  Records records(table.file_, text);
  const std::string_view header = records.peek_line();
  const bool tab = header.find('\t') != header.npos, comma = header.find(',') != header.npos;
  records.set_delimiter(tab ? '\t' : !comma && header.find(';') != header.npos ? ';' : ',');
  if (!records.next(table.columns_))
    throw InputError(table.file_ + ":1", "the file is empty", "it needs a header line and at least one row");
  table.header_line_ = records.line();
  std::set<std::string> seen;
  for (const auto& column : table.columns_)
    if (!column.empty() && !seen.insert(column).second)
      throw InputError(fmt::format("{}:{}", table.file_, table.header_line_), fmt::format("column '{}' occurs twice", column),
                       "give each column its own name");
  for (std::vector<std::string> cells; records.next(cells);) {
    if (cells.size() != table.columns_.size())
      throw InputError(fmt::format("{}:{}", table.file_, records.line()),
                       fmt::format("{} cells where the header has {} columns", cells.size(), table.columns_.size()),
                       "add the missing cells (empty is allowed), or quote cells that hold the delimiter");
    table.lines_.push_back(records.line());
    table.cells_.insert(table.cells_.end(), cells.begin(), cells.end());
  }
  if (table.lines_.empty())
    throw InputError(fmt::format("{}:{}", table.file_, table.header_line_), "there is a header but no rows", "add at least one row");
  return table;
}

bool DelimitedTable::has(std::string_view name) const {
  return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
}

std::size_t DelimitedTable::column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end())
    throw InputError(fmt::format("{}:{}", file_, header_line_), fmt::format("there is no column '{}'", name),
                     fmt::format("the nearest are {}: rename it, or say which column it is", nearest_names(name, columns_)));
  return static_cast<std::size_t>(found - columns_.begin());
}

InputError DelimitedTable::error(std::size_t row, std::size_t column, std::string problem, std::string fix) const {
  return InputError(fmt::format("{}:{}", file_, lines_[row]), fmt::format("column '{}': {}", columns_[column], problem), std::move(fix));
}

const std::string& DelimitedTable::name(std::size_t row, std::size_t column) const {
  if (text(row, column).empty()) throw error(row, column, "is empty", "write a name");
  return text(row, column);
}

double DelimitedTable::number(std::size_t row, std::size_t column) const {
  const std::string& cell = text(row, column);
  double value = 0;
  const char* begin = cell.data() + (cell.starts_with('+') ? 1 : 0);
  const auto [end, problem] = std::from_chars(begin, cell.data() + cell.size(), value);
  if (problem != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value))
    throw error(row, column, fmt::format("'{}' is not a number", cell),
                cell.find(',') != cell.npos ? "write a decimal point, not a comma" : "write a finite number such as 12.5");
  return value;
}

double DelimitedTable::number_or_missing(std::size_t row, std::size_t column) const {
  const std::string& cell = text(row, column);
  if (cell.empty() || cell == "NA" || cell == "NaN" || cell == "nan") return std::numeric_limits<double>::quiet_NaN();
  return number(row, column);
}

std::int64_t DelimitedTable::integer(std::size_t row, std::size_t column) const {
  const double value = number(row, column);
  if (value != std::floor(value) || std::abs(value) > 9e15)
    throw error(row, column, fmt::format("'{}' is not a whole number", text(row, column)), "write an integer");
  return static_cast<std::int64_t>(value);
}

}  // namespace hyped
