// `hyped control transitions`.
#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/control.hpp"
#include "experiments/planning/transitions/transition_run.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {

void add_control_transitions(CLI::App& control, int& exit_code) {
  auto* command = control.add_subcommand("transitions", "How long and how strong an input must be to cross a barrier for good, by which path");
  struct Arguments : RunArguments {
    std::vector<std::string> set;
    int runs = 0;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  command->add_option("SCENARIO", args->scenario, "a TOML file, or toggle_crossing or chromatin_crossing, which ship")->required();
  command->add_option("--set", args->set, "name=number: replaces a parameter or a start of the network")->allow_extra_args(false);
  command->add_option("--runs", args->runs, "sample paths of each input instead of the file's")->check(positive_count());
  args->add_common(*command, "hyped control transitions toggle_crossing --out out/crossing");
  command->callback([args, &exit_code] {
    set_threads(args->threads);
    TransitionPlan plan = read_transition_plan(args->scenario, set_values(args->set, "size=12"));
    if (args->runs > 0) plan.runs = args->runs;
    args->note_start();
    RunDirectory folder(args->out, args->command_line, args->seed);
    folder.add_input(plan.file);
    folder.add_input(plan.network.file);
    run_transitions(folder, plan, args->seed);
    exit_code = args->finish(folder);
  });
}

}  // namespace hyped::commands
