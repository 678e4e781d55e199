// `hyped bench run FILE`.
#include "experiments/benchmark/run/bench_run.hpp"
#include "experiments/commands/bench.hpp"
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"

namespace hyped::commands {

void add_bench_run(CLI::App& bench, int& exit_code) {
  auto* command = bench.add_subcommand("run", "Simple predictors on held-out conditions: scores with floor, ceiling, interval");
  auto args = std::make_shared<CellsArguments>();      // shared with the callback
  auto settings = std::make_shared<BenchRunSettings>();
  args->add_reading(*command, "an .h5ad file, or a folder of the HYPED release", "hyped bench run cells.h5ad --by arm --control control --targets siPRRX1=PRRX1 --targets mmMYOD1=MYOD1 --out out/bench");
  BenchmarkReading& reading = settings->reading;
  command->add_option("--by", reading.arms.column, "column that names conditions; default: found");
  command->add_option("--control,--reference", reading.arms.reference, "label of the control; default: found");
  command->add_option("--context", reading.context, "column of cell types or phases, each with controls");
  command->add_option("--replicates", reading.replicates, "column of guides, donors or wells: drawn whole");
  command->add_option("--targets", reading.targets, "gene of a label's part: siPRRX1=PRRX1, drug=none")->allow_extra_args(false);
  command->add_option("--parts", reading.parts, "LABEL=PART+PART; default: split at +")->allow_extra_args(false)->group(rarely_used);
  command->add_option("--split", settings->split, "condition, stratum, dual, context, phase, held-out, or a .tsv file")->capture_default_str();
  command->add_option("--share", settings->share, "of the labels that held-out holds out")->check(number_within(0, 1))->capture_default_str()->group(rarely_used);
  command->add_option("--predictor", settings->predictors, "a predictor by its name; default: all")->allow_extra_args(false)->group(rarely_used);
  command->add_option("--metric", settings->metrics, "a metric by its id, or all; default: a dozen")->allow_extra_args(false);
  command->add_option("--floor", settings->floor, "predictor that scaled scores start from")->capture_default_str()->group(rarely_used);
  command->add_flag("--shared-control", settings->shared_control, "the same control cells for prediction and truth")->group(rarely_used);
  command->add_flag("--leave-own-genes-out", settings->leave_own_genes_out, "targets do not count in errors and correlations")->group(rarely_used);
  command->add_option("--mask", reading.masked, "a gene that takes no part")->allow_extra_args(false)->group(rarely_used);
  command->add_flag("--mask-mt", reading.mask_mitochondrial, "mitochondrial genes take no part")->group(rarely_used);
  command->add_option("--edit", settings->edits, "PART=deletes or PART=raises, of the in-silico edit")->allow_extra_args(false)->group(rarely_used);
  command->add_option("--network", settings->network, "scenario of hyped grn fit: its network is one more model")->group(rarely_used);
  command->add_option("--network-genes", settings->network_genes, "of that network: its scenario's and those that answer most")->check(positive_count())->capture_default_str()->group(rarely_used);
  command->add_option("--non-responding", settings->non_responding, "file of genes declared to answer nothing")->group(rarely_used);
  command->add_option("--min-cells", reading.least_cells, "of a condition in a context")->check(positive_count())->capture_default_str()->group(rarely_used);
  command->add_option("--matrix", reading.matrix, "X, layers/NAME or raw/X; default: found")->group(rarely_used);
  command->add_option("--target", reading.target, "counts are normalised to this total")->check(positive_number())->capture_default_str()->group(rarely_used);
  command->add_option("--draws", settings->draws, "of all cells, for intervals; 0: none")->check(count_from_zero())->capture_default_str();
  command->add_option("--splits", settings->splits, "into halves, for ceilings")->check(positive_count())->capture_default_str()->group(rarely_used);
  command->callback([args, settings, &exit_code] {
    settings->seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_benchmark(folder, args->data, *settings); });
  });
}

}  // namespace hyped::commands
