// The settings of `hyped control dgc` as a TOML file.
#pragma once
#include "experiments/planning/dgc/dgc_problem.hpp"

namespace hyped {

// Keys are those of DgcSettings and of the command's options (docs/control_factors.md); paths are relative to the file's folder. InputError with the line for
// unknown keys, wrong types and values out of range.
DgcSettings read_dgc_scenario(const std::filesystem::path& file);
// What a number may be, for file and command line alike; `where` names it. InputError.
void check_dgc_settings(const DgcSettings& settings, const std::string& where);

}  // namespace hyped
