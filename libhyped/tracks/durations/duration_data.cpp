// Durations from stays, by a stated policy.
#include "libhyped/tracks/durations/duration_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

double of_condition(const std::map<std::string, double>& values, const std::string& what, const Film& film) {
  const auto found = values.find(film.condition);
  if (found == values.end()) throw InputError(what, fmt::format("condition '{}' of film '{}' has no value", film.condition, film.name), "give one for every condition");
  return found->second;
}

int cause_of(const DurationPolicy& policy, StayEnd end) {
  for (std::size_t c = 0; c < policy.causes.size(); ++c)
    if (std::count(policy.causes[c].second.begin(), policy.causes[c].second.end(), end)) return static_cast<int>(c);
  return -1;
}

// The smallest step between annotated times of stays: what a time is rounded to, as far as the table shows; 0 if there is none.
double annotated_step(const CellTracks& tracks) {
  double step = std::numeric_limits<double>::infinity();
  for (const FollowedCell& cell : tracks.cells)
    for (const PhaseStay& stay : cell.stays)
      if (const double lasted = stay.left_by_h - stay.entered_by_h; lasted > 1e-9) step = std::min(step, lasted);
  return std::isfinite(step) ? step : 0;
}

Duration duration_of(const PhaseStay& stay, const Film& film, const DurationPolicy& policy, int cell) {
  Duration out;
  const bool residual = !stay.entry_seen;
  out.residual = residual;
  out.cause = stay.exit_seen() ? cause_of(policy, stay.end) : -1;
  out.cell = cell;
  out.entry_spread_h = residual ? 0 : stay.entered_by_h - stay.entered_from_h;
  out.lower_h = stay.left_from_h - stay.entered_by_h;
  out.upper_h = out.cause >= 0 ? stay.left_by_h - stay.entered_by_h : std::numeric_limits<double>::infinity();
  out.window_h = film.last_h - stay.entered_by_h;
  if (policy.kept == StaysKept::finished_only) out.seen_if_below_h = out.window_h;
  return out;
}

}  // namespace

std::vector<Covariate> arm_covariates(const CellTracks& tracks, const std::string& baseline) {
  std::set<std::string> conditions;
  for (const auto& film : tracks.films) conditions.insert(film.condition);
  if (!conditions.erase(baseline)) {
    const std::vector<std::string> known(conditions.begin(), conditions.end());
    throw InputError("baseline", "no film has the condition '" + baseline + "'", did_you_mean(baseline, known));
  }
  std::vector<Covariate> out;
  for (const auto& condition : conditions)
    out.push_back({condition, [condition](const Film& film, const FollowedCell&, const PhaseStay&) { return film.condition == condition ? 1.0 : 0.0; }});
  return out;
}

Covariate dose_covariate(const std::map<std::string, double>& dose_by_condition, const std::string& unit) {
  return {"dose [" + unit + "]", [dose_by_condition](const Film& film, const FollowedCell&, const PhaseStay&) { return of_condition(dose_by_condition, "dose", film); }};
}

Covariate time_since_dose_covariate(const std::map<std::string, double>& dosed_at_h_by_condition) {
  return {"time since dose [h]", [dosed_at_h_by_condition](const Film& film, const FollowedCell&, const PhaseStay& stay) {
            return std::max(0.0, stay.entered_by_h - of_condition(dosed_at_h_by_condition, "time of the dose", film));
          }};
}

DurationData make_durations(const CellTracks& tracks, const DurationPolicy& policy) {
  if (policy.phase < 0 || policy.phase >= static_cast<int>(tracks.phases.size())) throw InputError("durations", fmt::format("there is no phase number {}", policy.phase), "call the phases first");
  if (policy.growth_rate_per_h < 0) throw InputError("growth rate", fmt::format("{} /h is negative", policy.growth_rate_per_h), "give 0 for a steady population");
  DurationData data;
  data.name = tracks.phases[static_cast<std::size_t>(policy.phase)] + (policy.condition.empty() ? "" : " of " + policy.condition);
  data.causes.clear();
  for (const auto& [name, ends] : policy.causes) data.causes.push_back(name);
  data.growth_rate_per_h = policy.growth_rate_per_h;
  for (const auto& covariate : policy.covariates) data.covariates.push_back(covariate.name);
  std::vector<double> design;
  int unseen = 0, unfinished = 0, between = 0, residual = 0, other_end = 0, cut_off = 0;
  std::vector<int> by_cause(policy.causes.size(), 0);
  const std::vector<int> founders = founders_of(tracks);
  const double step = annotated_step(tracks);
  std::vector<std::string> zero;      // cells with a stay of exactly 0 h
  for (std::size_t c = 0; c < tracks.cells.size(); ++c) {
    const FollowedCell& cell = tracks.cells[c];
    const Film& film = tracks.films[static_cast<std::size_t>(cell.film)];
    if (!policy.condition.empty() && film.condition != policy.condition) continue;
    for (const PhaseStay& stay : cell.stays) {
      if (stay.phase != policy.phase) continue;
      if (!stay.entry_seen && policy.unseen_entry == UnseenEntry::left_out) {
        ++unseen;
        continue;
      }
      Duration duration = duration_of(stay, film, policy, static_cast<int>(c));
      duration.family = founders[c];
      if (policy.kept == StaysKept::finished_only && duration.censored()) {
        ++unfinished;
        continue;
      }
      if (duration.censored() && duration.lower_h <= 0 && duration.entry_spread_h <= 0) {      // seen once: it says nothing
        ++between;
        continue;
      }
      if (duration.exact() && duration.lower_h == 0) {      // both ends annotated at one moment: shorter than what times are rounded to
        const std::string where = fmt::format("cell '{}'{}", cell.id, cell.source_line > 0 ? fmt::format(" (line {})", cell.source_line) : "");
        if (!(step > 0)) throw InputError("durations of " + data.name, fmt::format("the stay of {} lasted exactly 0 h, and no stay says what times are rounded to", where), "correct its times, or leave it out");
        zero.push_back(where);
        duration.upper_h = step;
      }
      residual += duration.residual;
      other_end += duration.cause < 0 && stay.exit_seen();
      cut_off += !stay.exit_seen();
      if (duration.cause >= 0) ++by_cause[static_cast<std::size_t>(duration.cause)];
      data.frame_interval_h = std::max(data.frame_interval_h, film.frame_interval_h);
      data.durations.push_back(duration);
      for (const auto& covariate : policy.covariates) design.push_back(covariate.value(film, cell, stay));
    }
  }
  const auto say = [&](int count, const std::string& text) {
    if (count > 0) data.words.push_back(fmt::format("{} {} {}", count, count == 1 ? "stay" : "stays", text));
  };
  for (std::size_t c = 0; c < by_cause.size(); ++c) say(by_cause[c], "ended by " + policy.causes[c].first);
  say(cut_off, "cut off by the end of the film or lost: longer than seen");
  say(other_end, "ended otherwise: taken as cut off there");
  say(residual, fmt::format("met half way: count as what is left of a stay met at a random moment of growth at {} /h", policy.growth_rate_per_h));
  say(unseen, "left out: their begin was not seen");
  say(unfinished, "left out: only finished stays are kept, each given that it ended before the film did");
  say(between, "left out: seen in one frame only, begin and end unknown");
  if (!zero.empty())
    data.words.push_back(fmt::format("{} {} of exactly 0 h, of {}{}: taken as shorter than {:.4g} h, the shortest stay annotated", zero.size(), zero.size() == 1 ? "stay" : "stays", zero[0], zero.size() > 1 ? " and others" : "", step));
  if (data.durations.empty()) throw InputError("durations of " + data.name, data.words.empty() ? "no cell was in this phase" : "nothing is left: " + fmt::format("{}", fmt::join(data.words, "; ")), "check the phase and condition");
  data.design = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(design.data(), data.count(), static_cast<Eigen::Index>(policy.covariates.size()));
  check_durations(data);
  return data;
}

void check_durations(const DurationData& data) {
  if (data.durations.empty()) throw InputError("durations of " + data.name, "there are none", "check what was selected");
  if (data.covariates.size() != static_cast<std::size_t>(data.design.cols()) || (data.design.cols() > 0 && data.design.rows() != data.count()))
    throw InputError("durations of " + data.name, "the design does not have a row for every duration and a column for every name", "fill it completely");
  if (!data.design.allFinite()) throw InputError("durations of " + data.name, "a covariate is not a number", "leave those cells out, or give the value");
  for (int i = 0; i < data.count(); ++i) {
    const Duration& d = data.durations[static_cast<std::size_t>(i)];
    const auto fail = [&](const std::string& problem, const std::string& fix) { throw InputError(fmt::format("durations of {}, number {} (cell {})", data.name, i, d.cell), problem, fix); };
    if (!(d.lower_h >= 0) || !std::isfinite(d.lower_h)) fail(fmt::format("a duration of {} h", d.lower_h), "durations are not negative");
    if (!(d.upper_h >= d.lower_h)) fail(fmt::format("it ended after {} h but was there for {} h", d.upper_h, d.lower_h), "check begin and end");
    if (d.exact() && !(d.lower_h > 0)) fail("it lasted exactly 0 h", "give the interval in which it lies, or leave it out");
    if (d.entry_spread_h < 0 || d.seen_if_above_h < 0) fail("a negative entry interval or truncation", "check the begin");
    if (d.lower_h < d.seen_if_above_h) fail(fmt::format("it lasted {} h, but only those above {} h are said to be seen", d.lower_h, d.seen_if_above_h), "check the truncation");
    if (std::isfinite(d.seen_if_below_h) && !(d.upper_h <= d.seen_if_below_h * (1 + 1e-12))) fail(fmt::format("it may have lasted {} h, but only those below {} h are said to be seen", d.upper_h, d.seen_if_below_h), "check the truncation");
    if (d.cause >= static_cast<int>(data.causes.size()) || (d.cause < 0) != d.censored()) fail(fmt::format("cause number {}", d.cause), "a duration that is cut off has cause -1, every other a named one");
    if (d.residual && (d.entry_spread_h > 0 || d.seen_if_above_h > 0 || std::isfinite(d.seen_if_below_h))) fail("met half way and truncated", "leave stays with unseen begin out of selected data");
  }
}

DurationData for_cause(const DurationData& data, int cause) {
  DurationData out = data;
  out.causes = {data.causes.at(static_cast<std::size_t>(cause))};
  out.name += " until " + out.causes[0];
  for (Duration& d : out.durations) {
    if (d.cause == cause) d.cause = 0;
    else if (d.cause >= 0) {
      if (std::isfinite(d.seen_if_below_h)) throw InputError("durations of " + data.name, "only finished stays are kept, and they end in several ways", "model one way of ending, or keep all stays");
      d.cause = -1;
      d.upper_h = std::numeric_limits<double>::infinity();
    }
  }
  return out;
}

}  // namespace hyped
