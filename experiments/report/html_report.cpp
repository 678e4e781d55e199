// The HTML page of a run directory, in six sections: asked, answer, doubts, diagnostics, tables, provenance.
#include "experiments/report/html_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include "libhyped/store/run_directory.hpp"

namespace hyped::report {
namespace fs = std::filesystem;
namespace {

const char* const style = R"(
:root { color-scheme: light; }
body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #202020; background: #fff; max-width: 1120px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin-bottom: 0; } h2 { font-size: 1.2em; margin: 2em 0 .5em; border-bottom: 1px solid #bbb; }
.answer { font-size: 1.1em; } .status { border-left: 5px solid #D55E00; padding: .4em .8em; background: #fdf1ea; }
figure { margin: 1em 0 1.6em; break-inside: avoid; } figure svg { width: 100%; height: auto; max-width: 1080px; }
figure.narrow svg { max-width: 560px; }
figcaption, .rest, .unit { color: #555; font-size: .88em; }
table { border-collapse: collapse; font-size: .86em; margin: .3em 0 1em; } .wide { overflow-x: auto; }
th { text-align: left; border-bottom: 1.5px solid #444; font-weight: 600; } td, th { padding: .18em .9em .18em 0; vertical-align: top; }
td { border-bottom: 1px solid #e4e4e4; } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: #f4f4f4; padding: .6em .8em; overflow-x: auto; white-space: pre-wrap; } code { font-size: .92em; }
@media print { body { font-size: 10.5pt; margin: 0; max-width: none; } .wide { overflow: visible; } h2 { break-after: avoid; } }
)";

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError(file.string(), "is named in summary.json and missing", "run the command again");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The <svg> element alone, its identifiers made its own so that figures do not share marks; no tool's name as its title.
std::string inline_svg(const std::string& svg, std::size_t number, const std::string& title) {
  std::string body = svg.substr(std::min(svg.find("<svg"), svg.size()));
  const std::string prefix = fmt::format("f{}-", number);
  body = std::regex_replace(body, std::regex("(\\bid=[\"'])"), "$1" + prefix);
  body = std::regex_replace(body, std::regex("(href=[\"']#)"), "$1" + prefix);
  body = std::regex_replace(body, std::regex("(url\\(['\"]?#)"), "$1" + prefix);
  // gnuplot's own <title> and <desc>, which browsers show as a tooltip.
  for (const char* tag : {"title", "desc"}) {
    const std::string open = fmt::format("<{}>", tag), close = fmt::format("</{}>", tag);
    const auto from = body.find(open), to = body.find(close);
    if (from != body.npos && to != body.npos) body.erase(from, to + close.size() - from);
  }
  const std::string label = fmt::format("<svg role=\"img\" aria-label=\"{}\"", escape_html(title));
  return body.starts_with("<svg") ? label + body.substr(4) : body;
}

std::string figures(const RunSummary& run, const fs::path& folder, bool answer) {
  std::string out;
  for (std::size_t i = 0; i < run.figures.size(); ++i) {
    const auto& figure = run.figures[i];
    if ((figure.section == "answer") != answer) continue;
    std::string data;
    for (const auto& file : figure.data) data += (data.empty() ? "" : ", ") + file;
    const std::string svg = figure.svg.empty() ? "" : inline_svg(text_of(folder / figure.svg), i + 1, figure.name);
    std::smatch size;
    const std::string head = svg.substr(0, 600);
    const bool narrow = std::regex_search(head, size, std::regex("viewBox=\"0 0 ([0-9]+)")) && std::stoi(size[1]) < 620;
    out += fmt::format("<figure{}>{}<figcaption>{} Drawn from {}.</figcaption></figure>\n", narrow ? " class=\"narrow\"" : "",
                       svg.empty() ? "<p class=\"status\">" + escape_html(figure.name + " was not drawn: " + figure.outcome) + "</p>" : svg,
                       escape_html(figure.caption), escape_html(data.empty() ? "no table" : data));
  }
  return out;
}

std::string list(const std::vector<std::string>& lines, const std::string& none) {
  if (lines.empty()) return none.empty() ? "" : "<p>" + escape_html(none) + "</p>\n";
  std::string out = "<ul>\n";
  for (const auto& line : lines) out += "<li>" + escape_html(line) + "</li>\n";
  return out + "</ul>\n";
}

std::string tables(const RunSummary& run, const fs::path& folder) {
  std::string out;
  if (!run.results.empty()) {
    Table numbers({{"number", "", ""}, {"value", "", ""}, {"unit", "", ""}});
    for (const auto& result : run.results) numbers.add_row({result.name, result.value ? Cell(*result.value) : Cell(result.text), result.unit});
    out += "<h3>Numbers</h3><div class=\"wide\">" + to_html(numbers, "summary.json") + "</div>\n";
  }
  for (const auto& stored : run.tables)
    out += fmt::format("<h3>{}</h3><p class=\"rest\">{} File {}.</p><div class=\"wide\">{}</div>\n", escape_html(stored.name), escape_html(stored.caption),
                       escape_html(stored.file), to_html(from_tsv(text_of(folder / stored.file), stored.columns), stored.file));
  return out.empty() ? "<p>None.</p>\n" : out;
}

// A word as a shell reads it back.
std::string shell_word(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isalnum(c) || std::string_view("-_./=:,+@%").find(c) != std::string_view::npos; }))
    return word;
  return "'" + std::regex_replace(word, std::regex("'"), "'\\''") + "'";
}

std::string provenance(const RunSummary& run) {
  std::string command;
  for (const auto& word : run.command_line)
    if (word != "--resume") command += (command.empty() ? "" : " ") + shell_word(word);      // there is nothing left to resume
  if (!run.working_folder.empty() && !command.empty()) command = "cd " + shell_word(run.working_folder) + " && " + command;
  Table facts({{"what", "", ""}, {"value", "", ""}});
  facts.add_row({std::string("seed"), fmt::format("{}", run.seed)});
  facts.add_row({std::string("started"), run.started});
  facts.add_row({std::string("wall time"), fmt::format("{:.1f} s", run.wall_time_s)});
  for (const auto& [name, value] : run.versions) facts.add_row({"version of " + name, value});
  for (const auto& [name, value] : run.settings) facts.add_row({"setting " + name, value});
  for (const auto& input : run.inputs) facts.add_row({"SHA-256 of " + input.path, input.sha256});
  return "<p>This command repeats the run:</p><pre>" + escape_html(command) + "</pre>\n<div class=\"wide\">" + to_html(facts, "", 10000) + "</div>\n";
}

}  // namespace

fs::path write_report(const fs::path& folder) {
  const RunSummary run = read_summary(folder);
  std::string sources;
  for (const auto& input : run.inputs) sources += (sources.empty() ? "" : ", ") + input.path;
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n";
  page += fmt::format("<title>{}</title><style>{}</style></head><body>\n", escape_html(run.title), style);
  page += fmt::format("<h1>{}</h1>\n<h2>1 What was asked, of which data</h2>\n<p>{}</p>\n<p>Data: {}.</p>\n", escape_html(run.title), escape_html(run.question),
                      escape_html(sources.empty() ? "made by this run" : sources));
  page += "<h2>2 The answer</h2>\n";
  if (run.status != "ok")
    page += fmt::format("<p class=\"status\">This result is in doubt ({}): {}</p>\n", escape_html(run.status), escape_html(run.status_message));
  for (const auto& sentence : run.answers) page += "<p class=\"answer\">" + escape_html(sentence) + "</p>\n";
  page += figures(run, folder, true);
  page += "<h2>3 Doubts and warnings</h2>\n" + list(run.warnings, "The program found no reason for doubt.") + list(run.notes, "");
  const std::string diagnostics = figures(run, folder, false);
  page += "<h2>4 Diagnostics</h2>\n" + (diagnostics.empty() ? "<p>None.</p>\n" : diagnostics);
  page += "<h2>5 Tables</h2>\n" + tables(run, folder);
  page += "<h2>6 Where it comes from, and how to repeat it</h2>\n" + provenance(run) + "</body></html>\n";
  write_file(folder / "report.html", page);
  return folder / "report.html";
}

}  // namespace hyped::report
