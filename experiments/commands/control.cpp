// `hyped control VERB ...`.
#include "experiments/commands/control.hpp"

#include "experiments/commands/commands.hpp"

namespace hyped::commands {

void add_control(CLI::App& app, int& exit_code) {
  auto* control = app.add_subcommand("control", "Which input, how much, when, and for how long");
  control->require_subcommand(1);
  control->footer("Example: hyped control plan plan_twin out/fit --out out/plan");
  add_control_plan(*control, exit_code);
  add_control_dgc(*control, exit_code);
  add_control_transitions(*control, exit_code);
  add_control_design(*control, exit_code);
  add_control_linear(*control, exit_code);
}

}  // namespace hyped::commands
