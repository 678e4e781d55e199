// `hyped bench VERB ...`.
#include "experiments/commands/bench.hpp"

#include "experiments/commands/commands.hpp"

namespace hyped::commands {

void add_bench(CLI::App& app, int& exit_code) {
  auto* bench = app.add_subcommand("bench", "Predictions of perturbed cells against measured ones");
  bench->require_subcommand(1);
  bench->footer("Example: hyped bench run cells.h5ad --out out/bench");
  add_bench_run(*bench, exit_code);
  add_bench_score(*bench, exit_code);
  add_bench_audit(*bench, exit_code);
  add_bench_leaderboard(*bench, exit_code);
  add_bench_distance(*bench, exit_code);
}

}  // namespace hyped::commands
