// The rules of lineages, and the stays that calls frame by frame amount to.
#include "libhyped/tracks/cell_tracks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <tuple>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

// The tidy form is a folder: the line is one of its tables'.
std::string place_in(const CellTracks& tracks, const char* table, int line) {
  const std::filesystem::path source = tracks.source;
  std::error_code none;
  return fmt::format("{}:{}", std::filesystem::is_directory(source, none) ? (source / table).string() : tracks.source, line);
}
std::string cell_place(const CellTracks& tracks, int line) { return place_in(tracks, "cells.tsv", line); }
std::string row_place(const CellTracks& tracks, int line) { return place_in(tracks, "frames.tsv", line); }

void link_daughters(CellTracks& tracks) {
  for (auto& cell : tracks.cells) cell.daughters.clear();
  for (int i = 0; i < static_cast<int>(tracks.cells.size()); ++i) {
    const FollowedCell& cell = tracks.cells[i];
    if (cell.mother < 0) continue;
    const FollowedCell& mother = tracks.cells[cell.mother];
    if (mother.film != cell.film)
      throw InputError(cell_place(tracks, cell.source_line), fmt::format("cell '{}' has its mother '{}' in another film, '{}'", cell.id, mother.id, tracks.films[mother.film].name),
                       "mothers and daughters belong to one film: correct the film or the mother");
    tracks.cells[cell.mother].daughters.push_back(i);
  }
}

void refuse_cycles(const CellTracks& tracks) {
  std::vector<int> walk(tracks.cells.size(), -1);      // the walk that came by
  for (int i = 0; i < static_cast<int>(tracks.cells.size()); ++i)
    for (int at = i; at >= 0 && (walk[at] < 0 || walk[at] == i); at = tracks.cells[at].mother) {
      if (walk[at] == i)
        throw InputError(cell_place(tracks, tracks.cells[at].source_line), fmt::format("cell '{}' is its own ancestor: the lineage has a cycle", tracks.cells[at].id),
                         "correct the mother of one of the cells of the cycle");
      walk[at] = i;
    }
}

void refuse_early_daughters(const CellTracks& tracks) {
  for (const auto& cell : tracks.cells) {
    if (cell.end_h < cell.start_h)
      throw InputError(cell_place(tracks, cell.source_line), fmt::format("cell '{}' ends at {:.6g} h, before it starts at {:.6g} h", cell.id, cell.end_h, cell.start_h), "correct one of the times");
    if (cell.mother < 0) continue;
    const FollowedCell& mother = tracks.cells[cell.mother];
    const bool both_seen = cell.row_count > 0 && mother.row_count > 0 && cell.start_h == mother.end_h;
    if (cell.start_h < mother.end_h || both_seen)
      throw InputError(cell_place(tracks, cell.source_line),
                       fmt::format("daughter '{}' is there at {:.6g} h, {} its mother '{}' (line {}) {} {:.6g} h", cell.id, cell.start_h, both_seen ? "when" : "before",
                                   mother.id, mother.source_line, both_seen ? "is still seen at" : "ends at", mother.end_h),
                       "a mother ends before her daughters start: correct the link or the times");
  }
}

void refuse_disorder(const CellTracks& tracks) {
  const FrameTable& rows = tracks.frames;
  for (const auto& cell : tracks.cells)
    for (int r = cell.first_row + 1; r < cell.first_row + cell.row_count; ++r) {
      if (rows.time_h[r] > rows.time_h[r - 1]) continue;
      const bool twice = rows.time_h[r] == rows.time_h[r - 1];
      throw InputError(row_place(tracks, rows.source_line[r]),
                       fmt::format("cell '{}' {} frame {} (also line {})", cell.id, twice ? "is twice in" : "goes back in time at", rows.frame[r], rows.source_line[r - 1]),
                       twice ? "a cell is in one place at a time: give the second one its own id, or delete one" : "sort the rows of each cell by time");
    }
}

void refuse_shared_places(const CellTracks& tracks) {
  const FrameTable& rows = tracks.frames;
  std::vector<int> owner(static_cast<std::size_t>(rows.rows()), -1), order;
  for (int i = 0; i < static_cast<int>(tracks.cells.size()); ++i) std::fill_n(owner.begin() + tracks.cells[i].first_row, tracks.cells[i].row_count, i);
  for (int r = 0; r < rows.rows(); ++r)
    if (!rows.filled[r] && rows.position.row(r).array().isFinite().all()) order.push_back(r);
  const auto key = [&](int r) { return std::tuple(owner[r] < 0 ? 0 : tracks.cells[owner[r]].film, rows.time_h[r], rows.position(r, 0), rows.position(r, 1)); };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return std::pair(key(a), a) < std::pair(key(b), b); });
  const auto name = [&](int r) { return owner[r] < 0 ? std::string("a spot without a track") : fmt::format("cell '{}'", tracks.cells[owner[r]].id); };
  for (std::size_t i = 1; i < order.size(); ++i)
    if (const int a = order[i - 1], b = order[i]; key(a) == key(b))
      throw InputError(row_place(tracks, rows.source_line[b]),
                       fmt::format("{} is in frame {} exactly where {} is (line {}): x {:.6g}, y {:.6g}", name(b), rows.frame[b], name(a), rows.source_line[a], rows.position(b, 0), rows.position(b, 1)),
                       "two cells cannot be in one place: delete the copy");
}

// Tracks may be made by hand.
void require_shapes(const CellTracks& tracks) {
  const FrameTable& rows = tracks.frames;
  const auto n = static_cast<std::size_t>(rows.rows());
  HYPED_REQUIRE(rows.time_h.size() == n && rows.filled.size() == n && rows.source_line.size() == n && static_cast<std::size_t>(rows.position.rows()) == n);
  HYPED_REQUIRE(rows.phase.empty() || rows.phase.size() == n);
  for (const auto& cell : tracks.cells)
    HYPED_REQUIRE(cell.film >= 0 && cell.film < static_cast<int>(tracks.films.size()) && cell.mother < static_cast<int>(tracks.cells.size()) && cell.first_row >= 0 &&
                  cell.first_row + cell.row_count <= rows.rows());
}

// The moment by which a cell that divided or died had left its last phase.
double ended_by(const CellTracks& tracks, const FollowedCell& cell) {
  if (cell.end != CellEnd::division || cell.daughters.empty()) return cell.end_h;
  double first = tracks.cells[cell.daughters.front()].start_h;
  for (const int d : cell.daughters) first = std::min(first, tracks.cells[d].start_h);
  return first;
}

StayEnd stay_end(CellEnd end) {
  switch (end) {
    case CellEnd::division: return StayEnd::division;
    case CellEnd::death: return StayEnd::death;
    case CellEnd::lost: return StayEnd::lost;
    case CellEnd::film_end: return StayEnd::film_end;
  }
  return StayEnd::lost;
}

std::vector<PhaseStay> stays_of(const CellTracks& tracks, const FollowedCell& cell) {
  std::vector<PhaseStay> stays;
  const FrameTable& rows = tracks.frames;
  for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
    const int phase = rows.phase[r];
    const double now = rows.time_h[r];
    if (phase < 0) continue;
    if (stays.empty()) {
      const bool born = cell.start == CellStart::division;
      const double from = !born ? now : cell.mother >= 0 ? tracks.cells[cell.mother].end_h : cell.start_h;
      stays.push_back({phase, from, now, now, now, born});
    } else if (phase != stays.back().phase) {
      stays.back().left_by_h = now;
      stays.back().end = StayEnd::next;
      const double before = stays.back().left_from_h;
      stays.push_back({phase, before, now, now, now, true});
    }
    stays.back().left_from_h = stays.back().left_by_h = now;
  }
  if (stays.empty()) return stays;
  PhaseStay& last = stays.back();
  last.end = stay_end(cell.end);
  if (last.exit_seen()) last.left_by_h = std::max(last.left_from_h, ended_by(tracks, cell));
  return stays;
}

}  // namespace

std::string_view to_string(CellStart start) {
  switch (start) {
    case CellStart::division: return "division";
    case CellStart::film_start: return "film_start";
    case CellStart::appeared: return "appeared";
  }
  return "unknown";
}

std::string_view to_string(CellEnd end) { return to_string(stay_end(end)); }

std::string_view to_string(StayEnd end) {
  switch (end) {
    case StayEnd::next: return "next";
    case StayEnd::division: return "division";
    case StayEnd::death: return "death";
    case StayEnd::lost: return "lost";
    case StayEnd::film_end: return "film_end";
  }
  return "unknown";
}

TrackCounts counts_of(const CellTracks& tracks) {
  TrackCounts counts;
  counts.cells = static_cast<int>(tracks.cells.size());
  counts.rows = counts.unlinked_rows = tracks.frames.rows();
  for (const auto& cell : tracks.cells) {
    counts.trees += cell.mother < 0;
    counts.divisions += cell.end == CellEnd::division;
    counts.deaths += cell.end == CellEnd::death;
    counts.lost += cell.end == CellEnd::lost;
    counts.unlinked_rows -= cell.row_count;
  }
  return counts;
}

std::vector<std::pair<int, int>> sisters_of(const CellTracks& tracks) {
  std::map<std::tuple<int, int, std::string>, std::vector<int>> born;
  for (int i = 0; i < static_cast<int>(tracks.cells.size()); ++i)
    if (const auto& cell = tracks.cells[i]; cell.mother >= 0 || !cell.family.empty())
      born[{cell.film, cell.mother, cell.mother >= 0 ? std::string() : cell.family}].push_back(i);
  std::vector<std::pair<int, int>> pairs;
  for (const auto& [mother, daughters] : born)
    for (std::size_t i = 0; i < daughters.size(); ++i)
      for (std::size_t j = i + 1; j < daughters.size(); ++j) pairs.emplace_back(daughters[i], daughters[j]);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<int> founders_of(const CellTracks& tracks) {
  std::map<std::pair<int, std::string>, int> first;
  std::vector<int> out;
  for (int c = 0; c < static_cast<int>(tracks.cells.size()); ++c) {
    int at = c;
    while (tracks.cells[static_cast<std::size_t>(at)].mother >= 0) at = tracks.cells[static_cast<std::size_t>(at)].mother;
    const FollowedCell& oldest = tracks.cells[static_cast<std::size_t>(at)];
    out.push_back(oldest.family.empty() ? at : first.try_emplace({oldest.film, oldest.family}, at).first->second);
  }
  return out;
}

void check_lineages(CellTracks& tracks) {
  require_shapes(tracks);
  link_daughters(tracks);
  refuse_cycles(tracks);
  refuse_disorder(tracks);
  refuse_early_daughters(tracks);
  refuse_shared_places(tracks);
  const auto many = std::count_if(tracks.cells.begin(), tracks.cells.end(), [](const auto& cell) { return cell.daughters.size() > 2; });
  if (many > 0) {
    const auto first = std::find_if(tracks.cells.begin(), tracks.cells.end(), [](const auto& cell) { return cell.daughters.size() > 2; });
    tracks.notes.push_back(fmt::format("{} more than two daughters; {} '{}' (line {}), with {}", many == 1 ? "1 cell has" : fmt::format("{} cells have", many), many == 1 ? "it is" : "the first is", first->id, first->source_line, first->daughters.size()));
  }
}

void stays_from_frames(CellTracks& tracks) {
  if (tracks.frames.phase.empty()) return;
  for (auto& cell : tracks.cells) cell.stays = stays_of(tracks, cell);
}

}  // namespace hyped
