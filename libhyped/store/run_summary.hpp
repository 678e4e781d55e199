// What summary.json holds: everything a report says about a run, its numbers and where its tables and figures are.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/store/table.hpp"

namespace hyped {

struct RunInput {
  std::string path, sha256;
};
struct RunResult {
  std::string name;
  std::optional<double> value;      // absent if it does not exist; `text` then says why
  std::string unit, text;
};
struct StoredTable {
  std::string name, file, caption;      // file relative to the run directory
  std::vector<Column> columns;
};
struct StoredFigure {
  std::string name, caption, section;       // section: answer, diagnostics
  std::string svg;                          // file relative to the run directory; empty if drawing failed
  std::string outcome;                      // why it failed, empty if drawn
  std::vector<std::string> data;            // its TSV files
};

struct RunSummary {
  std::string title, question;              // what was asked, of which data
  std::vector<std::string> command_line;
  std::string working_folder;               // where it was given: its paths are relative to it
  std::uint64_t seed = 0;
  std::vector<RunInput> inputs;
  std::map<std::string, std::string> versions, settings;
  double wall_time_s = 0;
  std::string started;                      // UTC, ISO 8601
  std::string status = "ok", status_message;      // of the whole run, as Outcome
  std::vector<std::string> answers, warnings, notes;
  std::vector<RunResult> results;
  std::vector<StoredTable> tables;
  std::vector<StoredFigure> figures;
};

std::string to_json(const RunSummary& summary);
// InputError if the folder holds no summary.json of hyped, or a broken one.
RunSummary read_summary(const std::filesystem::path& run_directory);
// Does the folder hold a summary.json written by hyped?
bool is_run_directory(const std::filesystem::path& folder);

}  // namespace hyped
