// Cells and stays on either side of a mark.
#include "libhyped/tracks/split_films.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double first_mark(const Film& film, const std::string& mark) {
  double first = none;
  for (const auto& [name, time] : film.marks)
    if (name == mark && !(time >= first)) first = time;
  return first;
}

// Where each film is cut; NaN: it is not.
std::vector<double> cuts_of(const CellTracks& tracks, const std::string& at, std::string& name) {
  std::vector<double> cuts;
  std::set<std::string> marks;
  for (const Film& film : tracks.films) {
    for (const auto& [mark, time] : film.marks) marks.insert(mark);
    cuts.push_back(first_mark(film, at));
  }
  name = at;
  if (marks.contains(at)) return cuts;
  char* end = nullptr;
  const double hour = std::strtod(at.c_str(), &end);
  const std::vector<std::string> known(marks.begin(), marks.end());
  if (at.empty() || *end != 0 || !std::isfinite(hour))
    throw InputError("--split " + at, "is no mark of the films and no time in hours", known.empty() ? "the films carry no marks: give the hour, as --split 24" : did_you_mean(at, known));
  name = fmt::format("{:g} h", hour);
  bool any = false;
  for (std::size_t f = 0; f < cuts.size(); ++f) {
    const bool inside = tracks.films[f].first_h < hour && hour < tracks.films[f].last_h;
    cuts[f] = inside ? hour : none;
    any = any || inside;
  }
  if (!any) throw InputError("--split " + at, "lies in no film", "give an hour of the film clock, between a film's first and last");
  return cuts;
}



}  // namespace

std::vector<MarkedStays> marked_stays(const CellTracks& tracks) {
  std::map<std::string, MarkedStays> all;
  for (const Film& film : tracks.films) {
    std::set<std::string> mine;
    for (const auto& [mark, time] : film.marks) mine.insert(mark);
    for (const auto& mark : mine) {
      const double at = first_mark(film, mark);
      const auto [found, made] = all.try_emplace(mark, MarkedStays{mark, 0, at, at, 0, 0, 0});
      MarkedStays& m = found->second;
      ++m.films;
      m.first_h = std::min(m.first_h, at);
      m.last_h = std::max(m.last_h, at);
    }
  }
  for (const FollowedCell& cell : tracks.cells)
    for (auto& [mark, m] : all)
      if (const double at = first_mark(tracks.films[static_cast<std::size_t>(cell.film)], mark); std::isfinite(at))
        for (const PhaseStay& stay : cell.stays) ++(stay.entered_by_h >= at ? m.after : stay.left_from_h > at ? m.across : m.before);
  std::vector<MarkedStays> out;
  for (const auto& [mark, m] : all) out.push_back(m);
  return out;
}

CellTracks split_films(const CellTracks& tracks, const std::string& at) {
  std::string name;
  const std::vector<double> cuts = cuts_of(tracks, at, name);
  CellTracks out = tracks;
  out.films.clear();
  out.cells.clear();
  std::vector<int> before, after;      // of each film; equal where it is not cut
  std::vector<double> moment;          // where it is cut; infinite: all of it lies on one side
  int uncut = 0, repeated = 0;
  for (std::size_t f = 0; f < tracks.films.size(); ++f) {
    Film first = tracks.films[f], second = first;
    before.push_back(static_cast<int>(out.films.size()));
    const bool all_after = cuts[f] <= first.first_h, all_before = cuts[f] >= first.last_h, whole = all_after || all_before || std::isnan(cuts[f]);
    if (all_after) first.condition += " after " + name;
    else if (all_before) first.condition += " before " + name;
    else if (!whole) {
      first.condition += " before " + name;
      first.last_h = std::clamp(cuts[f], first.first_h, first.last_h);
      second.condition += " after " + name;
      second.first_h = std::clamp(cuts[f], second.first_h, second.last_h);
    } else {
      ++uncut;
    }
    repeated += std::count_if(first.marks.begin(), first.marks.end(), [&](const auto& mark) { return mark.first == at; }) > 1 ? 1 : 0;
    moment.push_back(all_after ? -std::numeric_limits<double>::infinity() : whole ? std::numeric_limits<double>::infinity() : cuts[f]);
    out.films.push_back(first);
    if (!whole) out.films.push_back(second);
    after.push_back(static_cast<int>(out.films.size()) - 1);
  }
  std::vector<int> early(tracks.cells.size(), -1), late(tracks.cells.size(), -1);      // where each cell's parts are
  for (std::size_t c = 0; c < tracks.cells.size(); ++c) {
    const FollowedCell& cell = tracks.cells[c];
    const auto film = static_cast<std::size_t>(cell.film);
    const double cut = moment[film];
    FollowedCell first = cell, second = cell;
    first.stays.clear();
    second.stays.clear();
    first.film = before[film];
    second.film = after[film];
    for (PhaseStay stay : cell.stays) {
      if (stay.entered_by_h < cut) {
        PhaseStay left = stay;
        if (stay.left_by_h > cut) left.left_from_h = left.left_by_h = std::min(stay.left_from_h, cut), left.end = StayEnd::film_end;
        first.stays.push_back(left);
        if (!(stay.left_from_h > cut)) continue;
        stay.entered_from_h = stay.entered_by_h = cut;      // under way: its begin is not seen after the cut
        stay.entry_seen = false;
      }
      stay.entered_from_h = std::max(stay.entered_from_h, cut);
      second.stays.push_back(stay);
    }
    if (cell.start_h < cut) {
      if (cell.end_h > cut) {
        first.end = CellEnd::film_end;
        first.end_h = cut;
        first.daughters.clear();
        second.start = CellStart::film_start;
        second.start_h = cut;
      }
      int rows = 0;
      while (rows < cell.row_count && tracks.frames.time_h[static_cast<std::size_t>(cell.first_row + rows)] < cut) ++rows;
      first.row_count = rows;
      second.first_row += rows;
      second.row_count -= rows;
      early[c] = static_cast<int>(out.cells.size());
      out.cells.push_back(std::move(first));
    }
    if (cell.start_h >= cut || cell.end_h > cut) {
      late[c] = static_cast<int>(out.cells.size());
      out.cells.push_back(std::move(second));
    }
  }
  for (FollowedCell& cell : out.cells) cell.daughters.clear();
  for (std::size_t c = 0; c < tracks.cells.size(); ++c) {
    const FollowedCell& cell = tracks.cells[c];
    for (const auto& [part, mothers] : {std::pair(early[c], &early), std::pair(late[c], &late)}) {
      if (part < 0) continue;
      FollowedCell& mine = out.cells[static_cast<std::size_t>(part)];
      mine.mother = -1;
      if (cell.mother < 0) continue;
      const int mother = (*mothers)[static_cast<std::size_t>(cell.mother)];
      if (mother >= 0 && mine.start == CellStart::division) {
        mine.mother = mother;
        out.cells[static_cast<std::size_t>(mother)].daughters.push_back(part);
      } else {
        mine.family = tracks.cells[static_cast<std::size_t>(cell.mother)].id;
      }
    }
  }
  std::vector<std::string> notes{fmt::format("{} of {} films are told apart before and after {}: stays under way there are cut off before it, and left out after it (their begin was not seen)", tracks.films.size() - static_cast<std::size_t>(uncut), tracks.films.size(), name)};
  if (uncut > 0) notes.push_back(fmt::format("{} films do not carry '{}' and keep their condition", uncut, name));
  if (repeated > 0) notes.push_back(fmt::format("{} films carry '{}' more than once: the first counts", repeated, name));
  out.notes.insert(out.notes.begin(), notes.begin(), notes.end());
  return out;
}

}  // namespace hyped
