// Times found by label, targets from samples, cells or gene sets.
#include "experiments/planning/dgc/dgc_problem.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "experiments/cells/expression_input.hpp"
#include "experiments/program_files.hpp"
#include "libhyped/ingest/networks/read_expression_series.hpp"

namespace hyped {
namespace {

std::size_t time_index(const ExpressionCourse& course, double hours) {
  const auto at = std::find(course.times_h.begin(), course.times_h.end(), hours);
  HYPED_REQUIRE(at != course.times_h.end());
  return static_cast<std::size_t>(at - course.times_h.begin());
}

Eigen::MatrixXd states_at(const ExpressionCourse& course, std::size_t time) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(course.genes.size()), static_cast<Eigen::Index>(course.replicates.size()));
  for (std::size_t r = 0; r < course.replicates.size(); ++r) out.col(static_cast<Eigen::Index>(r)) = course.replicates[r].col(static_cast<Eigen::Index>(time));
  return out;
}

std::string time_words(const ExpressionCourse& course, std::size_t t) {
  return course.labelled_h[t] == course.times_h[t] ? fmt::format("{:g} h", course.times_h[t]) : fmt::format("{:g} h (labelled {:g} h)", course.times_h[t], course.labelled_h[t]);
}

// Of each sample's total, the share on these genes [N].
Eigen::RowVectorXd share_on(const ExpressionSeries& series, const std::unordered_map<std::string, std::size_t>& genes) {
  Eigen::VectorXd in(static_cast<Eigen::Index>(series.genes.size()));
  for (std::size_t g = 0; g < series.genes.size(); ++g) in[static_cast<Eigen::Index>(g)] = genes.contains(series.genes[g]) ? 1 : 0;
  const Eigen::MatrixXd amounts = series.counted ? series.values : Eigen::MatrixXd(((series.values.array() * std::log(2.0)).exp() - 1).cwiseMax(0));
  return (in.transpose() * amounts).cwiseQuotient(amounts.colwise().sum());
}

// Levels of all samples as if their totals were those of the share alone.
void normalise_to_share(ExpressionCourse& course, const ExpressionSeries& series, const Eigen::RowVectorXd& share) {
  std::map<int, std::map<double, Eigen::Index>> at;
  for (std::size_t n = 0; n < series.samples.size(); ++n) at[series.samples[n].replicate][series.samples[n].time_h] = static_cast<Eigen::Index>(n);
  auto replicate = course.replicates.begin();
  for (const auto& [number, samples] : at) {
    for (std::size_t t = 0; t < course.labelled_h.size(); ++t) {
      auto column = replicate->col(static_cast<Eigen::Index>(t));
      column = (1 + ((column.array() * std::log(2.0)).exp() - 1) / share[samples.at(course.labelled_h[t])]).log() / std::log(2.0);
    }
    ++replicate;
  }
}

OutsideTarget target_of_cells(const ExpressionCourse& course, const ExpressionSeries& series, const DgcSettings& settings) {
  const auto equals = settings.target_label.find('=');
  if (equals == std::string::npos) throw InputError("--target-label " + settings.target_label, "is not COLUMN=LABEL", "say which cells are the target, for example cell_type=myotube");
  ExpressionInput input = read_expression(settings.target_cells, {ExpressionUse::counts, "", 1e4});
  const std::string label = settings.target_label.substr(equals + 1);
  const CellGroups groups = groups_by(input.data.obs, settings.target_label.substr(0, equals), {label}, settings.target_cells);
  std::vector<double> sums(input.genes.size(), 0);
  double all = 0;
  int cells = 0;
  for (const auto code : groups.of_cell) cells += code == 0 ? 1 : 0;
  for (int g = 0; g < input.by_gene.rows; ++g) {
    const auto columns = input.by_gene.columns_of(g);
    const auto values = input.by_gene.values_of(g);
    for (std::size_t k = 0; k < columns.size(); ++k)
      if (groups.of_cell[static_cast<std::size_t>(columns[k])] == 0) sums[static_cast<std::size_t>(g)] += values[k];
    all += sums[static_cast<std::size_t>(g)];
  }
  if (!(all > 0)) throw InputError(settings.target_cells, "the cells of " + settings.target_label + " have no counts", "");
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t g = 0; g < input.genes.size(); ++g) place.emplace(input.genes[g], g);
  const auto genes = static_cast<Eigen::Index>(course.genes.size());
  OutsideTarget out{Eigen::VectorXd::Zero(genes), Eigen::VectorXd::Zero(genes), {}, ""};
  // a panel's total is no transcriptome's: both are then normalised by the genes that both have
  const Eigen::RowVectorXd share = share_on(series, place);
  std::string by = "their total";
  if (share.mean() > 0 && share.mean() < 0.5) {
    const std::unordered_set<std::string> measured(series.genes.begin(), series.genes.end());
    all = 0;
    for (const auto& [name, g] : place)
      if (measured.contains(name)) all += sums[g];
    if (!(all > 0)) throw InputError(settings.target_cells, "the cells of " + settings.target_label + " have no counts of genes of the series", "name genes the same way in both");
    out.share = share;
    by = "the total of the genes that both have";
  }
  for (Eigen::Index g = 0; g < genes; ++g)
    if (const auto at = place.find(course.genes[static_cast<std::size_t>(g)]); at != place.end()) out.profile[g] = std::log2(1 + 1e6 * sums[at->second] / all), out.known[g] = 1;
  if (out.known.sum() < 10) throw InputError(settings.target_cells, fmt::format("shares {:g} genes with the series", out.known.sum()), "name genes the same way in both");
  out.words = fmt::format("{} cells of {}, log2(CPM + 1) of their summed counts by {}, {:g} genes shared; taken as exact. Protocols differ: part of d0 is between protocols, not between cells", cells, settings.target_label, by, out.known.sum());
  return out;
}

OutsideTarget target_of_set(const ExpressionCourse& course, const Eigen::VectorXd& start, const DgcSettings& settings) {
  const auto colon = settings.target_set.rfind(':');
  const std::filesystem::path file = colon == std::string::npos ? program_file("data/gene_sets/cell_type_markers.tsv") : std::filesystem::path(settings.target_set.substr(0, colon));
  const std::string name = colon == std::string::npos ? settings.target_set : settings.target_set.substr(colon + 1);
  const auto sets = read_marker_sets(file);
  const auto at = std::find_if(sets.begin(), sets.end(), [&](const auto& one) { return one.cell_type == name; });
  if (at == sets.end()) {
    std::vector<std::string> names;
    for (const auto& one : sets) names.push_back(one.cell_type);
    throw InputError(file.string(), "has no set '" + name + "'", did_you_mean(name, names));
  }
  const std::set<std::string> wanted(at->genes.begin(), at->genes.end());
  OutsideTarget out{start, Eigen::VectorXd::Ones(start.size()), {}, ""};
  int found = 0;
  for (std::size_t g = 0; g < course.genes.size(); ++g)
    if (wanted.contains(course.genes[g])) out.profile[static_cast<Eigen::Index>(g)] += settings.raise, ++found;
  if (found == 0) throw InputError(file.string(), fmt::format("no gene of '{}' is among the {} genes used", name, course.genes.size()), "lower --least-cpm: genes that are to rise may be silent now");
  out.words = fmt::format("the start with {} of {} genes of '{}' {} by {:.3g} log2 units, all others unchanged", found, wanted.size(), name, settings.raise > 0 ? "higher" : "lower", std::abs(settings.raise));
  return out;
}

}  // namespace

std::vector<bool> DgcCase::used() const {
  std::vector<bool> out;
  for (const double one : known) out.push_back(one > 0);
  return out;
}

bool has_numbers(const ExpressionSeries& series) {
  return std::all_of(series.samples.begin(), series.samples.end(), [](const auto& one) { return one.number >= 0; });
}

double hours_of(const ExpressionSeries& series, const std::string& text) {
  std::set<double> times;
  for (const auto& one : series.samples) {
    times.insert(one.time_h);
    if (one.name == text || one.name.find("_" + text + "R") != std::string::npos || fmt::format("{:g}", one.time_h) == text || fmt::format("{:g} h", one.time_h) == text) return one.time_h;
  }
  throw InputError(series.source, "has no time or sample '" + text + "'", fmt::format("times are {} h", fmt::join(times, ", ")));
}

DgcCase make_case(const ExpressionSeries& series, const DgcSettings& settings, TimeOrder order) {
  DgcCase out;
  out.course = make_course(series, {order, settings.least_cpm, false});
  const ExpressionCourse& course = out.course;
  const std::size_t start = settings.start.empty() ? 0 : time_index(course, hours_of(series, settings.start));
  std::size_t until = start;
  if (!settings.path_until.empty()) {
    until = time_index(course, hours_of(series, settings.path_until[0]));
    if (until <= start) throw InputError("--path-until " + settings.path_until[0], fmt::format("is not after the start, {:g} h", course.times_h[start]), "give a later time");
  }
  out.data.rule = settings.rule;
  for (std::size_t t = start; t <= until; ++t) out.data.path.push_back(states_at(course, t));
  if (until == start) out.step_times_h = {course.times_h[start]};
  else
    for (std::size_t t = start; t < until; ++t) out.step_times_h.push_back(course.times_h[t]);
  out.words = until == start ? fmt::format("Start: samples of {}; static (A = I, one step).", time_words(course, start))
                             : fmt::format("Start: samples of {}; {} data-guided steps to {}.", time_words(course, start), until - start, time_words(course, until));
  out.known = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(course.genes.size()));
  const int kinds = (settings.target.empty() ? 0 : 1) + (settings.target_cells.empty() ? 0 : 1) + (settings.target_set.empty() ? 0 : 1);
  if (kinds != 1) throw InputError("target", kinds == 0 ? "is not given" : "is given in several ways", "give one of --target TIMES, --target-cells FILE with --target-label, --target-set NAME");
  if (!settings.target.empty()) {
    std::vector<std::string> words;
    std::set<std::size_t> times;
    for (const auto& text : settings.target) times.insert(time_index(course, hours_of(series, text)));
    for (const auto t : times) {
      if (t >= start && t <= until)
        throw InputError("--target " + fmt::format("{:g}", course.times_h[t]), until == start ? "is the start" : fmt::format("lies on the path from {:g} to {:g} h: its samples would be step and target at once", course.times_h[start], course.times_h[until]), "give times before or after it");
      out.data.target.push_back(states_at(course, t));
      words.push_back(time_words(course, t));
    }
    out.words += fmt::format(" Target: mean of the samples of {}.", fmt::join(words, " and "));
    return out;
  }
  const OutsideTarget outside = !settings.target_cells.empty() ? target_of_cells(course, series, settings) : target_of_set(course, out.data.path[0].rowwise().mean(), settings);
  out.data.target_follows_start = settings.target_cells.empty();
  if (outside.share.size() > 0) {
    normalise_to_share(out.course, series, outside.share);
    for (std::size_t t = start; t <= until; ++t) out.data.path[t - start] = states_at(course, t);
    out.warnings.push_back(fmt::format("The target's cells have only {:.2g} % of the series' counts on their genes (a panel?): both are normalised by the total of the genes that both have, not by all.", 100 * outside.share.mean()));
  }
  out.known = outside.known;
  if (out.known.sum() < static_cast<double>(course.genes.size()))
    out.course.notes = {fmt::format("{:g} genes are used: of {} of the series with a mean CPM above {:g}, those that the target has.", out.known.sum(), course.genes.size(), settings.least_cpm)};
  for (auto& state : out.data.path) state = (out.known.asDiagonal() * state).eval();
  out.data.target = {outside.profile};
  out.words += " Target: " + outside.words + ".";
  return out;
}

}  // namespace hyped
