// `hyped cells demux`.
#include "experiments/cells/demux.hpp"

#include <fmt/format.h>

#include "experiments/commands/cells.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {

void add_cells_demux(CLI::App& cells, int& exit_code) {
  struct Arguments : CellsArguments {
    DemuxSettings settings;
  };
  auto args = std::make_shared<Arguments>();      // shared with the callback
  auto* command = cells.add_subcommand("demux", "Samples, doublets and negatives from hashtag reads, with posteriors");
  args->add_reading(*command, "an .h5ad file with <label>-fb_counts in obs, or a table of reads per barcode", "hyped cells demux Genexpression.h5ad --out out/demux");
  command->add_option("--certainty", args->settings.certainty, "least posterior of a call")->capture_default_str()->option_text("P");
  command->add_option("--truth", args->settings.truth, "data/cells_truth.tsv of a twin: are posteriors calibrated?")->option_text("FILE");
  command->callback([args, &exit_code] {
    run_in_folder(*args, exit_code, [&](RunDirectory& folder) {
      run_demux(folder, args->data, args->settings);
      for (const auto& answer : folder.summary().answers) fmt::print("{}", to_terminal_paragraph("answer    ", answer));
    });
  });
}

}  // namespace hyped::commands
