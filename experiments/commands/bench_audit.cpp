// `hyped bench audit DATA.h5ad`.
#include "experiments/benchmark/audit/audit_run.hpp"
#include "experiments/commands/bench.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"

namespace hyped::commands {

void add_bench_audit(CLI::App& bench, int& exit_code) {
  auto* command = bench.add_subcommand("audit", "Which metrics pay for tricks on these data: scale, copied means, spikes, pinned cells");
  struct Arguments : RunArguments {
    AuditSettings audit;
    bool random_halves = false;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  AuditSettings& s = args->audit;
  command->add_option("FILE", args->data, "measured cells (.h5ad)")->required();
  command->add_option("--by", s.arms.column, "column of cells that names the conditions; default: found");
  command->add_option("--control", s.arms.reference, "label of the control; default: found");
  command->add_option("--matrix", s.matrix, "X, layers/NAME or raw/X; default: found")->group(rarely_used);
  command->add_option("--target", s.target, "counts are normalised to this total")->check(positive_number())->capture_default_str()->group(rarely_used);
  command->add_option("--targets", s.targets, "LABEL=GENE[+GENE] or LABEL=none; default: parts of labels that are genes")->allow_extra_args(false);
  command->add_option("--min-cells", s.least_cells, "of a condition")->check(positive_count())->capture_default_str()->group(rarely_used);
  command->add_option("--preset", s.presets, "a harness, for example cell-eval-0.8.1; default: all")->allow_extra_args(false);
  command->add_option("--most-pair-work", s.most_pair_work, "cells^2 x genes up to which distances of cells are taken; 0: none")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  command->add_flag("--random-halves", args->random_halves, "halves of cells at random by --seed, not every second cell")->group(rarely_used);
  args->add_common(*command, "hyped bench audit cells.h5ad --by target --control non-targeting --out out/audit");
  command->callback([args, &exit_code] {
    args->audit.seed = args->seed;
    args->audit.split = args->random_halves ? SplitRule::random : SplitRule::alternate;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_audit(folder, args->data, args->audit); });
  });
}

}  // namespace hyped::commands
