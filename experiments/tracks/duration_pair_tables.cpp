// Every kind of pair per phase and condition.
#include "experiments/tracks/duration_pair_tables.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "experiments/report/figure.hpp"
#include "fitting/duration_pairs.hpp"

namespace hyped {
namespace {

constexpr int fewest = 10;

struct PairTables {
  Table fits{{{"pairs", "", ""}, {"condition", "", ""}, {"n", "", "pairs"}, {"complete", "", "both seen to end"}, {"correlation", "1", "of the normal scores, cut-off stays too"}, {"lower", "1", "95 %, profile"},
              {"upper", "1", ""}, {"p_none", "1", "of no correlation"}, {"pearson", "1", "hours, complete pairs alone"}, {"pearson_lower", "1", ""}, {"pearson_upper", "1", ""}, {"outcome", "", ""}}};
  Table points{{{"arm", "", ""}, {"panel", "", ""}, {"seen", "", "complete or cut off"}, {"x", "h", ""}, {"y", "h", ""}}};
};

double shown(const Duration& d) { return d.censored() ? d.lower_h : 0.5 * (d.lower_h + d.upper_h + d.entry_spread_h); }

void add_kind(PairTables& tables, RunDirectory& run, const std::string& kind, const std::string& condition, const DurationPairs& pairs) {
  const int count = static_cast<int>(pairs.pairs.size());
  int complete = 0;
  for (const auto& [a, b] : pairs.pairs) complete += !a.censored() && !b.censored();
  if (complete < fewest) {
    if (count > 0) run.add_note(fmt::format("pairs, {}{}: {} complete, no correlation below {}", kind, condition.empty() ? "" : " of " + condition, complete, fewest));
    return;
  }
  const PairFit fit = fit_pairs(pairs, {FamilyKind::lognormal, 1}, {FamilyKind::lognormal, 1});
  const bool good = fit.outcome.ok();
  const auto told = [&](double value) { return good ? cell_of(value) : Cell{}; };
  tables.fits.add_row({kind, condition, std::int64_t{count}, std::int64_t{complete}, told(fit.correlation.estimate), told(fit.correlation.lower), told(fit.correlation.upper), told(fit.test.p_value), cell_of(fit.pearson),
                       cell_of(fit.pearson_lower), cell_of(fit.pearson_upper), good ? fit.correlation.verdict : fit.outcome.message});
  for (const auto& [a, b] : pairs.pairs) tables.points.add_row({condition, kind, std::string(a.censored() || b.censored() ? "cut off" : "complete"), shown(a), shown(b)});
}

}  // namespace

void add_pairs(RunDirectory& run, const CellTracks& tracks, const std::vector<int>& phases) {
  PairTables tables;
  std::set<std::string> conditions;
  for (const auto& film : tracks.films) conditions.insert(film.condition);
  for (const auto& condition : conditions) {
    std::vector<int> kinds = phases;
    kinds.push_back(-1);
    for (const int phase : kinds) {
      const std::string name = phase < 0 ? "cycle" : tracks.phases[static_cast<std::size_t>(phase)];
      add_kind(tables, run, "sisters, " + name, condition, sister_pairs(tracks, phase, condition));
      add_kind(tables, run, "mother and daughter, " + name, condition, mother_daughter_pairs(tracks, phase, condition));
    }
    for (std::size_t p = 0; p + 1 < phases.size(); ++p)
      add_kind(tables, run, "one cell, " + tracks.phases[static_cast<std::size_t>(phases[p])] + " and " + tracks.phases[static_cast<std::size_t>(phases[p + 1])], condition, within_cell_pairs(tracks, phases[p], phases[p + 1], condition));
  }
  if (tables.fits.rows().empty()) return;
  run.add_table("pairs", tables.fits, "How alike durations are in one cell, between sisters, and between mother and daughter.");
  report::add_figure(run, {"pairs", "Pairs of durations; pale: at least one of them was cut off and is longer.", "scatter", {{"points", tables.points}}, {{"x_label", "duration [h]"}, {"y_label", "duration of the other [h]"}}, "diagnostics"});
}

}  // namespace hyped
