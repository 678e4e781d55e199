// The verbs of `hyped bench`: each is a function of its own file (bench_VERB.cpp) and one line in add_bench.
#pragma once
#include "experiments/commands/run_arguments.hpp"

namespace hyped::commands {

void add_bench_run(CLI::App& bench, int& exit_code);
void add_bench_distance(CLI::App& bench, int& exit_code);
void add_bench_score(CLI::App& bench, int& exit_code);
void add_bench_audit(CLI::App& bench, int& exit_code);
void add_bench_leaderboard(CLI::App& bench, int& exit_code);

}  // namespace hyped::commands
