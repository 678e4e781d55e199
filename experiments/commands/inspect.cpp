// `hyped inspect PATH...`: what is in files or folders.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "experiments/commands/commands.hpp"
#include "experiments/inspect.hpp"

namespace hyped::commands {

void add_inspect(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("inspect", "What is in a file or folder, and what is doubtful in it");
  auto paths = std::make_shared<std::vector<std::string>>();      // shared with the callback, which outlives this function
  command->add_option("PATH", *paths, "tables (.csv, .tsv), TrackMate .xml or .zip, scenarios (.toml), folders of them, run directories, run.h5")->required();
  command->footer("Example: hyped inspect counts.tsv out/demo\n"
                  "Recognised without a scenario: tidy tables (condition, well, time_h, class, count), the AU565,\n"
                  "BJ PIP-FUCCI and HYPED nuclei tables as distributed, exports of trackers (TrackMate, btrack,\n"
                  "CellProfiler, CellMAPtracer, region properties), annotated events, run directories.");
  command->callback([paths, &exit_code] {
    std::string gap;
    for (const auto& path : *paths) {
      const auto all = inspect(path);
      std::size_t failed = 0;
      for (const auto& found : all) {
        fmt::print("{}{}", gap, to_terminal(found));
        gap = "\n";
        failed += found.failed ? 1 : 0;
      }
      if (failed > 0) fmt::print("\n{} of {} files in {} cannot be read, see above\n", failed, all.size(), path);
      if (failed == all.size()) exit_code = 2;      // one unusable file of a folder does not make the others so
    }
  });
}

}  // namespace hyped::commands
