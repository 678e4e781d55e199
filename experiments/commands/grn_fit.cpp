// `hyped grn fit SCENARIO [DATA]` and `hyped grn predict|edges|steady FIT`.
#include "experiments/commands/checks.hpp"
#include "experiments/commands/cells.hpp"
#include "experiments/commands/grn.hpp"
#include "experiments/grn/grn_run.hpp"

namespace hyped::commands {

void add_grn_fit(CLI::App& grn, int& exit_code) {
  struct Arguments : CellsArguments {
    std::string network, fit;
    GrnPredictSettings predict;
    GrnEdgeSettings edges;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callbacks
  auto* fit = grn.add_subcommand("fit", "Fit a network to perturbed conditions, beside a linear baseline");
  fit->add_option("SCENARIO", args->network, "a TOML file, or a shipped scenario by name")->required();
  fit->add_option("DATA", args->data, "folder or .h5ad; the scenario's if not given");
  args->add_common(*fit, "hyped grn fit cellbox_random ../shared/data/grn/cellbox --out out/cellbox");
  fit->callback([args, &exit_code] {
    GrnScenario scenario = read_grn_scenario(shipped_grn_scenario(args->network));
    scenario.fit.seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_grn_fit(folder, scenario, args->data); });
  });
  const auto later = [&](const std::string& name, const std::string& what, const std::string& example, auto verb) {
    auto* command = grn.add_subcommand(name, what);
    command->add_option("FIT", args->fit, "folder that hyped grn fit wrote")->required();
    args->add_common(*command, example);
    command->callback([args, &exit_code, verb] { run_in_folder(*args, exit_code, [&](RunDirectory& folder) { verb(folder, *args); }); });
    return command;
  };
  const auto arms = [&](CLI::App* command) { command->add_option("--arm", args->predict.arms, "NAME=INPUT:LEVEL,... or NAME=KIND@FROM_H[xDOSE]+...; default: the fit's arms")->allow_extra_args(false); };
  auto* predict = later("predict", "Means of arms that were not measured, with intervals, as .h5ad", "hyped grn predict out/cellbox --arm low=aMEK:-0.3,aAKT:-0.5 --out out/low", [](RunDirectory& folder, Arguments& a) {
    a.predict.fit = a.fit;
    run_grn_predict(folder, a.predict);
  });
  arms(predict);
  predict->add_option("--time-h", args->predict.time_h, "when cells are taken, if not when they were in the fit")->check(positive_number());
  auto* edges = later("edges", "Edges with intervals, and what the data say of each", "hyped grn edges out/cellbox --out out/edges", [](RunDirectory& folder, Arguments& a) {
    a.edges.fit = a.fit;
    run_grn_edges(folder, a.edges);
  });
  edges->add_option("--from", args->edges.from, "only edges of this regulator");
  edges->add_option("--to", args->edges.to, "only edges to this target");
  arms(later("steady", "Steady states of the arms: existing, stable, reached", "hyped grn steady out/cellbox --out out/steady", [](RunDirectory& folder, Arguments& a) {
    a.predict.fit = a.fit;
    run_grn_steady(folder, a.predict);
  }));
}

}  // namespace hyped::commands
