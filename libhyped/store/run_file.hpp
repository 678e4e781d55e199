// run.h5: the arrays of a run by path, each with the names and units of its columns.
#pragma once
#include <Eigen/Core>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hyped {

struct NamedArray {
  Eigen::MatrixXd values;                        // [rows x columns], NaN = missing
  std::vector<std::string> columns, units;       // one each a column, or empty
};

struct RunArrays {
  std::map<std::string, std::string> attributes;               // of /run: commit, seed, scenario text
  std::map<std::string, NamedArray> arrays;                    // "trajectories/control/states"
  std::map<std::string, std::vector<std::string>> names;       // "parameters/names"
};

// Written to a temporary name, then renamed.
void write_run_file(const std::filesystem::path& file, const RunArrays& arrays);
// InputError if it is not a run file, or of another version.
RunArrays read_run_file(const std::filesystem::path& file);

}  // namespace hyped
