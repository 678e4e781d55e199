// `hyped bench leaderboard SCORES.csv | RUN...`.
#include "experiments/benchmark/leaderboard/leaderboard_run.hpp"
#include "experiments/commands/bench.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"

namespace hyped::commands {

void add_bench_leaderboard(CLI::App& bench, int& exit_code) {
  auto* command = bench.add_subcommand("leaderboard", "How sure the order of methods is: published score tables, or runs of bench run and bench score");
  struct Arguments : RunArguments {
    LeaderboardSettings board;
    std::vector<std::string> inputs;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  LeaderboardSettings& s = args->board;
  command->add_option("SCORES", args->inputs, "a table with one row a method and perturbation, or run folders")->required()->check(CLI::ExistingPath);
  command->add_option("--name", s.names, "of each run folder, in their order; default: the folder's own name")->allow_extra_args(false);
  command->add_option("--method", s.method, "column of methods; default: method, model or predictor");
  command->add_option("--unit", s.unit, "column of perturbations; default: op, perturbation or condition")->group(rarely_used);
  command->add_option("--data-set", s.data_set, "column of data sets; default: DataSet, if there is one; none: by name alone")->group(rarely_used);
  command->add_option("--metric", s.metrics, "NAME=higher or NAME=lower[,scaled]; default: known names")->allow_extra_args(false);
  command->add_option("--rule", s.rule, "one score of all metrics: mean, min-max, rank; auto: mean of scores published scaled, else rank")->check(CLI::IsMember({"auto", "mean", "min-max", "rank"}))->capture_default_str();
  command->add_option("--size", s.sizes, "a smaller number of perturbations to look at; default: 3 and 9")->allow_extra_args(false)->check(positive_count())->group(rarely_used);
  command->add_option("--draws", s.draws, "of perturbations")->check(positive_count())->capture_default_str();
  command->add_option("--preset", s.preset, "of bench score runs; default: strict")->group(rarely_used);
  command->add_flag("--splits-apart", s.splits_apart, "NAME_1, NAME_2 are perturbations of their own")->group(rarely_used);
  args->add_common(*command, "hyped bench leaderboard scores.csv --out out/leaderboard");
  command->callback([args, &exit_code] {
    args->board.seed = args->seed;
    args->board.inputs.assign(args->inputs.begin(), args->inputs.end());
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_leaderboard(folder, args->board); });
  });
}

}  // namespace hyped::commands
