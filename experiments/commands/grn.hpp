// The verbs of `hyped grn`: each is a function of its own file and one line in add_grn.
#pragma once
#include <CLI/CLI.hpp>

namespace hyped::commands {

void add_grn_fit(CLI::App& grn, int& exit_code);      // fit, predict, edges, steady
void add_grn_identify(CLI::App& grn, int& exit_code);
void add_grn_order(CLI::App& grn, int& exit_code);

}  // namespace hyped::commands
