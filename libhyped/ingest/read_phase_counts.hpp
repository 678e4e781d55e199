// Tidy or wide tables of counts, fractions or relative amounts per class over time.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

// Which column is what. Tidy: one row per condition, well, time and class. Wide: class_columns names one column per class.
struct ColumnMap {
  std::string condition = "condition", well = "well", time = "time_h", class_name = "class", count = "count";
  std::vector<std::string> class_columns;      // not empty: a wide table; class_name and count are not read
  Quantity quantity = Quantity::count;
  bool classes_partition_cells = true;
  double hours_per_time_unit = 1;              // 1/60 for minutes
};

// Values that are empty or NA are missing. InputError names the line for a negative or non-integer count, fractions outside
// [0, 1] or (when classes partition the cells) not summing to 1 within 0.01, times out of order or duplicated, a class
// that is never observed.
PhaseCounts read_phase_counts(const std::filesystem::path& file, const ColumnMap& map);

}  // namespace hyped
