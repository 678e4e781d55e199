// `hyped grn order TABLE`.
#include "experiments/commands/cells.hpp"
#include "experiments/commands/checks.hpp"
#include "experiments/commands/grn.hpp"
#include "experiments/grn/time_order.hpp"

namespace hyped::commands {

void add_grn_order(CLI::App& grn, int& exit_code) {
  struct Arguments : CellsArguments {
    TimeOrderSettings settings;
    std::string table, samples;
  };
  auto args = std::make_shared<Arguments>();
  auto* order = grn.add_subcommand("order", "Is a bulk time series in order, are its cells what the label says");
  order->add_option("TABLE", args->table, "genes by samples: counts, or log2(CPM + 1)")->required();
  order->add_option("--samples", args->samples, "what each column is; default: samples.csv beside TABLE");
  order->add_option("--cell-type", args->settings.cell_type, "what the label says")->capture_default_str();
  order->add_option("--least-cpm", args->settings.least_cpm, "mean, of genes that are used")->check(number_from_zero())->capture_default_str();
  order->add_option("--rank", args->settings.rank, "of dynamic mode decomposition; 0: threshold")->check(count_from_zero())->capture_default_str();
  order->add_option("--random-orders", args->settings.random_orders, "that the order of the labels is compared with")->check(positive_count())->capture_default_str();
  args->add_common(*order, "hyped grn order rp_counts.raw.csv --out out/order");
  order->callback([args, &exit_code] {
    args->settings.table = args->table;
    args->settings.samples = args->samples;
    args->settings.seed = args->seed;
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) { run_time_order(folder, args->settings); });
  });
}

}  // namespace hyped::commands
