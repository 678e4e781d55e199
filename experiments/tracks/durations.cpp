// Durations of every phase and condition: jobs, tables and figures.
#include "experiments/tracks/durations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "experiments/tracks/duration_figures.hpp"
#include "experiments/tracks/duration_findings.hpp"
#include "experiments/tracks/duration_pair_tables.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/tracks/split_films.hpp"

namespace hyped {
namespace {

std::vector<FamilyKind> families_of(const DurationSettings& settings) {
  if (settings.families.empty()) return all_families();
  std::vector<std::string> known;
  for (const FamilyKind kind : all_families()) known.emplace_back(to_string(kind));
  std::vector<FamilyKind> out;
  for (const auto& name : settings.families) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) throw InputError("family " + name, "there is no such family of durations", did_you_mean(name, known));
    out.push_back(all_families()[static_cast<std::size_t>(found - known.begin())]);
  }
  return out;
}

std::vector<int> phases_of(const CellTracks& tracks, const DurationSettings& settings) {
  std::vector<int> out;
  if (tracks.phases.empty()) throw InputError(tracks.source, "the cells have no phases", "call them first: hyped tracks phases");
  if (settings.phases.empty())
    for (std::size_t p = 0; p < tracks.phases.size(); ++p) out.push_back(static_cast<int>(p));
  for (const auto& name : settings.phases) {
    const auto found = std::find(tracks.phases.begin(), tracks.phases.end(), name);
    if (found == tracks.phases.end()) throw InputError("phase " + name, "the tracks have no such phase", did_you_mean(name, tracks.phases));
    out.push_back(static_cast<int>(found - tracks.phases.begin()));
  }
  return out;
}

// Stays before and after a mark are of one condition, unless it was asked to tell them apart.
void warn_of_marks(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings) {
  if (!settings.split.empty()) return;
  for (const MarkedStays& m : marked_stays(tracks))
    if (m.before + m.across > 0 && m.after + m.across > 0)
      run.add_warning(fmt::format("{} of {} films carry the mark '{}' (at {}): {} stays were over before it, {} under way and {} begun after it, and all are fitted as one. Tell them apart by --split \"{}\".", m.films, tracks.films.size(), m.mark, m.first_h == m.last_h ? fmt::format("{:.4g} h", m.first_h) : fmt::format("{:.4g} to {:.4g} h", m.first_h, m.last_h), m.before, m.across, m.after, m.mark));
}

}  // namespace

DurationRun run_durations(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings, const Records& records) {
  const std::vector<FamilyKind> families = families_of(settings);
  const std::vector<int> phases = phases_of(tracks, settings);
  std::set<std::string> conditions;
  for (const auto& film : tracks.films) conditions.insert(film.condition);
  if (!settings.baseline.empty()) arm_covariates(tracks, settings.baseline);      // refuses an unknown one before the work
  DurationTables tables;
  const std::vector<Table> empty = tables.copies();
  struct Job {
    int phase;
    std::string condition;
    FamilyKind kind = FamilyKind::gamma;
    Findings found = {};
  };
  std::vector<Job> jobs, arms;
  for (const int phase : phases)
    for (const auto& condition : conditions) jobs.push_back({phase, condition});
  const auto merge = [&](const Job& job) {
    for (std::size_t t = 0; t < empty.size(); ++t) append(*tables.all()[t], job.found.tables[t]);
    job.found.tell(run);
  };
  warn_of_marks(run, tracks, settings);
  Progress progress("durations of phases and conditions", static_cast<long>(jobs.size()));
  parallel_for(static_cast<int>(jobs.size()), [&](int j) {
    Job& job = jobs[static_cast<std::size_t>(j)];
    job.found = findings_of(records.in("durations").job(fmt::format("{} {}", job.phase, job.condition), [&] { return record_of(duration_findings(tracks, job.phase, job.condition, families, settings)); }), empty);
    progress.advance();
  });
  bool fitted = false;
  for (const int phase : phases) {
    std::optional<FamilyKind> kind;
    for (const Job& job : jobs)
      if (job.phase == phase && job.found.kind >= 0 && (!kind || job.condition == settings.baseline)) kind = static_cast<FamilyKind>(job.found.kind);
    fitted = fitted || kind;
    if (kind && !settings.baseline.empty()) arms.push_back({phase, "", *kind});
  }
  parallel_for(static_cast<int>(arms.size()), [&](int j) {
    Job& job = arms[static_cast<std::size_t>(j)];
    DurationTables own;
    add_arms(own, tracks, job.phase, job.kind, settings, job.found);
    job.found.tables = own.copies();
  });
  DurationRun out;
  for (const Job& job : jobs) {
    merge(job);
    for (const auto& why : job.found.doubts) out.doubts[job.condition].push_back(tracks.phases[static_cast<std::size_t>(job.phase)] + ": " + why);
  }
  for (const Job& job : arms) merge(job);
  run.add_table("durations_used", tables.used, "Which stays count, and which were left out and why.");
  run.add_table("duration_families", tables.families, "Families fitted to the same stays.");
  run.add_table("duration_fits", tables.fits, "Parameters, mean and sd of every family with 95 % intervals.");
  run.add_table("survival", tables.survival, "Share of stays that last longer, without a model.");
  if (!tables.transforms.rows().empty()) run.add_table("transforms", tables.transforms, "Probability integral transform of every stay under the best family.");
  if (!tables.competing.rows().empty()) run.add_table("competing_ends", tables.competing, "Waiting times of the ways a stay ends, fitted together.");
  if (!tables.arms.rows().empty()) run.add_table("arms", tables.arms, "How conditions move the location, against the baseline.");
  add_duration_figures(run, tables.curve, tables.model, tables.density, tables.histogram);
  add_pairs(run, tracks, phases, records);
  out.fitted = fitted;
  if (!fitted) run.set_outcome({Status::not_identifiable, "no phase of any condition could be fitted"});
  return out;
}

}  // namespace hyped
