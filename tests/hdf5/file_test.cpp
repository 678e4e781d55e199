// What is written to HDF5 reads back the same; what is not there is said with file and path.
#include "libhyped/hdf5/file.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>

#include "libhyped/errors.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {
struct Place {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hyped_hdf5_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()) + ".h5");
  ~Place() { std::filesystem::remove(path); }
};
}  // namespace

TEST_CASE("matrices, strings and attributes make the round trip") {
  const Place place;
  Eigen::MatrixXd values(2, 3);
  values << 1, 2, 3, 4, std::nan(""), -std::numeric_limits<double>::infinity();
  const std::vector<std::string> names{"G1", "S/G2", "µ", ""};
  {
    auto root = hdf5::File::create(place.path).root();
    root.write("fit/starts/theta", values);
    root.write("names", names);
    root.write("empty", Eigen::MatrixXd(0, 3));
    root.write("none", std::vector<std::string>{});
    root.set_attribute("fit/starts/theta", "columns", std::vector<std::string>{"a", "b", "c"});
    root.set_attribute("fit/starts/theta", "units", std::vector<std::string>{});
    root.set_attribute(".", "commit", std::string("abc"));
    root.set_attribute("fit", "seed", 42.0);
  }
  const auto file = hdf5::File::open(place.path);
  const auto root = file.root();
  const auto read = root.read_matrix("fit/starts/theta");
  REQUIRE(read.rows() == 2);
  REQUIRE(read.cols() == 3);
  CHECK(read.row(0) == values.row(0));
  CHECK(std::isnan(read(1, 1)));
  CHECK(read(1, 2) == values(1, 2));
  CHECK(root.read_strings("names") == names);
  CHECK(root.read_matrix("empty").cols() == 3);
  CHECK(root.read_strings("none").empty());
  CHECK(root.strings_attribute("fit/starts/theta", "columns").at(2) == "c");
  CHECK(root.strings_attribute("fit/starts/theta", "units").empty());
  CHECK(root.string_attribute(".", "commit") == "abc");
  CHECK(root.number_attribute("fit", "seed") == 42);
  CHECK(root.children() == std::vector<std::string>{"empty", "fit", "names", "none"});
  CHECK(root.is_group("fit/starts"));
  CHECK_FALSE(root.has("fit/nothing/deeper"));
  CHECK(root.holds_strings("names"));
  CHECK_FALSE(root.holds_strings("empty"));
}

TEST_CASE("reading what is not there names file and path") {
  const Place place;
  hdf5::File::create(place.path).root().write("numbers", Eigen::MatrixXd::Zero(2, 2));
  {
    const auto root = hdf5::File::open(place.path).root();
    CHECK_THROWS_WITH(root.read_matrix("number"), Contains(place.path.string()) && Contains("number") && Contains("no such dataset"));
    CHECK_THROWS_WITH(root.open("numbrs"), Contains("no such group") && Contains("'numbers'"));
    CHECK_THROWS_WITH(root.read_strings("numbers"), Contains("not a list of strings"));
    CHECK_THROWS_WITH(root.number_attribute("numbers", "x"), Contains("no attribute 'x'"));
  }
  std::ofstream(place.path) << "not hdf5";
  CHECK_THROWS_WITH(hdf5::File::open(place.path), Contains("is not an HDF5 file"));
  CHECK_THROWS_AS(hdf5::File::open("no/such.h5"), InputError);
}

TEST_CASE("writing twice to one name is our bug") {
  const Place place;
  auto root = hdf5::File::create(place.path).root();
  root.write("x", Eigen::MatrixXd::Zero(1, 1));
  CHECK_THROWS_AS(root.write("x", Eigen::MatrixXd::Zero(1, 1)), BugError);
}
