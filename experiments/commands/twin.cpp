// `hyped twin cycle`: the imaging half of a synthetic HYPED experiment, with its truth.
#include <fmt/format.h>

#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/cycle/cycle_run.hpp"

namespace hyped::commands {

void add_twin(CLI::App& app, int& exit_code) {
  auto* twin = app.add_subcommand("twin", "Synthetic experiments with known truth");
  twin->require_subcommand(1);
  twin->footer("Example: hyped twin cycle --out out/twin");
  auto args = std::make_shared<RunArguments>();
  auto* cycle = twin->add_subcommand("cycle", "Counts and single-cell tracks of ten wells, with the truth beside them");
  args->scenario = "hyped_twin";
  cycle->add_option("SCENARIO", args->scenario, "a TOML file with [twin], or a shipped scenario")->capture_default_str();
  args->add_common(*cycle, "hyped twin cycle --out out/twin --seed 7");
  cycle->callback([args, &exit_code] {
    const Scenario scenario = args->read();
    RunDirectory run(args->out, args->command_line, args->seed);
    run.set_title(scenario.title, "A twin to test methods on: what was simulated, and with which truth.");
    run.add_input(scenario.file);
    const Twin made = run_twin(run, scenario, args->seed);
    fmt::print("{}\n{} cell phases; data/counts.tsv, data/tracks.tsv, tables/truth.tsv\n", data_summary(made.counts), made.tracks.size());
    exit_code = args->finish(run);
  });
}

}  // namespace hyped::commands
