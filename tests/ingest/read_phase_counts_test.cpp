// Tidy and wide tables of counts, and every way they can be wrong.
#include "libhyped/ingest/read_phase_counts.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "libhyped/errors.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

struct File {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hyped_counts_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()) + ".csv");
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { std::filesystem::remove(path); }
};

const std::string head = "condition,well,time_h,class,count\n";
PhaseCounts tidy(const std::string& rows, ColumnMap map = {}) { return read_phase_counts(File(head + rows).path, map); }
PhaseCounts wide(const std::string& rows, Quantity quantity, bool partition = true) {
  ColumnMap map;
  map.class_columns = {"G1", "S"};
  map.quantity = quantity;
  map.classes_partition_cells = partition;
  return read_phase_counts(File("condition,well,time_h,G1,S\n" + rows).path, map);
}

}  // namespace

TEST_CASE("a tidy table gives one series a well, in either order of rows, with gaps as missing") {
  const auto counts = tidy("control,B2,0,G1,10\ncontrol,B2,1,G1,12\ncontrol,B2,0,S,5\ncontrol,B2,1,S,\nsi,B3,0,G1,7\nsi,B3,0,S,3\nsi,B3,2.5,S,4\n");
  REQUIRE(counts.classes == std::vector<std::string>{"G1", "S"});
  REQUIRE(counts.wells.size() == 2);
  CHECK(counts.wells[0].values(1, 0) == 12);
  CHECK(std::isnan(counts.wells[0].values(1, 1)));
  CHECK(counts.wells[1].times_h == std::vector<double>{0, 2.5});
  CHECK(std::isnan(counts.wells[1].values(1, 0)));
  CHECK(counts.wells[1].source_lines == std::vector<int>{6, 8});
  CHECK_THAT(counts.notes.at(0), Contains("2 values are missing"));
}

TEST_CASE("column names and the unit of time are mapped") {
  ColumnMap map{"arm", "scene", "minutes", "phase", "n", {}, Quantity::count, true, 1.0 / 60};
  const auto counts = read_phase_counts(File("arm,scene,minutes,phase,n\ncontrol,1,90,G1,4\n").path, map);
  CHECK(counts.wells[0].times_h[0] == Approx(1.5));
  CHECK_THAT(counts.time_axis, Contains("minutes"));
}

TEST_CASE("a wrong count is refused with its line and the fix") {
  CHECK_THROWS_WITH(tidy("c,1,0,G1,10\nc,1,1,G1,-3\n"), Contains(".csv:3: column 'count': -3 is negative") && Contains("0 or more"));
  CHECK_THROWS_WITH(tidy("c,1,0,G1,10\nc,1,1,G1,3.5\n"), Contains(".csv:3") && Contains("not a whole number") && Contains("quantity"));
  CHECK_THROWS_WITH(tidy("c,1,0,G1,many\n"), Contains(".csv:2") && Contains("'many' is not a number"));
  CHECK_THROWS_WITH(tidy("c,,0,G1,1\n"), Contains(".csv:2: column 'well'") && Contains("empty"));
  CHECK_THROWS_WITH(tidy("c,1,,G1,1\n"), Contains(".csv:2: column 'time_h'"));
}

TEST_CASE("times out of order or duplicated are refused with both lines") {
  CHECK_THROWS_WITH(tidy("c,1,0,G1,1\nc,1,2,G1,1\nc,1,1,G1,1\n"), Contains(".csv:4") && Contains("line 3") && Contains("sort the rows"));
  CHECK_THROWS_WITH(tidy("c,1,0,G1,1\nc,1,0,G1,1\n"), Contains(".csv:3") && Contains("twice") && Contains("keep one"));
  CHECK_THROWS_WITH(wide("c,1,5,1,1\nc,1,5,1,1\n", Quantity::count), Contains(".csv:3") && Contains("twice"));
}

TEST_CASE("fractions lie in 0 to 1 and sum to 1 when the classes partition the cells") {
  CHECK(wide("c,1,0,0.4,0.6\nc,1,1,0.405,0.6\n", Quantity::fraction).wells.size() == 1);
  CHECK_THROWS_WITH(wide("c,1,0,0.4,0.6\nc,1,1,0.4,0.5\n", Quantity::fraction), Contains(".csv:3") && Contains("sum to 0.9") && Contains("missing class"));
  CHECK(wide("c,1,0,0.4,0.5\n", Quantity::fraction, false).wells.size() == 1);
  CHECK_THROWS_WITH(wide("c,1,0,40,60\n", Quantity::fraction), Contains(".csv:2: column 'G1'") && Contains("divide percentages"));
}

TEST_CASE("an unknown column, a class never observed, an empty file") {
  ColumnMap map;
  map.count = "counts";
  CHECK_THROWS_WITH(tidy("c,1,0,G1,1\n", map), Contains(".csv:1") && Contains("no column 'counts'") && Contains("'count'") && Contains("rename it"));
  CHECK_THROWS_WITH(wide("c,1,0,3,0\nc,1,1,4,0\n", Quantity::count), Contains("class 'S' is never observed") && Contains("merge"));
  CHECK_THROWS_WITH(read_phase_counts(File("").path, {}), Contains("empty"));
}
