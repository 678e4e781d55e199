// `hyped cells VERB ...`.
#include "experiments/commands/cells.hpp"

#include "experiments/commands/commands.hpp"

namespace hyped::commands {

void CellsArguments::add_reading(CLI::App& command, const std::string& what, const std::string& example) {
  command.add_option("FILE", data, what)->required();
  add_common(command, example);
}

void add_cells(CLI::App& app, int& exit_code) {
  auto* cells = app.add_subcommand("cells", "Sequenced cells: .h5ad files, matrix folders, the HYPED release");
  cells->require_subcommand(1);
  cells->footer("Example: hyped cells inspect Genexpression.h5ad");
  add_cells_inspect(*cells, exit_code);
  add_cells_convert(*cells, exit_code);
  add_cells_import_hyped(*cells, exit_code);
  add_cells_prepare(*cells, exit_code);
  add_cells_embed(*cells, exit_code);
  add_cells_figure2(*cells, exit_code);
  add_cells_tests(*cells, exit_code);
  add_cells_demux(*cells, exit_code);
}

}  // namespace hyped::commands
