// `hyped bench distance`.
#include "experiments/benchmark/distance/cell_distances.hpp"
#include "experiments/commands/bench.hpp"
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"

namespace hyped::commands {

void add_bench_distance(CLI::App& bench, int& exit_code) {
  auto* command = bench.add_subcommand("distance", "Distances between distributions of cells, with tests and what they are made of");
  auto args = std::make_shared<CellsArguments>();      // shared with the callback
  auto settings = std::make_shared<CellDistanceSettings>();
  args->add_reading(*command, "measured cells, an .h5ad file", "hyped bench distance cells.h5ad --by condition --control control --out out/distance");
  command->add_option("--by", settings->by, "column of cells that names the conditions")->required();
  command->add_option("--control", settings->control, "label of the control")->required();
  command->add_option("--against", settings->against, "predicted cells, an .h5ad file with the same genes")->check(CLI::ExistingFile);
  command->add_option("--against-by", settings->against_by, "the prediction's column; default: as --by")->group(rarely_used);
  command->add_option("--against-matrix", settings->against_matrix, "the prediction's X, layers/NAME or raw/X")->capture_default_str()->group(rarely_used);
  command->add_option("--matrix", settings->matrix, "X, layers/NAME or raw/X; default: found")->group(rarely_used);
  command->add_option("--target", settings->target, "counts are normalised to this total")->check(positive_number())->capture_default_str()->group(rarely_used);
  command->add_option("--components", settings->components, "principal components of the measured cells; 0: all genes")->check(count_from_zero())->capture_default_str();
  command->add_option("--permutations", settings->permutations, "of each condition")->check(positive_count())->capture_default_str();
  command->add_option("--min-cells", settings->least_cells, "of a condition")->check(positive_count())->capture_default_str()->group(rarely_used);
  command->callback([args, settings, &exit_code] {
    settings->seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_cell_distances(folder, args->data, *settings); });
  });
}

}  // namespace hyped::commands
