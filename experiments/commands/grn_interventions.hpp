// Verbs of `hyped grn` for interventions; add_grn calls it.
#pragma once
#include <CLI/CLI.hpp>

namespace hyped::commands {

void add_grn_interventions(CLI::App& grn, int& exit_code);      // knockouts, dual-arm

}  // namespace hyped::commands
