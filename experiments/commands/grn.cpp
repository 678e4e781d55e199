// `hyped grn VERB`: gene networks.
#include "experiments/commands/grn.hpp"
#include "experiments/commands/grn_interventions.hpp"

#include "experiments/commands/commands.hpp"

namespace hyped::commands {

void add_grn(CLI::App& app, int& exit_code) {
  auto* grn = app.add_subcommand("grn", "Gene networks: time series, fits, edges");
  grn->require_subcommand(1);
  grn->footer("Example: hyped grn fit cellbox_random --out out/cellbox");
  add_grn_fit(*grn, exit_code);
  add_grn_interventions(*grn, exit_code);
  add_grn_order(*grn, exit_code);
  add_grn_identify(*grn, exit_code);
}

}  // namespace hyped::commands
