// A run's output folder: tables, figures and summary.json, complete or not there at all.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/store/run_summary.hpp"

namespace hyped {

// A figure that was drawn (or not: `outcome` says why), with the tables it was drawn from.
struct DrawnFigure {
  std::string name, caption, section;      // section of the report: "answer" or "diagnostics"
  std::string svg, outcome;
  std::vector<std::pair<std::string, Table>> data;
};

// Everything goes to a hidden folder beside `out`; finish() writes summary.json and renames it into place, replacing an
// earlier run. An `out` that exists, is not empty and was not written by hyped is refused.
class RunDirectory {
 public:
  RunDirectory(std::filesystem::path out, std::vector<std::string> command_line, std::uint64_t seed);
  ~RunDirectory();      // not finished: leaves nothing behind
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  void set_title(std::string title, std::string question);
  void add_input(const std::filesystem::path& path);      // a file or folder, with its SHA-256
  void add_made_input(const std::filesystem::path& relative);      // a file this run made and then used, by its path in the folder
  void add_setting(std::string name, std::string value);
  void add_table(const std::string& name, const Table& table, std::string caption);      // tables/<name>.tsv
  void add_figure(const DrawnFigure& figure);      // figures/<name>.svg, figures/<name>_<data>.tsv; a failure is a warning
  void add_result(std::string name, double value, std::string unit);      // NaN: absent, with the run's outcome as text
  void add_result(std::string name, std::string text);
  void add_answer(std::string sentence);
  void add_warning(std::string text);
  void add_note(std::string text);
  void set_outcome(const Outcome& outcome);
  // Where to write another file of this run, for example "run.h5" or "data/counts.tsv".
  std::filesystem::path path_for(const std::filesystem::path& relative) const;
  const RunSummary& summary() const { return summary_; }
  // Returns `out`.
  std::filesystem::path finish();

 private:
  void write(const std::filesystem::path& relative, const std::string& text) const;
  std::filesystem::path out_, partial_;
  RunSummary summary_;
  std::chrono::steady_clock::time_point start_;
  bool finished_ = false;
};

// Text to a temporary name beside `file`, then renamed. InputError if the folder cannot be written.
void write_file(const std::filesystem::path& file, const std::string& text);
// A name as a file name: letters, digits, -, _ and . stay, everything else becomes _.
std::string file_name_of(const std::string& name);

}  // namespace hyped
