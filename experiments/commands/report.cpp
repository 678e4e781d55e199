// `hyped report DIR`: one self-contained HTML page of a run directory.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "experiments/commands/commands.hpp"
#include "experiments/report/html_report.hpp"

namespace hyped::commands {

void add_report(CLI::App& app, int&) {
  auto* command = app.add_subcommand("report", "One self-contained HTML page of a run directory");
  auto folder = std::make_shared<std::string>();      // shared with the callback, which outlives this function
  command->add_option("DIR", *folder, "a folder written by hyped (--out)")->required();
  command->footer("Example: hyped report out/demo\nWrites DIR/report.html: no network needed, prints well.");
  command->callback([folder] { fmt::print("report: {}\n", report::write_report(*folder).string()); });
}

}  // namespace hyped::commands
