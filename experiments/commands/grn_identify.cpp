// `hyped grn identify SCENARIO`.
#include <memory>

#include "experiments/commands/grn.hpp"
#include "experiments/commands/run_arguments.hpp"
#include "experiments/grn/twin/identify_twin.hpp"

namespace hyped::commands {

void add_grn_identify(CLI::App& grn, int& exit_code) {
  struct Arguments : RunArguments {
    std::vector<std::string> profiles;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = args->add(grn, "identify", "Which edges of a twin's network its data would determine", "hyped grn identify hyped_network --out out/edges", false);
  command->add_option("--profile", args->profiles, "an edge, or 'non-additive GENE'")->allow_extra_args(false);
  command->callback([args, &exit_code] {
    const Scenario scenario = args->read();
    RunDirectory run(args->out, args->command_line, args->seed);
    run_identify_twin(run, scenario, args->seed, args->profiles);
    exit_code = args->finish(run);
  });
}

}  // namespace hyped::commands
