// The table reader: what it understands, and the line it names when it does not.
#include "libhyped/ingest/delimited.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace hyped;
using Catch::Matchers::Contains;

TEST_CASE("quotes, CRLF, byte-order mark, comments and empty lines are understood") {
  const auto table = DelimitedTable::parse("a.csv", "\xEF\xBB\xBF# made by hand\r\nname,count\r\n\"B2, \"\"left\"\"\",3\r\n\r\n# gap\r\n plain , 4.0\r\n");
  REQUIRE(table.columns() == std::vector<std::string>{"name", "count"});
  REQUIRE(table.rows() == 2);
  CHECK(table.text(0, 0) == "B2, \"left\"");
  CHECK(table.line(0) == 3);
  CHECK(table.text(1, 0) == "plain");
  CHECK(table.integer(1, 1) == 4);
  CHECK(table.line(1) == 6);
}

TEST_CASE("tabs and semicolons are found in the header, a last empty cell is a cell") {
  const auto tabs = DelimitedTable::parse("a.tsv", "a, b\tc\n1\t\n");
  CHECK(tabs.columns()[0] == "a, b");
  CHECK(std::isnan(tabs.number_or_missing(0, 1)));
  CHECK(DelimitedTable::parse("a.csv", "a;c\n1;2").number(0, 1) == 2);
}

TEST_CASE("a quoted cell may span lines and later lines are still counted right") {
  const auto table = DelimitedTable::parse("a.csv", "a,b\n\"one\ntwo\",1\nx,2\n");
  CHECK(table.line(0) == 2);
  CHECK(table.line(1) == 4);
}

TEST_CASE("errors name the file, the line, the column and the fix") {
  const auto table = DelimitedTable::parse("a.csv", "name,count\nB2,abc\n,\"1,5\"\n");
  CHECK_THROWS_WITH(table.number(0, 1), "a.csv:2: column 'count': 'abc' is not a number; write a finite number such as 12.5");
  CHECK_THROWS_WITH(table.number(1, 1), Contains("a.csv:3") && Contains("decimal point"));
  CHECK_THROWS_WITH(table.name(1, 0), Contains("a.csv:3: column 'name'") && Contains("empty"));
  CHECK_THROWS_WITH(table.column("Count"), Contains("a.csv:1") && Contains("no column 'Count'") && Contains("'count'"));
  CHECK_THROWS_WITH(DelimitedTable::parse("e.csv", ""), Contains("e.csv:1: the file is empty") && Contains("header"));
  CHECK_THROWS_WITH(DelimitedTable::parse("e.csv", "\n\n# only a comment\n"), Contains("the file is empty"));
  CHECK_THROWS_WITH(DelimitedTable::parse("h.csv", "a,b\n"), Contains("h.csv:1") && Contains("no rows"));
  CHECK_THROWS_WITH(DelimitedTable::parse("d.csv", "a,a\n1,2\n"), Contains("d.csv:1") && Contains("occurs twice"));
  CHECK_THROWS_WITH(DelimitedTable::parse("w.csv", "a,b\n1,2\n1\n"), Contains("w.csv:3: 1 cells where the header has 2"));
  CHECK_THROWS_WITH(DelimitedTable::parse("q.csv", "a,b\n1,\"2\n3,4\n"), Contains("q.csv:2") && Contains("never closed"));
  CHECK_THROWS_WITH(DelimitedTable::parse("b.czi", std::string("ZI\0SR", 5)), Contains("binary") && Contains("export"));
  CHECK_THROWS_AS(DelimitedTable::read("no/such/file.csv"), InputError);
}

TEST_CASE("infinities and half numbers are not numbers") {
  const auto table = DelimitedTable::parse("a.csv", "x\ninf\n12h\n1e400\n+3\n");
  CHECK_THROWS_AS(table.number(0, 0), InputError);
  CHECK_THROWS_AS(table.number_or_missing(1, 0), InputError);
  CHECK_THROWS_AS(table.number(2, 0), InputError);
  CHECK(table.number(3, 0) == 3);
}
