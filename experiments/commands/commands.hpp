// The subcommands of `hyped`: each adds itself to the command line; what it found goes into the exit code (0 good, 1 a doubt
// about the result, 2 wrong input, 3 our bug).
#pragma once
#include <CLI/CLI.hpp>

namespace hyped::commands {

void add_bench(CLI::App& app, int& exit_code);
void add_cells(CLI::App& app, int& exit_code);
void add_control(CLI::App& app, int& exit_code);
void add_cycle(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_grn(CLI::App& app, int& exit_code);
void add_image(CLI::App& app, int& exit_code);
void add_inspect(CLI::App& app, int& exit_code);
void add_network(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_tracks(CLI::App& app, int& exit_code);
void add_twin(CLI::App& app, int& exit_code);

}  // namespace hyped::commands
