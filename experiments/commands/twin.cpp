// `hyped twin cycle|cells|all|images`: a synthetic HYPED experiment, its imaging half as counts or as pictures, its sequencing half, with the truth.
#include <fmt/format.h>

#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/commands/twin_images.hpp"
#include "experiments/cycle/cycle_run.hpp"
#include "experiments/twin/cells/cells_run.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {

namespace {

void make_cycle(RunDirectory& run, const Scenario& scenario, std::uint64_t seed) {
  const Twin made = run_twin(run, scenario, seed);
  fmt::print("{}\n{} cell phases; data/counts.tsv, data/tracks.tsv, tables/truth.tsv\n", data_summary(made.counts), made.tracks.size());
}

void make_cells(RunDirectory& run, const Scenario& scenario, std::uint64_t seed) {
  const std::size_t before = run.summary().answers.size();
  run_cells_twin(run, scenario, seed);
  for (std::size_t i = before; i < run.summary().answers.size(); ++i) fmt::print("{}", to_terminal_paragraph("cells     ", run.summary().answers[i]));
  if (run.summary().status == "ok") fmt::print("GeneExpression/Genexpression.h5ad, data/cells_truth.tsv, tables/network_edges.tsv\n");
}

}  // namespace

void add_twin(CLI::App& app, int& exit_code) {
  auto* twin = app.add_subcommand("twin", "Synthetic experiments with known truth");
  twin->require_subcommand(1);
  twin->footer("Example: hyped twin cycle --out out/twin");
  const auto add = [&](const std::string& verb, const std::string& what, bool cycle, bool cells) {
    auto args = std::make_shared<RunArguments>();      // shared with the callback
    args->scenario = "hyped_twin";
    auto* command = twin->add_subcommand(verb, what);
    command->add_option("SCENARIO", args->scenario, cells ? "a TOML file with [cells], or a shipped scenario" : "a TOML file with [twin], or a shipped scenario")->capture_default_str();
    args->add_common(*command, "hyped twin " + verb + " --out out/twin --seed 7");
    command->callback([args, cycle, cells, &exit_code] {
      const Scenario scenario = args->read();
      RunDirectory run(args->out, args->command_line, args->seed);
      run.set_title(scenario.title, "A twin to test methods on: what was simulated, and with which truth.");
      run.add_input(scenario.file);
      if (cycle) make_cycle(run, scenario, args->seed);
      if (cells) make_cells(run, scenario, args->seed);
      exit_code = args->finish(run);
    });
  };
  add("cycle", "Counts and single-cell tracks of ten wells, with the truth beside them", true, false);
  add("cells", "Hashed single-cell libraries from a known gene network, with the truth beside them", false, true);
  add_twin_images(*twin, exit_code);
  add("all", "Both halves from one scenario: arms, doses and phases are shared", true, true);
}

}  // namespace hyped::commands
