// The records of a command's run: OUT.unfinished/run.h5 until it is done.
#pragma once
#include <filesystem>

#include "experiments/commands/run_arguments.hpp"
#include "fitting/records.hpp"

namespace hyped::commands {

// Opened before the work; says on stderr what an earlier life left. finish() removes it once the run's folder is in place.
class RunRecords {
 public:
  RunRecords(const RunArguments& args, const Scenario& scenario, const std::filesystem::path& data, const std::string& verb);
  // Without a scenario: identified by what the command line says but for --out, --threads and --resume.
  RunRecords(const RunArguments& args, const std::filesystem::path& data, const std::string& verb);
  ~RunRecords();
  RunRecords(const RunRecords&) = delete;
  Records all() { return {&*store_, ""}; }
  void finish();

 private:
  void open(const RunArguments& args, RecordStore::Identity identity);
  std::filesystem::path folder_;
  std::optional<RecordStore> store_;
};

}  // namespace hyped::commands
