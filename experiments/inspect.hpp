// What is in a file or folder, found out without a scenario: format, arms, wells, times, gaps, classes, doubts.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/observe/phase_counts.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

struct Inspection {
  std::string path, format;
  std::vector<std::pair<std::string, std::string>> facts;
  Table arms;                            // a row per condition; no columns if there are none
  std::vector<std::string> doubts;       // what may be wrong or is missing
  bool failed = false;                   // in a folder: the file is wrong, the doubt says how
  std::vector<std::string> notes = {};   // what the reader did, nothing to doubt
};

// One entry for a file or run directory; for another folder one for each table and scenario in it, wrong ones among them
// (failed). InputError if the one file named is wrong or nothing is recognised.
std::vector<Inspection> inspect(const std::filesystem::path& path);

// Arms, wells, times, frame interval and gaps of counts.
Inspection inspect_counts(const PhaseCounts& counts, std::string format);

// For the terminal, at most 100 columns wide.
std::string to_terminal(const Inspection& inspection);

}  // namespace hyped
