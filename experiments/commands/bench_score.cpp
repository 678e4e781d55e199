// `hyped bench score`.
#include "experiments/benchmark/score/score_pair.hpp"
#include "experiments/commands/bench.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"

namespace hyped::commands {

void add_bench_score(CLI::App& bench, int& exit_code) {
  auto* command = bench.add_subcommand("score", "Score a prediction against measured cells, by every harness's definition");
  struct Arguments : RunArguments {
    ScoreSettings score;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  ScoreSettings& s = args->score;
  command->add_option("--truth", s.truth, "measured cells (.h5ad)")->required()->check(CLI::ExistingFile);
  command->add_option("--prediction", s.prediction, "cells (.h5ad, .vcc), or means (.h5ad, .csv, .tsv)")->required()->check(CLI::ExistingFile);
  command->add_option("--by", s.by, "column of cells that names the conditions")->required();
  command->add_option("--control", s.control, "label of the control")->required();
  command->add_option("--prediction-by", s.prediction_by, "the prediction's column; default: as --by")->group(rarely_used);
  command->add_option("--prediction-control", s.prediction_control, "the prediction's control; default: as --control")->group(rarely_used);
  command->add_option("--matrix", s.matrix, "X, layers/NAME or raw/X of the truth")->capture_default_str()->group(rarely_used);
  command->add_option("--prediction-matrix", s.prediction_matrix, "the same of the prediction")->capture_default_str()->group(rarely_used);
  command->add_option("--targets", s.targets, "which genes a label changes: siPRRX1=PRRX1, dual=PRRX1+MYOD1, drug=none; none: all others have none")->allow_extra_args(false);
  command->add_option("--only", s.only, "a condition to score; default: all")->allow_extra_args(false)->group(rarely_used);
  command->add_option("--replicates", s.replicates, "column of guides, donors or wells: drawn whole");
  command->add_flag("--intersection", s.intersection, "score the genes that both sides have");
  command->add_option("--normalise", s.normalise, "total that counts become logarithms of, where one side has logarithms")->check(positive_number())->group(rarely_used);
  command->add_option("--preset", s.presets, "a harness as cell-eval-0.8.1; default: all")->allow_extra_args(false);
  command->add_option("--significance", s.options.significance, "false discovery rate below which a gene counts as changed")->check(number_within(0, 1))->capture_default_str()->group(rarely_used);
  command->add_option("--most-pair-work", s.options.most_pair_work, "cells^2 x genes up to which distances of cells are taken")->check(number_from_zero())->capture_default_str()->group(rarely_used);
  args->add_common(*command, "hyped bench score --truth cells.h5ad --prediction model.h5ad --by arm --control control --targets siPRRX1=PRRX1 --out out/score");
  command->callback([args, &exit_code] {
    args->score.calibration.seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_score(folder, args->score); });
  });
}

}  // namespace hyped::commands
