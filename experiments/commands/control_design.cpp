// `hyped control design`.
#include <fmt/format.h>

#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/control.hpp"
#include "experiments/planning/design/design_run.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {

void add_control_design(CLI::App& control, int& exit_code) {
  auto* command = control.add_subcommand("design", "Which next experiment shrinks the uncertainty of a quantity most");
  struct Arguments : RunArguments {
    bool force = false;
    int refits = -1, twins = -1;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  command->add_option("SCENARIO", args->scenario, "a TOML file, or hyped_next_wells or cascade_next_dish, which ship")->required();
  command->add_option("DATA", args->data, "counts the cycle scenario is fitted to; without any a pilot is simulated from its [twin]");
  command->add_option("--refits", args->refits, "refits that check the predicted errors, instead of the file's")->check(count_from_zero());
  command->add_option("--twins", args->twins, "experiments simulated cell by cell and fitted anew, instead of the file's")->check(count_from_zero());
  command->add_flag("--force", args->force, "design also from a fit that did not converge");
  args->add_common(*command, "hyped control design hyped_next_wells --out out/design");
  command->callback([args, &exit_code] {
    set_threads(args->threads);
    DesignPlan plan = read_design_plan(args->scenario);
    if (args->refits >= 0) plan.settings.replicates = args->refits;
    if (args->twins >= 0) plan.settings.twins = args->twins;
    args->note_start();
    RunDirectory folder(args->out, args->command_line, args->seed);
    folder.add_input(plan.file);
    run_design(folder, plan, args->data, args->seed, args->force);
    for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
    exit_code = args->finish(folder);
  });
}

}  // namespace hyped::commands
