// The verbs of `hyped control`: each is a function of its own file (control_VERB.cpp) and one line in add_control.
#pragma once
#include "experiments/commands/run_arguments.hpp"

namespace hyped::commands {

void add_control_plan(CLI::App& control, int& exit_code);      // plan, pareto, mpc
void add_control_dgc(CLI::App& control, int& exit_code);
void add_control_transitions(CLI::App& control, int& exit_code);
void add_control_design(CLI::App& control, int& exit_code);
void add_control_linear(CLI::App& control, int& exit_code);

}  // namespace hyped::commands
