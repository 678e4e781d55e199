// Tables: what is written, what is aligned, what is refused.
#include "libhyped/store/table.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <sstream>

#include "libhyped/errors.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

static Table parameters() {
  Table table({{"name", "", "parameter"}, {"estimate", "1/h", "maximum likelihood"}, {"lower", "1/h", ""}, {"outcome", "", ""}});
  table.add_row({std::string("g1_exit"), 0.0831234567890123, 0.0792, std::string("ok")});
  table.add_row({std::string("division <b>"), 12.5, Cell(), std::string("open\tbelow")});
  table.add_row({std::string("n"), std::int64_t{1234}, -1.0, std::string("ok")});
  return table;
}

TEST_CASE("TSV has plain names, numbers that read back the same, empty cells and no stray tabs") {
  CHECK(to_tsv(parameters()) ==
        "name\testimate\tlower\toutcome\ng1_exit\t0.0831234567890123\t0.0792\tok\ndivision <b>\t12.5\t\topen below\nn\t1234\t-1\tok\n");
}

TEST_CASE("a NaN or an infinity never enters a table") {
  Table table({{"x", "", ""}});
  CHECK_THROWS_AS(table.add_row({std::numeric_limits<double>::quiet_NaN()}), BugError);
  CHECK_THROWS_AS(table.add_row({std::numeric_limits<double>::infinity()}), BugError);
  CHECK_THROWS_AS(table.add_row({1.0, 2.0}), BugError);
  table.add_row({cell_of(std::nan(""))});
  CHECK(to_tsv(table) == "x\n\n");
}

TEST_CASE("the terminal form aligns on the decimal point") {
  std::istringstream text(to_terminal(parameters()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  REQUIRE(lines.size() == 5);
  CHECK_THAT(lines[0], Contains("estimate [1/h]"));
  CHECK(lines[2].find("0.08312") != std::string::npos);
  CHECK(lines[2].find('.') == lines[3].find('.'));
  CHECK(lines[4].find("1234") + 4 == lines[2].find('.'));
}

TEST_CASE("the terminal form never passes 100 columns and says what it left out") {
  std::vector<Column> columns;
  std::vector<Cell> row;
  for (int i = 0; i < 20; ++i) {
    columns.push_back({"column_" + std::to_string(i), "1/h", ""});
    row.push_back(i == 0 ? Cell(std::string(140, 'x') + "µ") : Cell(1.5 * i));
  }
  Table table(columns);
  table.add_row(row);
  const std::string text = to_terminal(table, "tables/wide.tsv");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 102);      // … is 3 bytes, one column
  CHECK_THAT(text, Contains("more columns in tables/wide.tsv") && Contains("…"));
}

TEST_CASE("long names on the terminal go on below instead of being cut") {
  std::vector<Column> columns{{"pairs", "", ""}, {"condition", "", ""}};
  for (int i = 0; i < 6; ++i) columns.push_back({"number_" + std::to_string(i), "", ""});
  Table table(columns);
  std::vector<Cell> row{std::string("mother and daughter, S/G2/M until"), std::string("NCI-H460 TRAIL in S/G2/M (not in paper)")};
  for (int i = 0; i < 6; ++i) row.emplace_back(1.5 * i);
  table.add_row(row);
  const std::string text = to_terminal(table, "tables/wide.tsv");
  INFO(text);
  CHECK(text.find("…") == std::string::npos);
  for (const char* word : {"mother", "daughter,", "S/G2/M", "until", "NCI-H460", "paper)"}) CHECK_THAT(text, Contains(word));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
}

TEST_CASE("HTML is escaped, with units and meanings") {
  const std::string html = to_html(parameters());
  CHECK_THAT(html, Contains("division &lt;b&gt;") && !Contains("<b>"));
  CHECK_THAT(html, Contains("title=\"maximum likelihood\"") && Contains("[1/h]"));
}

TEST_CASE("TSV reads back to the same text, and HTML says how many rows it leaves out") {
  const Table table = parameters();
  CHECK(to_tsv(from_tsv(to_tsv(table), table.columns())) == to_tsv(table));
  CHECK_THROWS_AS(from_tsv("other\n", table.columns()), BugError);
  const std::string html = to_html(table, "tables/a.tsv", 1);
  CHECK_THAT(html, Contains("2 more rows in tables/a.tsv") && Contains("g1_exit") && !Contains("12.5"));
}
