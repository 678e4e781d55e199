// `hyped demo`: the main job in one command.
#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/cycle/cycle_run.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {

void add_demo(CLI::App& app, int&) {
  auto* demo = app.add_subcommand("demo", "Twin of the HYPED films: simulate, fit, compare, predict, report");
  auto args = std::make_shared<RunArguments>();
  args->add_common(*demo, "hyped demo --out out/demo");
  demo->callback([args] {
    set_threads(args->threads);
    const auto page = run_demo(args->out, {"hyped", "demo", "--out", args->out, "--seed", std::to_string(args->seed)}, args->seed);
    fmt::print("\nreport    {}\n", page.string());
  });
}

}  // namespace hyped::commands
