// A run directory as one self-contained HTML page.
#pragma once
#include <filesystem>

namespace hyped::report {

// Writes <run_directory>/report.html from summary.json, tables and figures; returns its path. InputError if the folder is
// not a run directory.
std::filesystem::path write_report(const std::filesystem::path& run_directory);

}  // namespace hyped::report
