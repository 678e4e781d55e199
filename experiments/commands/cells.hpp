// The verbs of `hyped cells`: each is a function of its own file and one line in add_cells.
#pragma once
#include <memory>
#include <string>

#include "experiments/commands/run_arguments.hpp"

namespace hyped::commands {

// What every verb that writes a run takes: the file or folder, and the common arguments.
struct CellsArguments : RunArguments {
  void add_reading(CLI::App& command, const std::string& what, const std::string& example);
};

void add_cells_inspect(CLI::App& cells, int& exit_code);
void add_cells_convert(CLI::App& cells, int& exit_code);
void add_cells_import_hyped(CLI::App& cells, int& exit_code);
void add_cells_prepare(CLI::App& cells, int& exit_code);
void add_cells_embed(CLI::App& cells, int& exit_code);
void add_cells_figure2(CLI::App& cells, int& exit_code);
void add_cells_tests(CLI::App& cells, int& exit_code);      // de, compose, isoforms
void add_cells_demux(CLI::App& cells, int& exit_code);

}  // namespace hyped::commands
