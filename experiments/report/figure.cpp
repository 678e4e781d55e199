// Writes a figure's tables and a preamble that names them, then runs gnuplot on the template.
#include "experiments/report/figure.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "experiments/program_files.hpp"

namespace hyped::report {
namespace fs = std::filesystem;
namespace {

// What a killed run left: folders named after a process that is no more.
void remove_abandoned_folders(const std::string& stem) {
  std::error_code ignored;
  for (fs::directory_iterator entry(fs::temp_directory_path(), ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(stem)) continue;
    const pid_t owner = std::atoi(name.c_str() + stem.size());
    if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH) fs::remove_all(entry->path(), ignored);
  }
}

// A folder that is gone at the end of the scope.
struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    const std::string stem = "hyped-figure-";
    remove_abandoned_folders(stem);
    std::string name = (fs::temp_directory_path() / fmt::format("{}{}-XXXXXX", stem, getpid())).string();
    if (!mkdtemp(name.data())) throw InputError(name, "cannot be created", "check that the temporary folder may be written");
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

// A gnuplot string in single quotes: only the quote itself is special.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c == '\n' ? ' ' : c);
  return out + "'";
}

std::string value_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return quoted(*text);
  if (const auto* value = std::get_if<double>(&cell)) return fmt::format("{:.17g}", *value);
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return fmt::format("{}.", *count);
  return "NaN";
}

std::string array_text(const std::string& name, const std::vector<std::string>& values) {
  if (values.empty()) return "";
  return fmt::format("array {}[{}] = [{}]\n", name, values.size(), fmt::join(values, ", "));
}

// For gnuplot: file names, number of rows, every column of a small part as an array, ranges of numbers, and the distinct
// values of every text column over all parts in order of appearance (distinct_arm, ...), with the colour of each arm.
std::string preamble(const Figure& figure, const fs::path& folder) {
  std::string out = fmt::format("svg = {}\n", quoted((folder / "figure.svg").string()));
  std::map<std::string, std::vector<std::string>> distinct;
  for (const auto& [part, table] : figure.data) {
    out += fmt::format("{0} = {1}\n{0}_rows = {2}\n", part, quoted((folder / (part + ".tsv")).string()), table.rows().size());
    for (std::size_t c = 0; c < table.columns().size(); ++c) {
      const std::string& column = table.columns()[c].name;
      double low = std::numeric_limits<double>::infinity(), high = -low;
      std::vector<std::string> values;
      for (const auto& row : table.rows()) {
        values.push_back(value_text(row[c]));
        if (const auto* text = std::get_if<std::string>(&row[c])) {
          auto& seen = distinct[column];
          if (std::find(seen.begin(), seen.end(), *text) == seen.end()) seen.push_back(*text);
        }
        const auto* count = std::get_if<std::int64_t>(&row[c]);
        const auto* value = std::get_if<double>(&row[c]);
        if (!count && !value) continue;
        low = std::min(low, value ? *value : static_cast<double>(*count));
        high = std::max(high, value ? *value : static_cast<double>(*count));
      }
      if (values.size() <= 300) out += array_text(part + "_" + column, values);
      if (low <= high) out += fmt::format("{0}_{1}_min = {2:.17g}\n{0}_{1}_max = {3:.17g}\n", part, column, low, high);
    }
  }
  for (const auto& [column, values] : distinct) {
    std::vector<std::string> texts, colours;
    for (const auto& value : values) {
      texts.push_back(quoted(value));
      colours.push_back(quoted(arm_colour(value, values)));
    }
    out += array_text("distinct_" + column, texts);
    if (column == "arm") out += array_text("arm_colours", colours);
    if (column == "phase") {
      for (std::size_t i = 0; i < values.size(); ++i) colours[i] = quoted(phase_colour(values[i], i));
      out += array_text("phase_colours", colours);
    }
  }
  for (const auto& [name, value] : figure.variables) out += fmt::format("{} = {}\n", name, quoted(value));
  return out;
}

// Rows with the same names (arm, class, ...) together, in order of first appearance: a line is then unbroken.
Table grouped(const Table& table) {
  std::map<std::string, std::size_t> first;
  std::vector<std::pair<std::size_t, const std::vector<Cell>*>> order;
  for (const auto& row : table.rows()) {
    std::string key;
    for (const auto& cell : row)
      if (const auto* text = std::get_if<std::string>(&cell)) key += *text + '\n';
    order.emplace_back(first.try_emplace(key, first.size()).first->second, &row);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Table sorted(table.columns());
  for (const auto& [group, row] : order) sorted.add_row(*row);
  return sorted;
}

// Runs gnuplot on the files; returns what went wrong, empty if nothing.
std::string run_gnuplot(const std::vector<std::string>& files, const fs::path& errors) {
  std::vector<std::string> words{"gnuplot"};
  words.insert(words.end(), files.begin(), files.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) return "no process could be started";
  if (child == 0) {
    const int sink = open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(sink, 1);
    dup2(sink, 2);
    execvp("gnuplot", arguments.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return "gnuplot is not installed (Debian package gnuplot-nox)";
  const std::string said = text_of(errors);
  if (status != 0 || said.find("arning") != said.npos) return said.empty() ? fmt::format("gnuplot ended with status {}", status) : said;
  return "";
}

}  // namespace

std::string arm_colour(const std::string& arm, const std::vector<std::string>& all) {
  static const std::map<std::string, std::string> known = {
      {"control", "#6b6b6b"}, {"Control", "#6b6b6b"}, {"untreated", "#6b6b6b"}, {"siPRRX1", "#0072B2"}, {"mmMYOD1", "#E69F00"},
      {"MYOD1", "#E69F00"},   {"MyoD+", "#E69F00"},   {"dual", "#009E73"},      {"hybrid", "#009E73"}};
  static const std::vector<std::string> further = {"#CC79A7", "#56B4E9", "#D55E00", "#332288", "#999933", "#882255", "#44AA99", "#6B4226", "#D4A800", "#117733"};
  if (const auto found = known.find(arm); found != known.end()) return found->second;
  std::size_t index = 0;
  for (const auto& other : all) {
    if (other == arm) break;
    index += !known.count(other);
  }
  return further[index % further.size()];
}

std::string phase_colour(const std::string& phase, std::size_t index) {
  static const std::map<std::string, std::string> known = {{"G0", "#8a5a44"}, {"G1", "#D55E00"}, {"G1/S", "#E3B505"}, {"S", "#56B4E9"}, {"S/G2/M", "#009E73"}, {"G2/M", "#0072B2"}, {"G2", "#0072B2"}, {"M", "#CC79A7"}, {"divided", "#8c8c8c"}, {"dead", "#303030"}};
  static const std::vector<std::string> further = {"#CC79A7", "#0072B2", "#009E73", "#E3B505", "#D55E00", "#56B4E9", "#332288", "#999933", "#882255"};
  if (const auto found = known.find(phase); found != known.end()) return found->second;
  return further[index % further.size()];
}

DrawnFigure draw(const Figure& given) {
  Figure figure = given;
  for (auto& [part, table] : figure.data) table = grouped(table);
  DrawnFigure drawn{figure.name, figure.caption, figure.section, "", "", figure.data};
  const TemporaryFolder folder;
  for (const auto& [part, table] : figure.data) std::ofstream(folder.path / (part + ".tsv")) << to_tsv(table);
  std::ofstream(folder.path / "preamble.gp") << preamble(figure, folder.path);
  const auto file = [](const std::string& name) { return program_file("experiments/report/" + name + ".gp").string(); };
  std::ofstream(folder.path / "preamble.gp", std::ios::app) << fmt::format("place_events = {}\nmark_events = {}\narm_key = {}\nphase_key = {}\n", quoted(file("place_events")), quoted(file("events")), quoted(file("arm_key")), quoted(file("phase_key")));
  drawn.outcome = run_gnuplot({(folder.path / "preamble.gp").string(), file("style"), file(figure.template_name)}, folder.path / "errors.txt");
  if (drawn.outcome.empty()) drawn.svg = text_of(folder.path / "figure.svg");
  if (drawn.outcome.empty() && drawn.svg.find("</svg>") == drawn.svg.npos) drawn.outcome = "gnuplot wrote no picture";
  return drawn;
}

void add_figure(RunDirectory& run, const Figure& figure) { run.add_figure(draw(figure)); }

}  // namespace hyped::report
