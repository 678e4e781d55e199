// The arguments every run shares: scenario, data, --out, --seed, --threads, and settings that override the scenario.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped::commands {

struct RunArguments {
  std::string scenario, data, out, held_out;
  std::string settings;                     // of the verb alone, for the identity of the run
  std::uint64_t seed = 1;
  int threads = 0, starts = -1;
  double block_h = -1;
  bool resume = false;                      // go on with the run that OUT.unfinished holds
  std::vector<std::string> command_line;

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example, bool takes_data);
  void add_common(CLI::App& command, const std::string& example);
  void note_start();                        // takes down the command line; says which earlier run will be replaced
  Scenario read();                          // with the flags' overrides; sets the number of threads
  Scenario read() const;
  int finish(RunDirectory& run) const;
};

// name=number pairs of --set. InputError for what is none; `example` is shown.
std::map<std::string, double> set_values(const std::vector<std::string>& given, const std::string& example);

// Runs verb(RunDirectory&) in the run's folder, with the threads asked for.
template <class Verb>
void run_in_folder(RunArguments& args, int& exit_code, const Verb& verb) {
  set_threads(args.threads);
  args.note_start();
  RunDirectory folder(args.out, args.command_line, args.seed);
  verb(folder);
  exit_code = args.finish(folder);
}

}  // namespace hyped::commands
