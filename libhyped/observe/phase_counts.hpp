// Counts, fractions or relative amounts per class of every well over time: what a counting experiment measured.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

namespace hyped {

enum class Quantity { count, fraction, relative_total };      // relative_total: class amounts relative to the well's own start

// One well. Missing values are NaN.
struct WellSeries {
  std::string condition, well;
  std::vector<double> times_h;        // strictly increasing
  Eigen::MatrixXd values;             // [T x K], K classes
  std::vector<int> source_lines;      // [T] line of the first value at that time
};

struct PhaseCounts {
  std::string source;                         // the file
  std::vector<std::string> classes;           // [K]
  Quantity quantity = Quantity::count;
  bool classes_partition_cells = true;        // false: classes overlap, or leave cells unlabelled
  std::string time_axis;                      // what was used and why, printed
  std::vector<std::string> notes;             // doubts of the reader, printed
  std::vector<WellSeries> wells;
};

}  // namespace hyped
