// The run folder: written beside, renamed at the end.
#include "libhyped/store/run_directory.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "libhyped/store/sha256.hpp"
#include "libhyped/store/versions.hpp"

namespace hyped {
namespace fs = std::filesystem;

void write_file(const fs::path& file, const std::string& text) {
  fs::path partial = file;
  partial += fmt::format(".part-{}", getpid());
  std::ofstream out(partial, std::ios::binary);
  out << text;
  out.close();
  if (!out) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    throw InputError(file.string(), "cannot be written", "check that the folder exists, may be written and the disk is not full");
  }
  fs::rename(partial, file);
}

std::string file_name_of(const std::string& name) {
  std::string out;
  for (const char c : name) out += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ? c : '_';
  if (out.empty() || out.front() == '.') out.insert(out.begin(), '_');
  return out;
}

// Hidden folders of runs whose process is gone (killed before they were done).
static void remove_abandoned(const fs::path& out) {
  const std::string head = "." + out.filename().string() + ".part-";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(out.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(head, 0) != 0) continue;
    const int process = std::atoi(name.c_str() + head.size());
    if (process > 0 && kill(process, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

RunDirectory::RunDirectory(fs::path out, std::vector<std::string> command_line, std::uint64_t seed)
    : out_(fs::absolute(out).lexically_normal()), start_(std::chrono::steady_clock::now()) {
  if (out_.filename().empty()) out_ = out_.parent_path();
  if (fs::exists(out_) && !fs::is_directory(out_)) throw InputError(out.string(), "is a file", "give --out a folder that does not exist yet");
  if (fs::exists(out_) && !fs::is_empty(out_) && !is_run_directory(out_))
    throw InputError(out.string(), "exists and was not written by hyped, so it is not overwritten", "give --out a new folder, or remove this one");
  partial_ = out_.parent_path() / fmt::format(".{}.part-{}", out_.filename().string(), getpid());
  std::error_code failed;
  remove_abandoned(out_);
  fs::remove_all(partial_, failed);
  fs::create_directories(partial_ / "tables", failed);
  if (!failed) fs::create_directories(partial_ / "figures", failed);
  if (failed) throw InputError(out.string(), "cannot be created: " + failed.message(), "give --out a folder you may write to");
  summary_.command_line = std::move(command_line);
  summary_.working_folder = fs::current_path().string();
  summary_.seed = seed;
  summary_.versions = versions();
  summary_.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;
  if (!finished_) fs::remove_all(partial_, ignored);
}

void RunDirectory::write(const fs::path& relative, const std::string& text) const { write_file(path_for(relative), text); }

fs::path RunDirectory::path_for(const fs::path& relative) const {
  HYPED_REQUIRE(!finished_ && relative.is_relative());
  fs::create_directories((partial_ / relative).parent_path());
  return partial_ / relative;
}

void RunDirectory::set_title(std::string title, std::string question) {
  summary_.title = std::move(title);
  summary_.question = std::move(question);
}

void RunDirectory::add_input(const fs::path& path) {
  if (!fs::exists(path)) throw InputError(path.string(), "does not exist", "check the path");
  summary_.inputs.push_back({path.string(), sha256_of_path(path)});
}

void RunDirectory::add_made_input(const fs::path& relative) { summary_.inputs.push_back({relative.string() + " (made by this run)", sha256_of_path(path_for(relative))}); }

void RunDirectory::add_setting(std::string name, std::string value) { summary_.settings[std::move(name)] = std::move(value); }

void RunDirectory::add_table(const std::string& name, const Table& table, std::string caption) {
  const std::string file = "tables/" + file_name_of(name) + ".tsv";
  write(file, to_tsv(table));
  summary_.tables.push_back({name, file, std::move(caption), table.columns()});
}

void RunDirectory::add_figure(const DrawnFigure& figure) {
  StoredFigure stored{figure.name, figure.caption, figure.section, "", figure.outcome, {}};
  const std::string base = "figures/" + file_name_of(figure.name);
  for (const auto& [part, table] : figure.data) {
    stored.data.push_back(base + "_" + file_name_of(part) + ".tsv");
    write(stored.data.back(), to_tsv(table));
  }
  if (figure.outcome.empty()) {
    stored.svg = base + ".svg";
    write(stored.svg, figure.svg);
  } else {
    add_warning(fmt::format("the figure '{}' could not be drawn: {}", figure.name, figure.outcome));
  }
  summary_.figures.push_back(std::move(stored));
}

void RunDirectory::add_result(std::string name, double value, std::string unit) {
  RunResult result{std::move(name), {}, std::move(unit), ""};
  if (std::isfinite(value)) result.value = value;
  else result.text = "does not exist";
  summary_.results.push_back(std::move(result));
}

void RunDirectory::add_result(std::string name, std::string text) { summary_.results.push_back({std::move(name), {}, "", std::move(text)}); }
void RunDirectory::add_answer(std::string sentence) { summary_.answers.push_back(std::move(sentence)); }
void RunDirectory::add_warning(std::string text) { summary_.warnings.push_back(std::move(text)); }
void RunDirectory::add_note(std::string text) { summary_.notes.push_back(std::move(text)); }

void RunDirectory::set_outcome(const Outcome& outcome) {
  const std::string ok(to_string(Status::ok));
  if (summary_.status != ok && !outcome.ok()) {      // the first stands, what came after is said too
    summary_.status_message += "; " + outcome.message;
    return;
  }
  summary_.status = std::string(to_string(outcome.status));
  summary_.status_message = outcome.message;
}

fs::path RunDirectory::finish() {
  HYPED_REQUIRE(!finished_);
  summary_.wall_time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  write("summary.json", to_json(summary_));
  fs::path old = partial_;
  old += "-old";
  const bool replaces = fs::exists(out_);
  if (replaces) fs::rename(out_, old);
  fs::rename(partial_, out_);
  finished_ = true;
  std::error_code ignored;
  if (replaces) fs::remove_all(old, ignored);
  return out_;
}

}  // namespace hyped
