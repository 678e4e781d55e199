// Recognises the formats by their header and reads them with their own readers.
#include "experiments/inspect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/cells/inspect_cells.hpp"
#include "experiments/scenario.hpp"
#include "experiments/tracks/describe.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/ingest/read_phase_counts.hpp"
#include "libhyped/ingest/read_published.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/run_file.hpp"
#include "libhyped/store/run_summary.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

constexpr double bj_interval_h = 25.0 / 60;      // the axis label; the reader notes the other value

std::string_view to_string(Quantity quantity) {
  switch (quantity) {
    case Quantity::count: return "counts of cells";
    case Quantity::fraction: return "fractions of cells";
    case Quantity::relative_total: return "amounts relative to each well's own start";
  }
  return "unknown";
}

bool has_all(const DelimitedTable& table, std::initializer_list<const char*> columns) {
  return std::all_of(columns.begin(), columns.end(), [&](const char* name) { return table.has(name); });
}

// The median step of a well's times; 0 if it has one time.
double interval_of(const std::vector<double>& times) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  if (steps.empty()) return 0;
  std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2), steps.end());
  return steps[steps.size() / 2];
}

std::vector<std::string> gaps_of(const std::vector<double>& times) {
  std::vector<std::string> gaps;
  const double step = interval_of(times);
  for (std::size_t i = 1; i < times.size(); ++i)
    if (times[i] - times[i - 1] > 1.5 * step) gaps.push_back(fmt::format("{:.4g}-{:.4g} h", times[i - 1], times[i]));
  return gaps;
}

Inspection inspect_table(const fs::path& path) {
  const DelimitedTable table = DelimitedTable::read(path);
  if (has_all(table, {"drug", "replicate", "dose_nM", "g1_rel", "sg2_rel"})) return inspect_counts(read_au565(path), "AU565 population time courses");
  if (has_all(table, {"condition", "frame", "channel", "nucleus_count"}))
    return inspect_counts(read_bj_channels(path, bj_interval_h), "BJ PIP-FUCCI nuclei per channel");
  if (has_all(table, {"condition", "scene", "stage", "frame", "n_cells_approx"})) return inspect_counts(read_nuclei_counts(path), "HYPED nuclei counts");
  if (has_all(table, {"condition", "well", "time_h", "class", "count"})) return inspect_counts(read_phase_counts(path, {}), "tidy table of counts");
  if (!track_format_of(path).empty()) return inspect_tracks(path);
  Inspection other{path.string(), "a table that is not recognised as counts over time", {}, {}, {}};
  other.facts = {{"rows", fmt::format("{}", table.rows())}, {"columns", fmt::format("{}", fmt::join(table.columns(), ", "))}};
  other.doubts = {"to use it, map its columns (condition, well, time_h, class, count) in the scenario"};
  return other;
}

Inspection inspect_run(const fs::path& path) {
  const RunSummary run = read_summary(path);
  Inspection found{path.string(), "a run directory of hyped", {}, {}, run.warnings};
  found.facts = {{"title", run.title}, {"asked", run.question}, {"command", fmt::format("{}", fmt::join(run.command_line, " "))},
                 {"outcome", run.status + (run.status_message.empty() ? "" : ": " + run.status_message)},
                 {"holds", fmt::format("{} numbers, {} tables, {} figures", run.results.size(), run.tables.size(), run.figures.size())}};
  for (const auto& answer : run.answers) found.facts.emplace_back("answer", answer);
  return found;
}

Inspection inspect_run_file(const fs::path& path) {
  const RunArrays run = read_run_file(path);
  Inspection found{path.string(), "the arrays of a run (HDF5)", {}, Table({{"path", "", ""}, {"rows", "", ""}, {"columns", "", ""}}), {}};
  for (const auto& [name, value] : run.attributes) found.facts.emplace_back(name, value.substr(0, value.find('\n')));
  for (const auto& [name, array] : run.arrays)
    found.arms.add_row({name, std::int64_t{array.values.rows()}, array.columns.empty() ? fmt::format("{}", array.values.cols())
                                                                                       : fmt::format("{}", fmt::join(array.columns, ", "))});
  return found;
}

Inspection inspect_scenario(const fs::path& path) {
  const Scenario scenario = read_scenario(path);
  Inspection found{path.string(), "a scenario of hyped (TOML)", {}, Table({{"arm", "", ""}, {"inputs", "", ""}, {"events", "", "time and what"}}), {}};
  std::vector<std::string> classes, inputs, variants;
  for (const auto& seen : scenario.setup.map.classes)
    classes.push_back(fmt::format("{} = {}", seen.name, seen.phases.empty() ? seen.every_cell ? "every cell" : "not seen" : fmt::format("{}", fmt::join(seen.phases, " + "))));
  for (const auto& d : scenario.deliveries) inputs.push_back(fmt::format("{} ({}) from {:.4g} h", d.input, d.kind, d.from_h));
  for (const auto& s : scenario.steps) inputs.push_back(fmt::format("{} (step) from {:.4g} h", s.input, s.from_h));
  for (const auto& v : scenario.variants) variants.push_back(v.name);
  found.facts = {{"title", scenario.title}, {"asks", scenario.question}, {"model", scenario.setup.model},
                 {"channel map", fmt::format("{}: {}", to_string(scenario.setup.map.reporter), fmt::join(classes, "; "))},
                 {"data format", scenario.data.format + (scenario.data.file.empty() ? "" : ", " + scenario.data.file)}};
  if (!inputs.empty()) found.facts.emplace_back("inputs", fmt::format("{}", fmt::join(inputs, ", ")));
  if (!variants.empty()) found.facts.emplace_back("compares", fmt::format("{}", fmt::join(variants, "; ")));
  if (scenario.predict) found.facts.emplace_back("predicts", "'" + scenario.predict->held_out + "' from the other arms");
  if (scenario.twin) found.facts.emplace_back("twin", fmt::format("{} parameters with a truth", scenario.twin->truth.size()));
  for (const Arm& arm : scenario.setup.arms) {
    std::vector<std::string> events;
    for (const auto& event : arm.schedule) events.push_back(fmt::format("{:.4g} h {}", event.time_h, event.target));
    found.arms.add_row({arm.condition, fmt::format("{}", fmt::join(scenario.arm_inputs.at(arm.condition), ", ")), fmt::format("{}", fmt::join(events, ", "))});
  }
  return found;
}

// The matrices as facts, the columns of cells as the table.
Inspection inspect_h5ad(const fs::path& path) {
  CellsInspection cells = inspect_cells(path);
  for (const auto& row : cells.matrices.rows()) cells.about.facts.emplace_back(std::get<std::string>(row[0]), std::get<std::string>(row[1]) + ": " + std::get<std::string>(row[4]));
  cells.about.arms = std::move(cells.columns);
  return std::move(cells.about);
}

Inspection inspect_file(const fs::path& path) {
  if (path.extension() == ".h5ad") return inspect_h5ad(path);
  if (path.extension() == ".h5") return inspect_run_file(path);
  if (path.extension() == ".xml" || path.extension() == ".zip") return inspect_tracks(path);
  return path.extension() == ".toml" ? inspect_scenario(path) : inspect_table(path);
}

bool is_readable(const fs::path& path) {
  const std::set<std::string> known{".csv", ".tsv", ".toml", ".xml", ".zip", ".h5ad"};
  return known.contains(path.extension().string());
}

}  // namespace

Inspection inspect_counts(const PhaseCounts& counts, std::string format) {
  Inspection found{counts.source, std::move(format), {}, Table({{"arm", "", ""}, {"wells", "", ""}, {"times", "", "most of a well"}, {"from", "h", ""},
                   {"to", "h", ""}, {"every", "min", "median step"}, {"missing", "", "values"}, {"gaps", "", ""}}), counts.notes};
  struct Arm {
    std::int64_t wells = 0, times = 0, missing = 0;
    double from = 1e300, to = -1e300, step = 0;
    std::set<std::string> gaps;
  };
  std::vector<std::string> order;
  std::map<std::string, Arm> arms;
  std::set<std::vector<double>> axes;
  for (const auto& well : counts.wells) {
    if (!arms.count(well.condition)) order.push_back(well.condition);
    Arm& arm = arms[well.condition];
    ++arm.wells;
    arm.times = std::max(arm.times, static_cast<std::int64_t>(well.times_h.size()));
    arm.missing += well.values.array().isNaN().count();
    arm.from = std::min(arm.from, well.times_h.front());
    arm.to = std::max(arm.to, well.times_h.back());
    arm.step = interval_of(well.times_h);
    for (const auto& gap : gaps_of(well.times_h)) arm.gaps.insert(gap);
    axes.insert(well.times_h);
  }
  std::int64_t single = 0;
  for (const auto& name : order) {
    const Arm& arm = arms[name];
    single += arm.wells == 1;
    found.arms.add_row({name, arm.wells, arm.times, arm.from, arm.to, arm.step > 0 ? Cell(arm.step * 60) : Cell(), arm.missing,
                        fmt::format("{}", fmt::join(arm.gaps, ", "))});
  }
  found.facts = {{"measured", std::string(to_string(counts.quantity))},
                 {"classes", fmt::format("{} ({})", fmt::join(counts.classes, ", "),
                                         counts.classes_partition_cells ? "every cell is in one of them" : "they overlap: no partition of the cells")},
                 {"time axis", counts.time_axis},
                 {"channel map", "none: which phase each class is must be said in the scenario, with the reporter's type"},
                 {"wells", fmt::format("{} in {} arms", counts.wells.size(), order.size())}};
  if (single > 0) found.doubts.push_back(fmt::format("{} of {} arms have one well: their differences have no interval from wells", single, order.size()));
  if (axes.size() > 1) found.doubts.push_back(fmt::format("wells have {} different time axes", axes.size()));
  return found;
}

std::vector<Inspection> inspect(const fs::path& path) {
  if (!fs::exists(path)) throw InputError(path.string(), "does not exist", "check the path");
  if (!fs::is_directory(path)) return {inspect_file(path)};
  if (is_run_directory(path)) return {inspect_run(path)};
  if (track_format_of(path) == "tidy") return {inspect_tracks(path)};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.is_regular_file() && is_readable(entry.path())) files.push_back(entry.path());
  if (files.empty()) throw InputError(path.string(), "holds no table (.csv, .tsv), no tracks (.xml, .zip), no scenario (.toml) and is not a run directory", "name the file, or the folder that holds it");
  std::sort(files.begin(), files.end());
  std::vector<Inspection> found;
  for (const auto& file : files) {
    try {
      found.push_back(inspect_file(file));
    } catch (const InputError& error) {      // one bad file does not hide the others
      found.push_back({file.string(), "cannot be read", {}, {}, {error.what()}, true});
    }
  }
  return found;
}

std::string to_terminal(const Inspection& inspection) {
  std::string out = inspection.path + "\n" + to_terminal_paragraph("  what         ", inspection.format);
  for (const auto& [name, value] : inspection.facts) out += to_terminal_paragraph(fmt::format("  {:<12} ", name), value);
  if (!inspection.arms.columns().empty()) out += "\n" + to_terminal(inspection.arms) + "\n";
  for (const auto& note : inspection.notes) out += to_terminal_paragraph("  note:   ", note);
  for (const auto& doubt : inspection.doubts) out += to_terminal_paragraph("  doubt:  ", doubt);
  return out;
}

}  // namespace hyped
