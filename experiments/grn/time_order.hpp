// `hyped grn order`: is a bulk time series in the right order, are its cells what the label says, how much do linear steps predict?
#pragma once
#include <filesystem>
#include <string>

#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct TimeOrderSettings {
  std::filesystem::path table, samples;      // samples empty: samples.csv beside the table
  std::string cell_type = "fibroblast";      // a set of data/gene_sets/cell_type_markers.tsv
  double least_cpm = 1;
  int rank = 7;                              // of the dynamic mode decomposition; 0: optimal hard threshold
  int random_orders = 100000;
  std::uint64_t seed = 1;
};

// Tables time_order, orientations, linear_steps, markers; warnings where the data contradict their labels.
void run_time_order(RunDirectory& run, const TimeOrderSettings& settings);

}  // namespace hyped
