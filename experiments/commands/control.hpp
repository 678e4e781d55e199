// The verbs of `hyped control`: each is a function of its own file and one line in add_control.
#pragma once
#include <CLI/CLI.hpp>

namespace hyped::commands {

void add_control_dgc(CLI::App& control, int& exit_code);

}  // namespace hyped::commands
