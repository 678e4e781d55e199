// Shared arguments.
#include "experiments/commands/run_arguments.hpp"

#include <fmt/format.h>

#include <fstream>

#include "experiments/commands/checks.hpp"
#include "experiments/commands/narrow_help.hpp"
#include "experiments/report/html_report.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/store/run_summary.hpp"
#include "libhyped/store/table.hpp"

namespace hyped::commands {

void RunArguments::add_common(CLI::App& command, const std::string& example) {
  command.add_option("--out", out, "folder of the run: summary, tables, report.html")->required();
  command.add_option("--seed", seed, "of all random numbers")->check(count_from_zero())->capture_default_str()->group(rarely_used);      // every verb has the two
  command.add_option("--threads", threads, "0: all; results do not depend on it")->check(count_from_zero())->capture_default_str()->group(rarely_used);
  command.footer("Example: " + example);
}

CLI::App* RunArguments::add(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example, bool takes_data) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("SCENARIO", scenario, "a TOML file, or a shipped scenario by name")->required();
  if (takes_data) {
    command->add_option("DATA", data, "counts; the scenario's [data] file if not given");
    command->add_option("--starts", starts, "local fits of the multi-start")->check(positive_count());
    command->add_flag("--resume", resume, "go on with the run that was killed (OUT.unfinished)");
    command->add_option("--block-h", block_h, "hours over which frames are averaged in the likelihood")->check(number_from_zero());
  }
  add_common(*command, example);
  return command;
}

Scenario RunArguments::read() const {
  set_threads(threads);
  Scenario read = read_scenario(shipped_scenario(scenario));
  if (starts > 0) read.fit.starts = starts;
  if (block_h >= 0) read.setup.block_h = block_h;
  return read;
}

std::map<std::string, double> set_values(const std::vector<std::string>& given, const std::string& example) {
  std::map<std::string, double> out;
  for (const std::string& item : given) {
    const auto equals = item.find('=');
    char* end = nullptr;
    const double value = equals == item.npos ? 0 : std::strtod(item.c_str() + equals + 1, &end);
    if (equals == item.npos || end == item.c_str() + equals + 1 || *end != 0) throw InputError("--set " + item, "is not name=number", "write --set " + example);
    out[item.substr(0, equals)] = value;
  }
  return out;
}

void RunArguments::note_start() {
  command_line.clear();
  std::ifstream stream("/proc/self/cmdline", std::ios::binary);
  for (std::string word; std::getline(stream, word, '\0');) command_line.push_back(word);
  if (is_run_directory(out)) fmt::print(stderr, "note: {} holds the run started {}; it is replaced when this one is done\n", out, read_summary(out).started);
}

Scenario RunArguments::read() {
  note_start();
  return static_cast<const RunArguments&>(*this).read();
}

int RunArguments::finish(RunDirectory& run) const {
  const std::string status = run.summary().status, message = run.summary().status_message;
  for (const auto& warning : run.summary().warnings) fmt::print("{}", to_terminal_paragraph("warning   ", warning));
  const auto page = report::write_report(run.finish());
  fmt::print("{}report    {}\n", status == "ok" ? std::string() : fmt::format("outcome   {}: {}\n", status, message), page.string());
  return status == "ok" ? 0 : 1;
}

}  // namespace hyped::commands
