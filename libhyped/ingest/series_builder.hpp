// Gathers values row by row into wells with increasing times; shared by the readers of counts.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/ingest/delimited.hpp"
#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

class SeriesBuilder {
 public:
  SeriesBuilder(const DelimitedTable& table, std::vector<std::string> classes) : table_(table), classes_(std::move(classes)) {}
  // One value (NaN = missing). Within a well and class, times must increase with the line; `time_column` is named if not.
  void add(const std::string& condition, const std::string& well, double time_h, std::size_t class_index, double value,
           std::size_t row, std::size_t time_column);
  // Wells in the order of their first line; a class without a row at some time is missing there.
  std::vector<WellSeries> wells() const;

 private:
  struct Sample {
    int line = 0;
    std::vector<double> values;       // [K]
  };
  struct Well {
    std::string condition, name;
    std::map<double, Sample> samples;
    std::vector<std::pair<double, int>> last;      // [K] latest time and its line
  };
  const DelimitedTable& table_;
  std::vector<std::string> classes_;
  std::vector<Well> wells_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
};

}  // namespace hyped
