// Where the shared data are, and a finished run's tables read back.
#pragma once
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "libhyped/ingest/delimited.hpp"
#include "tests/places.hpp"

namespace hyped::testing {

// A file of the shared data folder, or an empty path, said in the log, where there is none.
inline std::filesystem::path real_data(const std::string& name) {
  const char* set = std::getenv("HYPED_SHARED");
  const std::filesystem::path root = set != nullptr ? std::filesystem::path(set) : std::filesystem::path(hyped::tests::source_folder()) / ".." / "shared";
  if (std::filesystem::exists(root / name)) return root / name;
  WARN("skipped: no shared data");
  return {};
}

struct RunFolder {
  std::filesystem::path path;
  explicit RunFolder(const std::string& name) : path(std::filesystem::temp_directory_path() / (name + "_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()))) {}
  ~RunFolder() { std::filesystem::remove_all(path); }
  DelimitedTable table(const std::string& name) const { return DelimitedTable::read(path / "tables" / (name + ".tsv")); }
  std::string text(const std::string& name) const {
    std::ifstream stream(path / name);
    std::stringstream out;
    out << stream.rdbuf();
    return out.str();
  }
};

// The row whose column holds the text; fails the test if there is none.
inline std::size_t row_of(const DelimitedTable& table, const std::string& column, const std::string& wanted) {
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (table.text(row, table.column(column)) == wanted) return row;
  FAIL("no row with " << column << " = " << wanted);
  return 0;
}

}  // namespace hyped::testing
