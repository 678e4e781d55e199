// Columns of score tables found by name; method x unit x metric.
#include "experiments/benchmark/leaderboard/score_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

namespace fs = std::filesystem;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Metrics of published tables whose direction is known (scPerturBench; mse_score and its like are scaled so that 1 is the best method).
struct KnownMetric {
  const char* name;
  bool relative;
};
constexpr KnownMetric known_metrics[] = {{"cor", false}, {"edistance_score", true}, {"mse_score", true}, {"DEG_score", false}, {"was_score", true}, {"sym_score", true}};

struct Entry {
  std::string method, unit, metric;
  double value = nan;
};
struct Gathered {
  std::vector<Entry> entries;
  std::map<std::string, CubeMetric> metrics;      // direction and scaling; no values
  std::vector<std::string> order;                 // of metrics
};

std::string column_of(const DelimitedTable& table, const std::string& asked, const std::vector<std::string>& usual, const char* option) {
  if (!asked.empty()) return table.columns()[table.column(asked)];
  for (const auto& name : usual)
    if (table.has(name)) return name;
  throw InputError(table.file(), fmt::format("has no column {}", fmt::join(usual, " or ")), fmt::format("name it with {}; there are {}", option, fmt::join(table.columns(), ", ")));
}

void add_metric(Gathered& out, const std::string& name, Better better, bool relative) {
  if (out.metrics.count(name)) return;
  out.metrics[name] = {name, better, relative, {}};
  out.order.push_back(name);
}

CubeMetric metric_asked(const std::string& text) {
  const auto equals = text.rfind('=');
  std::string direction = equals == text.npos ? "" : text.substr(equals + 1);
  const bool relative = direction.ends_with(",scaled");
  if (relative) direction.resize(direction.size() - 7);
  if (equals == text.npos || equals == 0 || (direction != "higher" && direction != "lower")) throw InputError("--metric " + text, "is not NAME=higher or NAME=lower", "add ,scaled where the table has it min-max scaled across methods: --metric mse_score=higher,scaled");
  return {text.substr(0, equals), direction == "higher" ? Better::higher : Better::lower, relative, {}};
}

void read_wide(Gathered& out, const fs::path& file, const ScoreReading& reading, std::vector<std::string>& words) {
  const DelimitedTable table = DelimitedTable::read(file);
  const std::string method = column_of(table, reading.method, {"method", "model", "predictor"}, "--method"), unit = column_of(table, reading.unit, {"op", "perturbation", "condition"}, "--unit");
  std::string data_set = reading.data_set;
  if (data_set.empty() && table.has("DataSet")) data_set = "DataSet";
  if (data_set == "none") data_set.clear();
  for (const auto& text : reading.metrics) {
    const CubeMetric m = metric_asked(text);
    add_metric(out, m.id, m.better, m.relative);
  }
  if (reading.metrics.empty())
    for (const auto& known : known_metrics)
      if (table.has(known.name)) add_metric(out, known.name, Better::higher, known.relative);
  if (out.order.empty()) throw InputError(table.file(), "has no metric whose direction is known", fmt::format("name them: --metric NAME=higher or NAME=lower; the columns are {}", fmt::join(table.columns(), ", ")));
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string name = table.name(r, table.column(method)), of = (data_set.empty() ? "" : table.name(r, table.column(data_set)) + ": ") + table.name(r, table.column(unit));
    if (!seen.insert({name, of}).second) throw table.error(r, table.column(unit), fmt::format("{} has two rows for {}", name, of), "name the column that tells them apart with --unit or --data-set");
    for (const auto& metric : out.order) out.entries.push_back({name, of, metric, table.number_or_missing(r, table.column(metric))});
  }
  std::vector<std::string> scaled;
  for (const auto& name : out.order)
    if (out.metrics.at(name).relative) scaled.push_back(name);
  words.push_back(fmt::format("{}: methods are column {}, perturbations column {}{}; metrics: {}.", file.filename().string(), method, unit, data_set.empty() ? "" : " within " + data_set, fmt::join(out.order, ", ")));
  if (!scaled.empty()) words.push_back(fmt::format("Published min-max scaled across methods within each perturbation: {}. Such a score changes when a method joins or leaves.", fmt::join(scaled, ", ")));
}

// One run of ours; returns the methods it adds.
void read_run(Gathered& out, const fs::path& folder, const std::string& given, const ScoreReading& reading, std::vector<std::string>& words) {
  const fs::path many = folder / "tables" / "by_condition.tsv", one = folder / "tables" / "scores.tsv";
  const bool run = fs::exists(many);
  if (!run && !fs::exists(one)) throw InputError(folder.string(), "holds neither tables/by_condition.tsv nor tables/scores.tsv", "give folders that hyped bench run or hyped bench score wrote");
  std::map<std::string, Better> direction;
  if (run) {
    const DelimitedTable scores = DelimitedTable::read(one);
    for (std::size_t r = 0; r < scores.rows(); ++r) direction[scores.text(r, scores.column("metric"))] = scores.text(r, scores.column("better")) == "lower" ? Better::lower : Better::higher;
  }
  const DelimitedTable table = DelimitedTable::read(run ? many : one);
  const std::string preset = reading.preset.empty() ? "strict" : reading.preset;
  std::string folder_name = folder.filename().string();
  if (folder_name.empty()) folder_name = folder.parent_path().filename().string();
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string metric = table.text(r, table.column("metric"));
    std::string unit = table.text(r, table.column("condition")), method = given.empty() ? folder_name : given;
    if (run) {
      method = (given.empty() ? "" : given + ": ") + table.text(r, table.column("predictor"));
      if (const auto context = table.text(r, table.column("context")); !context.empty()) unit += " in " + context;
      add_metric(out, metric, direction.count(metric) ? direction.at(metric) : Better::higher, false);
    } else {
      if (table.text(r, table.column("preset")) != preset || unit.empty()) continue;
      add_metric(out, metric, table.text(r, table.column("better")) == "lower" ? Better::lower : Better::higher, false);
    }
    out.entries.push_back({method, unit, metric, table.number_or_missing(r, table.column("value"))});
  }
  words.push_back(run ? fmt::format("{}: predictors of hyped bench run.", folder_name) : fmt::format("{}: one prediction{}, preset {}.", folder_name, given.empty() ? "" : ", called " + given, preset));
}

ScoreCube cube_of(const Gathered& gathered, std::vector<std::string>& words) {
  ScoreCube cube;
  std::map<std::string, std::size_t> method_at, unit_at, metric_at;
  const auto place = [](std::map<std::string, std::size_t>& at, std::vector<std::string>& names, const std::string& name) {
    const auto [found, fresh] = at.try_emplace(name, names.size());
    if (fresh) names.push_back(name);
    return found->second;
  };
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const auto& e : gathered.entries) {
    if (!seen.insert({e.method, e.unit, e.metric}).second) throw InputError("runs", fmt::format("{} has two scores of {} for {}: of two runs, or of two folders with one name", e.method, e.metric, e.unit), "give each prediction once; runs of different splits are different tasks");
    place(method_at, cube.methods, e.method), place(unit_at, cube.units, e.unit);
  }
  for (const auto& name : gathered.order) {
    metric_at[name] = cube.metrics.size();
    cube.metrics.push_back(gathered.metrics.at(name));
    cube.metrics.back().values = ProfileMatrix::Constant(static_cast<Eigen::Index>(cube.units.size()), static_cast<Eigen::Index>(cube.methods.size()), nan);
  }
  for (const auto& e : gathered.entries) cube.metrics[metric_at.at(e.metric)].values(static_cast<Eigen::Index>(unit_at.at(e.unit)), static_cast<Eigen::Index>(method_at.at(e.method))) = e.value;
  // a metric that some method never has cannot rank it
  for (std::size_t k = cube.metrics.size(); k-- > 0;) {
    const auto& values = cube.metrics[k].values;
    std::vector<std::string> without;
    for (Eigen::Index m = 0; m < values.cols(); ++m)
      if (values.col(m).array().isNaN().all()) without.push_back(cube.methods[static_cast<std::size_t>(m)]);
    if (without.empty()) continue;
    words.push_back(fmt::format("Metric {} is left out: it has no value at all for {}.", cube.metrics[k].id, fmt::join(without, ", ")));
    cube.metrics.erase(cube.metrics.begin() + static_cast<std::ptrdiff_t>(k));
  }
  return cube;
}

// The name before _NUMBER where every unit ends so.
std::vector<std::string> without_split(const std::vector<std::string>& units) {
  std::vector<std::string> out;
  for (const auto& unit : units) {
    const auto mark = unit.rfind('_');
    if (mark == unit.npos || mark == 0 || mark + 1 == unit.size() || !std::all_of(unit.begin() + static_cast<std::ptrdiff_t>(mark) + 1, unit.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return {};
    out.push_back(unit.substr(0, mark));
  }
  return out;
}

}  // namespace

ScoreTables read_scores(const ScoreReading& reading) {
  if (reading.inputs.empty()) throw InputError("hyped bench leaderboard", "no table and no run folder is given");
  ScoreTables out;
  Gathered gathered;
  const bool folders = fs::is_directory(reading.inputs.front());
  if (!folders && reading.inputs.size() > 1) throw InputError(reading.inputs[1].string(), "a table of published scores is read alone", "give one table, or run folders only");
  if (!reading.names.empty() && (!folders || reading.names.size() != reading.inputs.size())) throw InputError("--name", fmt::format("{} names are given for {} {}", reading.names.size(), reading.inputs.size(), folders ? "run folders" : "table"), "give one name for each run folder, in their order; a table names its methods itself");
  for (std::size_t i = 0; i < reading.inputs.size(); ++i) {
    const auto& input = reading.inputs[i];
    if (fs::is_directory(input) != folders) throw InputError(input.string(), "tables and run folders cannot be mixed");
    if (folders) read_run(gathered, input, reading.names.empty() ? "" : reading.names[i], reading, out.words);
    else read_wide(gathered, input, reading, out.words);
  }
  out.rows = cube_of(gathered, out.words);
  check_cube(out.rows, reading.inputs.front().string());
  const auto names = reading.splits_apart ? std::vector<std::string>{} : without_split(out.rows.units);
  if (names.empty()) {
    out.perturbations = out.rows;
    return out;
  }
  std::vector<std::string> distinct;
  std::map<std::string, int> at;
  std::vector<int> group;
  for (const auto& name : names) {
    const auto [found, fresh] = at.try_emplace(name, static_cast<int>(distinct.size()));
    if (fresh) distinct.push_back(name);
    group.push_back(found->second);
  }
  out.perturbations = grouped_units(out.rows, group, distinct);
  out.words.push_back(fmt::format("All {} units end in a number: they are taken as splits of {} perturbations, which are what is drawn again (--splits-apart: each by itself).", out.rows.units.size(), distinct.size()));
  return out;
}

}  // namespace hyped
