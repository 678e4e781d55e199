// Every kind of pair per phase and condition.
#include "experiments/tracks/duration_pair_tables.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <set>

#include "experiments/report/figure.hpp"
#include "experiments/tracks/findings.hpp"
#include "fitting/duration_pairs.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int fewest = 10;

struct PairTables {
  Table fits{{{"pairs", "", ""}, {"condition", "", ""}, {"n", "", "pairs, complete or not"}, {"complete", "", "both seen to end"}, {"copula_r", "1", "correlation of normal scores (Gaussian copula over log-normal margins), of all pairs, cut-off stays as longer than seen"}, {"lower", "1", "95 %, profile, of copula_r"},
              {"upper", "1", ""}, {"p_none", "1", "of no correlation"}, {"pearson", "1", "Pearson's r of the hours, complete pairs alone; of sisters intraclass"}, {"pearson_lower", "1", ""}, {"pearson_upper", "1", ""}, {"outcome", "", ""}}};
  Table points{{{"arm", "", ""}, {"panel", "", ""}, {"seen", "", "complete or cut off"}, {"x", "h", ""}, {"y", "h", ""}}};
};

double shown(const Duration& d) { return d.censored() ? d.lower_h : 0.5 * (d.lower_h + d.upper_h + d.entry_spread_h); }

void add_kind(PairTables& tables, Findings& out, const std::string& kind, const std::string& condition, const DurationPairs& pairs) {
  const int count = static_cast<int>(pairs.pairs.size());
  int complete = 0;
  for (const auto& [a, b] : pairs.pairs) complete += !a.censored() && !b.censored();
  if (complete < fewest) {
    if (count > 0) out.notes.push_back(fmt::format("pairs, {}{}: {} complete, no correlation below {}", kind, condition.empty() ? "" : " of " + condition, complete, fewest));
    return;
  }
  const PairFit fit = fit_pairs(pairs, {FamilyKind::lognormal, 1}, {FamilyKind::lognormal, 1});
  const bool good = fit.outcome.ok();
  const auto told = [&](double value) { return good ? cell_of(value) : Cell{}; };
  tables.fits.add_row({kind, condition, std::int64_t{count}, std::int64_t{complete}, told(fit.correlation.estimate), told(fit.correlation.lower), told(fit.correlation.upper), told(fit.test.p_value), cell_of(fit.pearson),
                       cell_of(fit.pearson_lower), cell_of(fit.pearson_upper), good ? fit.correlation.verdict : fit.outcome.message});
  if (good && kind.starts_with("sisters") && std::isfinite(fit.correlation.lower) && std::isfinite(fit.correlation.upper)) {
    const std::string which = complete == count ? fmt::format("{} pairs, all complete", count) : fmt::format("{} pairs, {} of them complete", count, complete);
    const std::string plain = std::isfinite(fit.pearson) ? fmt::format("Pearson of the hours{} {:.2f} [{:.2f}, {:.2f}]", complete == count ? "" : " of the complete ones", fit.pearson, fit.pearson_lower, fit.pearson_upper) : "no Pearson of the hours";
    out.answers.push_back(fmt::format("{} of {}: correlation of normal scores {:.2f} [{:.2f}, {:.2f}] (Gaussian copula; {}); {}.", kind, condition, fit.correlation.estimate, fit.correlation.lower, fit.correlation.upper, which, plain));
  }
  for (const auto& [a, b] : pairs.pairs) tables.points.add_row({condition, kind, std::string(a.censored() || b.censored() ? "cut off" : "complete"), shown(a), shown(b)});
}

}  // namespace

void add_pairs(RunDirectory& run, const CellTracks& tracks, const std::vector<int>& phases, const Records& records) {
  PairTables tables;
  const std::vector<Table> empty{tables.fits, tables.points};
  struct Job {
    std::string kind, condition;
    std::function<DurationPairs()> pairs;
    Findings found = {};
  };
  std::vector<Job> jobs;
  std::set<std::string> conditions;
  for (const auto& film : tracks.films) conditions.insert(film.condition);
  for (const auto& condition : conditions) {
    std::vector<int> kinds = phases;
    kinds.push_back(-1);
    for (const int phase : kinds) {
      const std::string name = phase < 0 ? "cycle" : tracks.phases[static_cast<std::size_t>(phase)];
      jobs.push_back({"sisters, " + name, condition, [&tracks, phase, condition] { return sister_pairs(tracks, phase, condition); }});
      jobs.push_back({"mother and daughter, " + name, condition, [&tracks, phase, condition] { return mother_daughter_pairs(tracks, phase, condition); }});
    }
    for (std::size_t p = 0; p + 1 < phases.size(); ++p)
      jobs.push_back({"one cell, " + tracks.phases[static_cast<std::size_t>(phases[p])] + " and " + tracks.phases[static_cast<std::size_t>(phases[p + 1])], condition,
                      [&tracks, first = phases[p], second = phases[p + 1], condition] { return within_cell_pairs(tracks, first, second, condition); }});
  }
  parallel_for(static_cast<int>(jobs.size()), [&](int j) {
    Job& job = jobs[static_cast<std::size_t>(j)];
    job.found = findings_of(records.in("pairs").job(job.kind + " of " + job.condition, [&] {
      PairTables own;
      Findings found;
      add_kind(own, found, job.kind, job.condition, job.pairs());
      found.tables = {own.fits, own.points};
      return record_of(found);
    }), empty);
  });
  for (const Job& job : jobs) {
    append(tables.fits, job.found.tables[0]);
    append(tables.points, job.found.tables[1]);
    job.found.tell(run);
  }
  if (tables.fits.rows().empty()) return;
  run.add_table("pairs", tables.fits, "How alike durations are in one cell, between sisters, and between mother and daughter: by a copula over all pairs, cut off or not, and plainly over the complete ones.");
  report::add_figure(run, {"pairs", "Pairs of durations; open marks: at least one of the two was cut off and is longer; every panel has its own scale.", "scatter", {{"points", tables.points}}, {{"x_label", "duration [h]"}, {"y_label", "duration of the other [h]"}}, "diagnostics"});
}

}  // namespace hyped
