// `hyped control linear`.
#include <fmt/format.h>

#include <memory>

#include "experiments/commands/control.hpp"
#include "experiments/planning/linear/linear_run.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {

void add_control_linear(CLI::App& control, int& exit_code) {
  auto* command = control.add_subcommand("linear", "What inputs can move near a network's course and at what least energy, and what readings tell of it");
  auto args = std::make_shared<RunArguments>();      // shared with the callback
  command->add_option("SCENARIO", args->scenario, "a TOML file, or cascade_steering, which ships")->required();
  args->add_common(*command, "hyped control linear cascade_steering --out out/linear");
  command->callback([args, &exit_code] {
    set_threads(args->threads);
    const LinearPlan plan = read_linear_plan(args->scenario);
    args->note_start();
    RunDirectory folder(args->out, args->command_line, args->seed);
    folder.add_input(plan.file);
    run_linear(folder, plan);
    for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
    exit_code = args->finish(folder);
  });
}

}  // namespace hyped::commands
