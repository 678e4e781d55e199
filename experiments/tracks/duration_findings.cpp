// Fits to the stays in one phase of one condition, and their checks.
#include "experiments/tracks/duration_findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "fitting/competing_risks.hpp"
#include "fitting/duration_check.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/tracks/durations/skipped_phases.hpp"
#include "libhyped/tracks/durations/survival_curves.hpp"

namespace hyped {
namespace {

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

// The survival curve's steps as a histogram: about the square root of the finished stays as bins, no narrower than a frame.
void add_histogram(DurationTables& tables, const DurationData& data, const std::string& phase, const std::string& condition, const std::vector<std::array<double, 2>>& curve) {
  const auto finished = std::count_if(data.durations.begin(), data.durations.end(), [](const Duration& d) { return !d.censored(); });
  const double last = curve.back()[0];
  if (finished < 4 || !(last > 0)) return;
  const int bins = std::clamp(static_cast<int>(std::lround(std::sqrt(static_cast<double>(finished)))), 4, 24);
  double wide = last / bins;
  if (data.frame_interval_h > 0) wide = data.frame_interval_h * std::ceil(wide / data.frame_interval_h - 1e-9);
  const auto survival = [&](double t) {      // right after t
    const auto next = std::upper_bound(curve.begin(), curve.end(), t + 1e-9, [](double time, const auto& step) { return time < step[0]; });
    return next == curve.begin() ? 1.0 : (*std::prev(next))[1];
  };
  for (double from = 0; from < last - 1e-9; from += wide) tables.histogram.add_row({condition, phase, from, from + wide, std::max(0.0, survival(from) - survival(from + wide)) / wide});
}

// Product-limit or Turnbull steps, where the data have such an estimate.
void add_curve(DurationTables& tables, const DurationData& data, const std::string& phase, const std::string& condition, const DurationSettings& settings, Findings& out) {
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
  std::vector<std::array<double, 2>> steps;
  const auto add = [&](const char* how, double time, double drawn, double survival, double lower, double upper) {
    steps.push_back({drawn, survival});
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
  add_histogram(tables, data, phase, condition, steps);
}

std::array<double, 4> eta_of(const DurationData& data, const DurationFit& fit) {
  const DurationEta eta = DurationLikelihood(data, fit.model, fit.terms).eta_at(fit.best.theta, Eigen::VectorXd::Zero(data.design.cols()));
  return {eta[0].value, eta[1].value, eta[2].value, eta[3].value};
}

void add_model(DurationTables& tables, const DurationData& data, const DurationFit& fit, const std::string& phase, const std::string& condition) {
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
const DurationFit* best_of(const FamilyComparison& found) {
  std::size_t next = 0;
  for (const DurationFit& fit : found.fits)
    if (fit.outcome.ok() && found.scores[next++].aicc_difference == 0) return &fit;
  return nullptr;
}

// Goodness of fit of the best family: its p, the transforms, and a doubt where the family does not describe the durations.
Cell checked(DurationTables& tables, const DurationData& data, const DurationFit& best, const std::string& phase, const std::string& condition, const DurationSettings& settings, Findings& out) {
  if (settings.draws == 0) return {};
  const std::string& name = best.evidence.model;
  const GoodnessOfFit check = goodness_of_fit(data, best, {settings.draws, settings.seed});
  for (const TransformedDuration& one : check.transforms) tables.transforms.add_row({phase, condition, name, one.lower, one.upper});
  if (!check.outcome.ok()) {
    out.warnings.push_back(data.name + ": " + check.outcome.message);
    return {};
  }
  const double least = 1.0 / (settings.draws + 1);      // no simulated set fits as badly: few draws cannot say how small p is
  if (check.p_value < 0.01 || check.p_value < 1.5 * least) {
    const std::string p = fmt::format("p {}{:.3g}", check.p_value < 1.5 * least ? "at most " : "", check.p_value);
    out.doubts.push_back(fmt::format("the best family does not describe the durations ({})", p));
    out.warnings.push_back(fmt::format("{}: even the best family, {}, does not describe the durations ({})", data.name, name, p));
  }
  return check.p_value;
}

void add_fits(DurationTables& tables, const FamilyComparison& found, const DurationFit* best, const Cell& p_value, const DurationData& data, const std::string& phase, const std::string& condition, Findings& out) {
  const std::string use = out.doubts.empty() ? "yes" : fmt::format("no: {}", fmt::join(out.doubts, "; "));
  std::size_t next = 0;
  for (const DurationFit& fit : found.fits) {
    const std::string& name = fit.evidence.model;
    if (!fit.outcome.ok()) {
      tables.families.add_row({phase, condition, name, std::int64_t{fit.evidence.parameters}, Cell{}, Cell{}, Cell{}, Cell{}, fit.outcome.message});
      continue;
    }
    const ModelScore& score = found.scores[next++];
    tables.families.add_row({phase, condition, name, std::int64_t{fit.evidence.parameters}, score.log_likelihood, score.aicc_difference, score.weight, &fit == best ? p_value : Cell{}, std::string("ok")});
    for (const LikelihoodInterval& one : fit.intervals) {
      const bool told = fit.not_estimable.empty() || (one.name != "mean" && one.name != "sd");
      const auto shown = [&](double value) { return told ? cell_of(value) : Cell{}; };
      tables.fits.add_row({phase, condition, name, one.name, one.unit, shown(one.estimate), shown(one.lower), shown(one.upper), shown(one.wald_lower), shown(one.wald_upper), one.inflation, told ? use : "no: not estimable", told ? one.verdict : "not estimable: " + fit.not_estimable, std::int64_t{fit.finished}, std::int64_t{fit.cut_off}});
    }
    if (&fit == best)
      for (const auto& word : fit.words) out.notes.push_back(data.name + ", " + name + ": " + word);
  }
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
  if (!(p < 0.01)) return;
  out.doubts.push_back(fmt::format("a share of {:.2g} seems never to leave (p {:.2g})", never.estimate, p));
  out.warnings.push_back(fmt::format("{}: {} watched beyond {:.4g} h, longer than any that ended, and a share of cells that never leaves, {:.3g} [{:.3g}, {:.3g}], explains it better (p {:.2g}, {}). Means without it are too long: fit it by --never.", data.name,
                                       later == 1 ? "1 stay was" : fmt::format("{} stays were", later), longest, never.estimate, never.lower, never.upper, p, to_string(kind)));
}

// Progress by the best family that is smooth between frames; rarer ends by a Weibull, or by one rate where too few tell more.
void add_competing(DurationTables& tables, const DurationData& data, const FamilyComparison& found, const std::string& phase, const std::string& condition, Findings& out) {
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

// Cells that go past the phase are in none of its stays: said, with what becomes of them.
long told_skips(const CellTracks& tracks, int phase, const std::string& condition, const DurationData& data, Findings& out) {
  const SkippedPhase skips = skipped_phase(tracks, phase, condition);
  if (skips.skipped == 0) return 0;
  const bool middle = phase > 0 && phase + 1 < static_cast<int>(tracks.phases.size());
  const std::string words = fmt::format("{}: {} of {} ({:.1f} %) go past it without being seen in it{}. They have no stay in it: its mean is of the others, and growth takes {}.", data.name, skips.skipped, counted(skips.entered + skips.skipped, "cell"), 100 * skips.share(),
                                        data.frame_interval_h > 0 ? fmt::format(" (shorter than the {:.3g} min between frames, left out, or called wrong)", 60 * data.frame_interval_h) : "",
                                        middle ? "such a share of cells past it (table phase_type, passed_by)" : "all cells through it");
  (skips.share() >= 0.02 ? out.warnings : out.notes).push_back(words);
  return skips.skipped;
}

}  // namespace

Findings duration_findings(const CellTracks& tracks, int phase, const std::string& condition, const std::vector<FamilyKind>& families, const DurationSettings& settings) {
  DurationTables tables;
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
  const long skipped = told_skips(tracks, phase, condition, data, out);
  tables.used.add_row({name, condition, std::int64_t{data.count()}, std::int64_t{finished}, std::int64_t{data.count() - finished}, std::int64_t{skipped}, fmt::format("{}", fmt::join(all.words, "; "))});
  for (const auto& word : all.words)
    if (word.find("exactly 0 h") != word.npos) out.notes.push_back(data.name + ": " + word);
  if (finished == 0) {
    out.warnings.push_back(data.name + ": no stay was seen to end, nothing is fitted");
    return done();
  }
  add_curve(tables, data, name, condition, settings, out);
  const FamilyComparison found = compare_families(data, families, settings.never);
  const DurationFit* best = best_of(found);
  Cell p_value;
  if (best) p_value = checked(tables, data, *best, name, condition, settings, out);
  if (best) warn_of_plateau(data, *best, settings, out);
  add_fits(tables, found, best, p_value, data, name, condition, out);
  if (!best) {
    out.warnings.push_back(data.name + ": no family could be fitted");
    return done();
  }
  out.kind = static_cast<int>(best->model.family.kind);
  add_model(tables, data, *best, name, condition);
  if (deaths) add_competing(tables, all, found, name, condition, out);
  const std::string seen = fmt::format("{}; {} finished, {} cut off", best->evidence.model, best->finished, best->cut_off);
  const LikelihoodInterval& mean = best->interval("mean");
  if (!best->not_estimable.empty()) {
    out.answers.push_back(fmt::format("{}: mean not estimable ({}): {}.", data.name, seen, best->not_estimable));
    out.doubts.push_back("its mean is not estimable");
  } else if (out.doubts.empty()) {
    out.answers.push_back(fmt::format("{}: mean {:.3g} h [{:.3g}, {:.3g}] ({}).", data.name, mean.estimate, mean.lower, mean.upper, seen));
  } else {
    out.answers.push_back(fmt::format("{}: not to be used: mean {:.3g} h [{:.3g}, {:.3g}] ({}): {}.", data.name, mean.estimate, mean.lower, mean.upper, seen, fmt::join(out.doubts, "; ")));
  }
  return done();
}

void add_arms(DurationTables& tables, const CellTracks& tracks, int phase, FamilyKind kind, const DurationSettings& settings, Findings& out) {
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

}  // namespace hyped
