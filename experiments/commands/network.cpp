// `hyped network simulate|steady|identify FILE`.
#include <fmt/format.h>

#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/network/network_run.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {
namespace {

struct NetworkArguments : RunArguments {
  NetworkSettings settings_of_network;
  std::vector<std::string> set, outputs;
};

void run(NetworkArguments& args, int& exit_code, void (*verb)(RunDirectory&, const NetworkFile&, const NetworkSettings&)) {
  set_threads(args.threads);
  NetworkFile network = read_network(shipped_network(args.scenario));
  if (!args.outputs.empty()) network.outputs = args.outputs;
  NetworkSettings settings = args.settings_of_network;
  settings.seed = args.seed;
  settings.set = set_values(args.set, "k=0.3");
  args.note_start();
  RunDirectory folder(args.out, args.command_line, args.seed);
  folder.set_title(network.title, network.question);
  folder.add_input(network.file);
  verb(folder, network, settings);
  exit_code = args.finish(folder);
}

}  // namespace

void add_network(CLI::App& app, int& exit_code) {
  auto* network = app.add_subcommand("network", "Reaction networks read from a file, without a compiler");
  network->require_subcommand(1);
  network->footer("Example: hyped network simulate toggle_switch --method ssa --out out/toggle");
  auto args = std::make_shared<NetworkArguments>();      // shared with the callbacks
  const auto common = [&](CLI::App& command, const std::string& example) {
    command.add_option("FILE", args->scenario, "a TOML file, or a shipped network by name")->required();
    command.add_option("--set", args->set, "name=number: replaces a parameter or a start")->allow_extra_args(false);
    args->add_common(command, example);
  };
  auto* simulate = network->add_subcommand("simulate", "Follow a network over time");
  simulate->add_option("--method", args->settings_of_network.method, "automatic, explicit, stiff, ssa, tau or master")->capture_default_str();
  simulate->add_option("--end-h", args->settings_of_network.end_h, "hours, instead of the file's")->check(positive_number());
  simulate->add_option("--step-h", args->settings_of_network.step_h, "hours between outputs")->check(positive_number());
  simulate->add_option("--runs", args->settings_of_network.runs, "paths of ssa and tau")->check(positive_count())->capture_default_str();
  simulate->add_option("--tolerance", args->settings_of_network.tolerance, "of the ODE's error, tau's leaps, master's loss")->check(positive_number());
  simulate->add_option("--max-states", args->settings_of_network.state_limit, "states the master equation may hold (2000000)")->check(positive_count());
  common(*simulate, "hyped network simulate toggle_switch --method master --out out/toggle");
  simulate->callback([args, &exit_code] { run(*args, exit_code, run_network); });
  auto* steady = network->add_subcommand("steady", "The steady state a network's start leads to; events are ignored");
  common(*steady, "hyped network steady toggle_switch --set U=50 --out out/steady");
  auto* identify = network->add_subcommand("identify", "Which parameters and starts the outputs could ever determine");
  identify->add_option("--output", args->outputs, "an output in infix, instead of the file's; may be repeated")->allow_extra_args(false);
  identify->add_option("--end-h", args->settings_of_network.end_h, "hours that are seen")->check(positive_number());
  common(*identify, "hyped network identify toggle_switch --output U --out out/identify");
  identify->callback([args, &exit_code] { run(*args, exit_code, run_network_identify); });
  steady->callback([args, &exit_code] { run(*args, exit_code, run_network_steady); });
}

}  // namespace hyped::commands
