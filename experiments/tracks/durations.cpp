// Durations of every phase and condition: fits, curves, tables and figures.
#include "experiments/tracks/durations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "experiments/tracks/duration_figures.hpp"
#include "experiments/tracks/duration_pair_tables.hpp"
#include "experiments/tracks/findings.hpp"
#include "fitting/competing_risks.hpp"
#include "fitting/duration_check.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/tracks/durations/survival_curves.hpp"

namespace hyped {
namespace {

struct Tables {
  Table used{{{"phase", "", ""}, {"condition", "", ""}, {"stays", "", "that count"}, {"finished", "", ""}, {"cut_off", "", "longer than seen"}, {"what", "", "kinds of stays, used and left out"}}};
  Table fits{{{"phase", "", ""}, {"condition", "", ""}, {"family", "", ""}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %, profile"}, {"upper", "", "95 %, profile"},
              {"wald_lower", "", "95 %, from the curvature"}, {"wald_upper", "", ""}, {"inflation", "1", "of the variance by likeness of relatives, in both intervals"}, {"verdict", "", "is the interval closed; a mean is told if more stays finished than the family has parameters, its profile closes and the spread has not collapsed"}, {"finished", "", "stays"}, {"cut_off", "", "stays"}}};
  Table families{{{"phase", "", ""}, {"condition", "", ""}, {"family", "", ""}, {"parameters", "", ""}, {"log_l", "", ""}, {"d_aicc", "", "to the best"}, {"weight", "1", "Akaike weight"},
                  {"fit_p", "1", "Anderson-Darling, parametric bootstrap; of the best family"}, {"outcome", "", ""}}};
  Table survival{{{"phase", "", ""}, {"condition", "", ""}, {"estimate", "", "kaplan_meier or turnbull"}, {"time_h", "h", ""}, {"survival", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}}};
  Table competing{{{"phase", "", ""}, {"condition", "", ""}, {"cause", "", ""}, {"family", "", "exponential: one rate at all ages"}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %, profile"}, {"upper", "", "95 %, profile"}, {"verdict", "", "is the interval closed"}, {"ended", "", "stays"}}};
  Table arms{{{"phase", "", ""}, {"family", "", ""}, {"condition", "", "against the baseline"}, {"log_ratio", "1", "of the location"}, {"lower", "", ""}, {"upper", "", ""}, {"p_ratio", "1", "of no difference between any conditions"}}};
  Table transforms{{{"phase", "", ""}, {"condition", "", ""}, {"family", "", ""}, {"lower", "1", "uniform between lower and upper if the family is right"}, {"upper", "1", "equal to lower where the end is known exactly"}}};
  Table curve{{{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "", ""}, {"lower", "", ""}, {"upper", "", ""}}};
  Table model{{{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "", ""}}};
  Table density{{{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "1/h", ""}}};
  std::vector<Table*> all() { return {&used, &fits, &families, &survival, &competing, &arms, &transforms, &curve, &model, &density}; }
  std::vector<Table> copies() {
    std::vector<Table> out;
    for (const Table* table : all()) out.push_back(*table);
    return out;
  }
};

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

DurationPolicy policy_of(const DurationSettings& settings, int phase, const std::string& condition, bool deaths) {
  DurationPolicy policy;
  policy.phase = phase;
  policy.condition = condition;
  policy.unseen_entry = settings.unseen_entry;
  policy.kept = settings.kept;
  policy.growth_rate_per_h = settings.growth_rate_per_h;
  if (deaths) policy.causes.push_back({"death", {StayEnd::death}});
  return policy;
}

bool has_deaths(const CellTracks& tracks, int phase, const std::string& condition) {
  for (const auto& cell : tracks.cells)
    if (condition.empty() || tracks.films[static_cast<std::size_t>(cell.film)].condition == condition)
      for (const auto& stay : cell.stays)
        if (stay.phase == phase && stay.end == StayEnd::death) return true;
  return false;
}

// Product-limit or Turnbull steps, where the data have such an estimate.
void add_curve(Tables& tables, const DurationData& data, const std::string& phase, const std::string& condition, const DurationSettings& settings, Findings& out) {
  bool framed = false, none = false;
  for (const Duration& d : data.durations) {
    framed = framed || d.entry_spread_h > 0 || (!d.exact() && !d.censored());
    none = none || d.residual || std::isfinite(d.seen_if_below_h);
  }
  if (none) {
    out.notes.push_back(fmt::format("{}: stays met half way, or kept because they ended, have no survival curve without a model", data.name));
    return;
  }
  // what lies between frames is drawn in the middle of its interval, told at the end of it
  const auto add = [&](const char* how, double time, double drawn, double survival, double lower, double upper) {
    tables.survival.add_row({phase, condition, std::string(how), time, survival, cell_of(lower), cell_of(upper)});
    tables.curve.add_row({condition, phase, drawn, survival, cell_of(std::isfinite(lower) ? lower : survival), cell_of(std::isfinite(upper) ? upper : survival)});
  };
  add(framed ? "turnbull" : "kaplan_meier", 0, 0, 1, 1, 1);
  if (framed) {
    const TurnbullCurve curve = turnbull(data, {.seed = settings.seed});
    if (!curve.outcome.ok()) out.warnings.push_back(curve.outcome.message);
    for (std::size_t k = 0; k < curve.mass.size(); ++k)
      if (std::isfinite(curve.to_h[k])) add("turnbull", curve.to_h[k], 0.5 * (curve.from_h[k] + curve.to_h[k]), curve.survival[k], curve.lower[k], curve.upper[k]);
  } else {
    const SurvivalCurve curve = kaplan_meier(data);
    for (std::size_t k = 0; k < curve.time_h.size(); ++k) add("kaplan_meier", curve.time_h[k], curve.time_h[k], curve.survival[k], curve.lower[k], curve.upper[k]);
  }
}

std::array<double, 4> eta_of(const DurationData& data, const DurationFit& fit) {
  const DurationEta eta = DurationLikelihood(data, fit.model, fit.terms).eta_at(fit.best.theta, Eigen::VectorXd::Zero(data.design.cols()));
  return {eta[0].value, eta[1].value, eta[2].value, eta[3].value};
}

void add_model(Tables& tables, const DurationData& data, const DurationFit& fit, const std::string& phase, const std::string& condition) {
  double last = 0;
  for (const Duration& d : data.durations) last = std::max(last, d.censored() ? d.lower_h : d.upper_h);
  const auto eta = eta_of(data, fit);
  for (int i = 0; i <= 200; ++i) {
    const double t = last * 1.05 * i / 200;
    tables.model.add_row({condition, phase, t, std::exp(log_mixture_survival(fit.model, eta, t))});
    tables.density.add_row({condition, phase, t, std::exp(log_mixture_density(fit.model, eta, t))});
  }
}

// The best family by AICc, or nothing if none could be fitted.
const DurationFit* add_fits(Tables& tables, const FamilyComparison& found, const DurationData& data, const std::string& phase, const std::string& condition, const DurationSettings& settings, Findings& out) {
  const DurationFit* best = nullptr;
  std::size_t next = 0;
  for (const DurationFit& fit : found.fits)
    if (fit.outcome.ok() && found.scores[next++].aicc_difference == 0) best = &fit;
  next = 0;
  for (const DurationFit& fit : found.fits) {
    const std::string& name = fit.evidence.model;
    if (!fit.outcome.ok()) {
      tables.families.add_row({phase, condition, name, std::int64_t{fit.evidence.parameters}, Cell{}, Cell{}, Cell{}, Cell{}, fit.outcome.message});
      continue;
    }
    const ModelScore& score = found.scores[next++];
    Cell p_value;
    if (&fit == best && settings.draws > 0) {
      const GoodnessOfFit check = goodness_of_fit(data, fit, {settings.draws, settings.seed});
      if (check.outcome.ok()) p_value = check.p_value;
      else out.warnings.push_back(data.name + ": " + check.outcome.message);
      for (const TransformedDuration& one : check.transforms) tables.transforms.add_row({phase, condition, name, one.lower, one.upper});
      const double least = 1.0 / (settings.draws + 1);      // no simulated set fits as badly: few draws cannot say how small p is
      if (check.outcome.ok() && (check.p_value < 0.01 || check.p_value < 1.5 * least)) out.warnings.push_back(fmt::format("{}: even the best family, {}, does not describe the durations (p {}{:.3g})", data.name, name, check.p_value < 1.5 * least ? "at most " : "", check.p_value));
    }
    tables.families.add_row({phase, condition, name, std::int64_t{fit.evidence.parameters}, score.log_likelihood, score.aicc_difference, score.weight, p_value, std::string("ok")});
    for (const LikelihoodInterval& one : fit.intervals) {
      const bool told = fit.not_estimable.empty() || (one.name != "mean" && one.name != "sd");
      const auto shown = [&](double value) { return told ? cell_of(value) : Cell{}; };
      tables.fits.add_row({phase, condition, name, one.name, one.unit, shown(one.estimate), shown(one.lower), shown(one.upper), shown(one.wald_lower), shown(one.wald_upper), one.inflation, told ? one.verdict : "not estimable: " + fit.not_estimable, std::int64_t{fit.finished}, std::int64_t{fit.cut_off}});
    }
    if (&fit == best)
      for (const auto& word : fit.words) out.notes.push_back(data.name + ", " + name + ": " + word);
  }
  return best;
}

// Progress by the best family that is smooth between frames; rarer ends by a Weibull, or by one rate where too few tell more.
void add_competing(Tables& tables, const DurationData& data, const FamilyComparison& found, const std::string& phase, const std::string& condition, Findings& out) {
  constexpr int fewest = 10;
  const DurationFit* best = nullptr;
  double lowest = 0;
  std::size_t next = 0;
  for (const DurationFit& fit : found.fits) {
    if (!fit.outcome.ok()) continue;
    const double difference = found.scores[next++].aicc_difference;
    const bool step = fit.model.family.kind == FamilyKind::delayed_exponential || !fit.best.at_lower.empty();
    if (!step && fit.model.family.kind != FamilyKind::erlang && (best == nullptr || difference < lowest)) best = &fit, lowest = difference;
  }
  if (best == nullptr) return;
  std::vector<DurationModel> models{{{best->model.family.kind, 1}, false}};
  std::vector<std::int64_t> ended;
  for (std::size_t c = 0; c < data.causes.size(); ++c) {
    ended.push_back(std::count_if(data.durations.begin(), data.durations.end(), [&](const Duration& d) { return d.cause == static_cast<int>(c); }));
    if (c > 0) models.push_back({ended[c] < fewest ? DurationFamily{FamilyKind::erlang, 1} : DurationFamily{FamilyKind::weibull, 1}, false});
  }
  const CompetingFit fit = fit_competing(data, models);
  if (!fit.outcome.ok()) {
    out.warnings.push_back("competing ends of " + data.name + ": " + fit.outcome.message);
    return;
  }
  for (std::size_t c = 0; c < fit.causes.size(); ++c) {
    const bool one_rate = models[c].family.kind == FamilyKind::erlang;
    for (const LikelihoodInterval& one : fit.causes[c].intervals)
      if (!one_rate) tables.competing.add_row({phase, condition, data.causes[c], models[c].family.name(), one.name, one.unit, cell_of(one.estimate), cell_of(one.lower), cell_of(one.upper), one.verdict, ended[c]});
      else if (one.name == "mean") tables.competing.add_row({phase, condition, data.causes[c], std::string("exponential"), std::string("rate"), std::string("1/h"), cell_of(1 / one.estimate), cell_of(1 / one.upper), cell_of(1 / one.lower), one.verdict, ended[c]});
  }
}

// Do conditions differ? The best family of the baseline with a location per condition, against one for all.
void add_arms(Tables& tables, const CellTracks& tracks, int phase, FamilyKind kind, const DurationSettings& settings, Findings& out) {
  DurationPolicy policy = policy_of(settings, phase, "", false);
  policy.covariates = arm_covariates(tracks, settings.baseline);
  if (policy.covariates.empty()) return;
  const DurationData data = make_durations(tracks, policy);
  const DurationFit with = fit_durations(data, {{kind, 1}, settings.never}, {{"location", data.covariates}}), without = fit_durations(data, {{kind, 1}, settings.never}, {}, {.intervals = false});
  if (!with.outcome.ok() || !without.outcome.ok()) {
    out.warnings.push_back("conditions of " + data.name + ": " + (with.outcome.ok() ? without : with).outcome.message);
    return;
  }
  double inflation = 1;      // relatives count as fewer cells
  for (const LikelihoodInterval& one : with.intervals) inflation = std::max(inflation, one.inflation);
  const RatioTest test = likelihood_ratio({without.evidence.model, without.log_likelihood() / inflation, without.evidence.parameters, data.count(), data.name},
                                          {with.evidence.model, with.log_likelihood() / inflation, with.evidence.parameters, data.count(), data.name});
  for (const LikelihoodInterval& one : with.intervals)
    if (const auto at = one.name.find(": "); at != one.name.npos && one.name.starts_with("log "))
      tables.arms.add_row({tracks.phases[static_cast<std::size_t>(phase)], with.evidence.model, one.name.substr(at + 2), cell_of(one.estimate), cell_of(one.lower), cell_of(one.upper), test.p_value});
}

// A survival that stays on a level, which no family has: is a share of cells that never leaves the phase more likely? Told without any draws.
void warn_of_plateau(const DurationData& data, const DurationFit& best, const DurationSettings& settings, Findings& out) {
  if (settings.never || settings.kept == StaysKept::finished_only || settings.unseen_entry == UnseenEntry::residual || !best.not_estimable.empty()) return;
  double longest = 0;
  int later = 0;
  for (const Duration& d : data.durations)
    if (!d.censored()) longest = std::max(longest, d.upper_h + d.entry_spread_h);
  for (const Duration& d : data.durations) later += d.censored() && d.lower_h > longest;
  if (later == 0) return;
  const FamilyKind kind = best.model.family.kind == FamilyKind::erlang ? FamilyKind::gamma : best.model.family.kind;
  const DurationFit plain = kind == best.model.family.kind ? best : fit_durations(data, {{kind, 1}, false}, {}, {.intervals = false}), with = fit_durations(data, {{kind, 1}, true});
  if (!plain.outcome.ok() || !with.outcome.ok()) return;
  double inflation = 1;
  for (const LikelihoodInterval& one : best.intervals) inflation = std::max(inflation, one.inflation);
  const double statistic = std::max(0.0, 2 * (with.log_likelihood() - plain.log_likelihood()) / inflation);
  // a share stands at the edge of its range if there is none: half of chi-square with one degree (Self & Liang 1987, JASA 82:605)
  const double p = 0.5 * std::erfc(std::sqrt(0.5 * statistic));
  const LikelihoodInterval& never = with.interval("never");
  if (p < 0.01)
    out.warnings.push_back(fmt::format("{}: {} watched beyond {:.4g} h, longer than any that ended, and a share of cells that never leaves, {:.3g} [{:.3g}, {:.3g}], explains it better (p {:.2g}, {}). Means without it are too long: fit it by --never.", data.name,
                                       later == 1 ? "1 stay was" : fmt::format("{} stays were", later), longest, never.estimate, never.lower, never.upper, p, to_string(kind)));
}

// Everything about one phase of one condition; `kind` is the best family, -1 if none could be fitted.
Findings findings_about(const CellTracks& tracks, int phase, const std::string& condition, const std::vector<FamilyKind>& families, const DurationSettings& settings) {
  Tables tables;
  Findings out;
  const auto done = [&] {
    out.tables = tables.copies();
    return out;
  };
  const std::string& name = tracks.phases[static_cast<std::size_t>(phase)];
  const bool deaths = settings.kept == StaysKept::all && settings.unseen_entry == UnseenEntry::left_out && has_deaths(tracks, phase, condition);
  DurationData all;
  try {
    all = make_durations(tracks, policy_of(settings, phase, condition, deaths));
  } catch (const InputError& nothing) {
    out.warnings.emplace_back(nothing.what());
    return done();
  }
  const DurationData data = deaths ? for_cause(all, 0) : all;
  const auto finished = std::count_if(data.durations.begin(), data.durations.end(), [](const Duration& d) { return !d.censored(); });
  tables.used.add_row({name, condition, std::int64_t{data.count()}, std::int64_t{finished}, std::int64_t{data.count() - finished}, fmt::format("{}", fmt::join(all.words, "; "))});
  for (const auto& word : all.words)
    if (word.find("exactly 0 h") != word.npos) out.notes.push_back(data.name + ": " + word);
  if (finished == 0) {
    out.warnings.push_back(data.name + ": no stay was seen to end, nothing is fitted");
    return done();
  }
  add_curve(tables, data, name, condition, settings, out);
  const FamilyComparison found = compare_families(data, families, settings.never);
  const DurationFit* best = add_fits(tables, found, data, name, condition, settings, out);
  if (!best) {
    out.warnings.push_back(data.name + ": no family could be fitted");
    return done();
  }
  out.kind = static_cast<int>(best->model.family.kind);
  add_model(tables, data, *best, name, condition);
  if (deaths) add_competing(tables, all, found, name, condition, out);
  warn_of_plateau(data, *best, settings, out);
  const std::string seen = fmt::format("{}; {} finished, {} cut off", best->evidence.model, best->finished, best->cut_off);
  if (const LikelihoodInterval& mean = best->interval("mean"); best->not_estimable.empty())
    out.answers.push_back(fmt::format("{}: mean {:.3g} h [{:.3g}, {:.3g}] ({}).", data.name, mean.estimate, mean.lower, mean.upper, seen));
  else
    out.answers.push_back(fmt::format("{}: mean not estimable ({}): {}.", data.name, seen, best->not_estimable));
  return done();
}

}  // namespace

bool run_durations(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings, const Records& records) {
  const std::vector<FamilyKind> families = families_of(settings);
  const std::vector<int> phases = phases_of(tracks, settings);
  std::set<std::string> conditions;
  for (const auto& film : tracks.films) conditions.insert(film.condition);
  if (!settings.baseline.empty()) arm_covariates(tracks, settings.baseline);      // refuses an unknown one before the work
  Tables tables;
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
  Progress progress("durations of phases and conditions", static_cast<long>(jobs.size()));
  parallel_for(static_cast<int>(jobs.size()), [&](int j) {
    Job& job = jobs[static_cast<std::size_t>(j)];
    job.found = findings_of(records.in("durations").job(fmt::format("{} {}", job.phase, job.condition), [&] { return record_of(findings_about(tracks, job.phase, job.condition, families, settings)); }), empty);
    progress.advance();
  });
  bool any = false;
  for (const int phase : phases) {
    std::optional<FamilyKind> kind;
    for (const Job& job : jobs)
      if (job.phase == phase && job.found.kind >= 0 && (!kind || job.condition == settings.baseline)) kind = static_cast<FamilyKind>(job.found.kind);
    any = any || kind;
    if (kind && !settings.baseline.empty()) arms.push_back({phase, "", *kind});
  }
  parallel_for(static_cast<int>(arms.size()), [&](int j) {
    Job& job = arms[static_cast<std::size_t>(j)];
    Tables own;
    add_arms(own, tracks, job.phase, job.kind, settings, job.found);
    job.found.tables = own.copies();
  });
  for (const Job& job : jobs) merge(job);
  for (const Job& job : arms) merge(job);
  run.add_table("durations_used", tables.used, "Which stays count, and which were left out and why.");
  run.add_table("duration_families", tables.families, "Families fitted to the same stays.");
  run.add_table("duration_fits", tables.fits, "Parameters, mean and sd of every family with 95 % intervals.");
  run.add_table("survival", tables.survival, "Share of stays that last longer, without a model.");
  if (!tables.transforms.rows().empty()) run.add_table("transforms", tables.transforms, "Probability integral transform of every stay under the best family.");
  if (!tables.competing.rows().empty()) run.add_table("competing_ends", tables.competing, "Waiting times of the ways a stay ends, fitted together.");
  if (!tables.arms.rows().empty()) run.add_table("arms", tables.arms, "How conditions move the location, against the baseline.");
  add_duration_figures(run, tables.curve, tables.model, tables.density);
  add_pairs(run, tracks, phases, records);
  if (!any) run.set_outcome({Status::not_identifiable, "no phase of any condition could be fitted"});
  return any;
}

}  // namespace hyped
