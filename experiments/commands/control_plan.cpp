// `hyped control plan|pareto|mpc SCENARIO [FIT]`.
#include <memory>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/control.hpp"
#include "experiments/planning/course/course_run.hpp"
#include "experiments/planning/mpc/mpc_run.hpp"
#include "experiments/planning/pareto/pareto_run.hpp"
#include "experiments/planning/plan/plan_run.hpp"
#include "experiments/planning/verb_scenarios.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::commands {
namespace {

struct PlanArguments : RunArguments {
  bool force = false;
};

template <class Verb>
void add_verb(CLI::App& control, const std::string& name, const std::string& what, const std::string& example, int& exit_code, Verb verb) {
  auto args = std::make_shared<PlanArguments>();      // shared with the callback
  auto* command = control.add_subcommand(name, what);
  command->add_option("SCENARIO", args->scenario, "a planning scenario (TOML), or a shipped one by name")->required();
  command->add_option("FIT", args->data, "folder of hyped cycle fit or sample; cells table of a network");
  command->add_flag("--force", args->force, "plan with a fit that did not converge");
  args->add_common(*command, example);
  command->callback([args, &exit_code, name, verb] {
    set_threads(args->threads);
    const PlanScenario scenario = read_plan_scenario(verb_scenario(name, args->scenario));
    args->note_start();
    RunDirectory run(args->out, args->command_line, args->seed);
    run.add_input(scenario.file);
    if (!args->data.empty()) run.add_input(args->data);
    verb(run, scenario, args->data, args->force);
    exit_code = args->finish(run);
  });
}

}  // namespace

void add_control_plan(CLI::App& control, int& exit_code) {
  add_verb(control, "plan", "The schedule that brings a fitted model nearest to a target", "hyped control plan plan_twin out/fit --out out/plan", exit_code,
           [](RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool force) {
             if (is_free(scenario)) run_course(run, scenario, source, force);
             else run_plan(run, scenario, source, force);
           });
  add_verb(control, "pareto", "The best plan under every cap on the total dose", "hyped control pareto plan_twin out/fit --out out/pareto", exit_code,
           [](RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool force) {
             if (is_free(scenario)) throw InputError(scenario.file.string(), "a front of dose against effect is of pulses, and its inputs have a free shape", "use hyped control plan, with `total` of the inputs");
             run_pareto(run, scenario, source, force);
           });
  add_verb(control, "mpc", "A twin's culture steered in closed loop, observed as it goes", "hyped control mpc mpc_twin --out out/mpc", exit_code,
           [](RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool force) {
             if (is_free(scenario)) throw InputError(scenario.file.string(), "a closed loop plans its own levels, and inputs have a free shape", "leave shape out");
             run_mpc(run, scenario, source, force);
           });
}

}  // namespace hyped::commands
