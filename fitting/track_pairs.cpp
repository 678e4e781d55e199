// Pairs of durations taken from lineages.
#include <algorithm>
#include <optional>

#include "fitting/duration_pairs.hpp"

namespace hyped {
namespace {

Duration of_stay(const PhaseStay& stay) {
  Duration out;
  out.entry_spread_h = stay.entered_by_h - stay.entered_from_h;
  out.lower_h = stay.left_from_h - stay.entered_by_h;
  const bool finished = stay.end == StayEnd::next || stay.end == StayEnd::division;      // death cuts a stay off
  out.upper_h = finished ? stay.left_by_h - stay.entered_by_h : std::numeric_limits<double>::infinity();
  out.cause = finished ? 0 : -1;
  return out;
}

// The stay of a cell in a phase, or its whole cycle (phase -1) from birth to division; nothing if its begin was not seen or it says nothing.
std::optional<Duration> duration_of(const FollowedCell& cell, int phase) {
  Duration out;
  if (phase >= 0) {
    const auto stay = std::find_if(cell.stays.begin(), cell.stays.end(), [&](const PhaseStay& s) { return s.phase == phase && s.entry_seen; });
    if (stay == cell.stays.end()) return {};
    out = of_stay(*stay);
  } else {
    if (cell.start != CellStart::division) return {};
    PhaseStay whole{0, cell.start_h, cell.start_h, cell.end_h, cell.end_h, true, cell.end == CellEnd::division ? StayEnd::division : StayEnd::lost};
    if (!cell.stays.empty() && cell.stays.front().entry_seen) whole.entered_from_h = cell.stays.front().entered_from_h, whole.entered_by_h = cell.stays.front().entered_by_h;
    if (!cell.stays.empty()) whole.left_from_h = cell.stays.back().left_from_h, whole.left_by_h = cell.stays.back().left_by_h;
    out = of_stay(whole);
  }
  const bool empty = out.censored() ? !(out.lower_h > 0) : !(out.upper_h + out.entry_spread_h > 0);
  if (empty || (out.exact() && !(out.lower_h > 0))) return {};
  return out;
}

bool wanted(const CellTracks& tracks, const FollowedCell& cell, const std::string& condition) {
  return condition.empty() || tracks.films[static_cast<std::size_t>(cell.film)].condition == condition;
}

std::string phase_name(const CellTracks& tracks, int phase) { return phase < 0 ? "cycle" : tracks.phases.at(static_cast<std::size_t>(phase)); }
std::string of_condition(const std::string& condition) { return condition.empty() ? "" : " of " + condition; }

}  // namespace

DurationPairs within_cell_pairs(const CellTracks& tracks, int first_phase, int second_phase, const std::string& condition) {
  DurationPairs out{phase_name(tracks, first_phase) + " and " + phase_name(tracks, second_phase) + of_condition(condition), phase_name(tracks, first_phase), phase_name(tracks, second_phase), {}, false};
  for (const auto& cell : tracks.cells) {
    if (!wanted(tracks, cell, condition)) continue;
    const auto a = duration_of(cell, first_phase), b = duration_of(cell, second_phase);
    if (a && b) out.pairs.emplace_back(*a, *b);
  }
  return out;
}

DurationPairs sister_pairs(const CellTracks& tracks, int phase, const std::string& condition) {
  DurationPairs out{phase_name(tracks, phase) + of_condition(condition) + ", sisters", "sister 1", "sister 2", {}, true};
  for (const auto& [first, second] : sisters_of(tracks)) {      // of one mother, or of one family whose mother was not followed
    const FollowedCell &one = tracks.cells[static_cast<std::size_t>(first)], &other = tracks.cells[static_cast<std::size_t>(second)];
    if (!wanted(tracks, one, condition) || (one.mother >= 0 && tracks.cells[static_cast<std::size_t>(one.mother)].daughters.size() != 2)) continue;
    const auto a = duration_of(one, phase), b = duration_of(other, phase);
    if (a && b) out.pairs.emplace_back(*a, *b);
  }
  return out;
}

DurationPairs mother_daughter_pairs(const CellTracks& tracks, int phase, const std::string& condition) {
  DurationPairs out{phase_name(tracks, phase) + of_condition(condition) + ", mother and daughter", "mother", "daughter", {}, false};
  for (const auto& cell : tracks.cells) {
    if (cell.mother < 0 || !wanted(tracks, cell, condition)) continue;
    const auto a = duration_of(tracks.cells[static_cast<std::size_t>(cell.mother)], phase), b = duration_of(cell, phase);
    if (a && b) out.pairs.emplace_back(*a, *b);
  }
  return out;
}

}  // namespace hyped
