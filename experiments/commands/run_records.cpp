// What identifies a run, and where its records lie.
#include "experiments/commands/run_records.hpp"

#include <fmt/format.h>

#include "libhyped/store/sha256.hpp"

namespace hyped::commands {
namespace fs = std::filesystem;

static fs::path unfinished(const std::string& out) {
  fs::path folder = fs::absolute(out).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  folder += ".unfinished";
  return folder;
}

RunRecords::RunRecords(const RunArguments& args, const Scenario& scenario, const fs::path& data, const std::string& verb) : folder_(unfinished(args.out)) {
  const RecordStore::Identity identity{{"command", verb},
                                       {"scenario", sha256(scenario.text)},
                                       {"data", sha256_of_path(data)},
                                       {"seed", fmt::format("{}", args.seed)},
                                       {"settings", fmt::format("starts {}, block_h {}, held out '{}' {}", scenario.fit.starts, scenario.setup.block_h, args.held_out, args.settings)},
                                       {"version of hyped", HYPED_VERSION}};
  open(args, identity);
}

RunRecords::RunRecords(const RunArguments& args, const fs::path& data, const std::string& verb) : folder_(unfinished(args.out)) {
  std::string settings;
  for (std::size_t i = 1; i < args.command_line.size(); ++i) {
    const std::string& word = args.command_line[i];
    if (word == "--out" || word == "--threads") ++i;
    else if (word != "--resume" && !word.starts_with("--out=") && !word.starts_with("--threads=")) settings += word + " ";
  }
  open(args, {{"command", verb}, {"data", sha256_of_path(data)}, {"seed", fmt::format("{}", args.seed)}, {"settings", settings}, {"version of hyped", HYPED_VERSION}});
}

void RunRecords::open(const RunArguments& args, RecordStore::Identity identity) {
  store_.emplace(folder_ / "run.h5", identity, args.resume);
  if (args.resume)
    fmt::print(stderr, "resumed: {} records of the earlier run{}\n", store_->found(),
               store_->lost_bytes() > 0 ? fmt::format("; the last {} bytes were no whole record and are done again", store_->lost_bytes()) : "");
}

RunRecords::~RunRecords() {
  store_.reset();
  std::error_code ignored;
  // without records nothing in it is of use: a kill between two names can leave a half-written file
  if (!fs::exists(folder_ / "run.h5")) fs::remove_all(folder_, ignored);
}

void RunRecords::finish() { store_->finish(); }

}  // namespace hyped::commands
