// Spots to cells.
#include "libhyped/ingest/tracks/track_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {

TrackBuilder::TrackBuilder(std::string source, std::string format, const TrackReading& reading) : reading_(reading) {
  tracks.source = std::move(source);
  tracks.format = std::move(format);
  tracks.length_unit = "px";
  tracks.phases = reading.phases;
}

int TrackBuilder::film(const std::string& name, const std::string& condition) {
  std::string stem = std::filesystem::path(tracks.source).filename().string();
  stem = stem.substr(0, stem.find('.'));
  const std::string film = !name.empty() ? name : !reading_.film.empty() ? reading_.film : stem;
  const std::string arm = !condition.empty() ? condition : !reading_.condition.empty() ? reading_.condition : "all";
  for (std::size_t i = 0; i < tracks.films.size(); ++i)
    if (tracks.films[i].name == film && tracks.films[i].condition == arm) return static_cast<int>(i);
  tracks.films.push_back({film, arm, 0, 1e300, -1e300});
  span_given_.push_back(0);
  return static_cast<int>(tracks.films.size()) - 1;
}

void TrackBuilder::set_span(int film, double first_h, double last_h) {
  tracks.films[film].first_h = first_h;
  tracks.films[film].last_h = last_h;
  span_given_[film] = 1;
}

int TrackBuilder::phase(const std::string& name, const std::string& where, const std::string& cell) {
  has_phases_ = true;
  if (name.empty()) return -1;
  const auto found = std::find(tracks.phases.begin(), tracks.phases.end(), name);
  if (found != tracks.phases.end()) return static_cast<int>(found - tracks.phases.begin());
  if (!reading_.phases.empty())
    throw InputError(where, fmt::format("cell '{}' has the phase '{}', which is not one of the phases", cell, name), did_you_mean(name, reading_.phases));
  tracks.phases.push_back(name);
  return static_cast<int>(tracks.phases.size()) - 1;
}

TrackBuilder::Gathered& TrackBuilder::gathered(int film, const std::string& cell) {
  const auto [at, made] = index_.try_emplace({film, cell}, cells_.size());
  if (made) cells_.push_back({at->first, {}});
  return cells_[at->second].second;
}

void TrackBuilder::add(TrackedSpot spot) {
  if (spot.cell.empty()) unlinked_.push_back(std::move(spot));
  else gathered(spot.film, spot.cell).spots.push_back(std::move(spot));
}

void TrackBuilder::set_mother(int film, const std::string& cell, const std::string& mother, int line) {
  if (cell.empty()) return;
  Gathered& mine = gathered(film, cell);
  if (mine.mother_line == 0) {
    mine.mother = mother;
    mine.mother_line = line;
  } else if (mine.mother != mother) {
    throw InputError(fmt::format("{}:{}", tracks.source, line), fmt::format("the mother of cell '{}' is '{}', on line {} '{}'", cell, mother, mine.mother_line, mine.mother),
                     "a cell has one mother: write the same in all of its rows");
  }
}

void TrackBuilder::set_death(int film, const std::string& cell) { gathered(film, cell).died = true; }

void TrackBuilder::place_rows() {
  FrameTable& rows = tracks.frames;
  std::size_t total = unlinked_.size();
  for (const auto& [key, cell] : cells_) total += cell.spots.size();
  rows.position.resize(static_cast<Eigen::Index>(total), 2);
  rows.intensity.resize(static_cast<Eigen::Index>(total), static_cast<Eigen::Index>(rows.channels.size()));
  const auto put = [&](const TrackedSpot& spot) {
    const Eigen::Index r = rows.rows();
    rows.frame.push_back(spot.frame);
    rows.time_h.push_back(spot.time_h);
    rows.position.row(r) << spot.x, spot.y;
    for (std::size_t c = 0; c < rows.channels.size(); ++c) rows.intensity(r, static_cast<Eigen::Index>(c)) = spot.intensity[c];
    if (has_phases_) rows.phase.push_back(spot.phase);
    rows.filled.push_back(spot.filled);
    rows.source_line.push_back(spot.line);
    Film& film = tracks.films[spot.film];
    if (span_given_[spot.film] && (spot.time_h < film.first_h - 1e-9 || spot.time_h > film.last_h + 1e-9))
      throw InputError(fmt::format("{}:{}", tracks.source, spot.line), fmt::format("frame {} lies outside the film, which runs from {:.6g} to {:.6g} h", spot.frame, film.first_h, film.last_h),
                       "correct the frame, or the frames the file says the film has");
    if (span_given_[spot.film]) return;
    film.first_h = std::min(film.first_h, spot.time_h);
    film.last_h = std::max(film.last_h, spot.time_h);
  };
  for (auto& [key, cell] : cells_) {
    std::stable_sort(cell.spots.begin(), cell.spots.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
    for (std::size_t k = 1; k < cell.spots.size(); ++k)
      if (const auto &late = cell.spots[k], &early = cell.spots[k - 1]; late.frame < early.frame)
        throw InputError(fmt::format("{}:{}", tracks.source, late.line), fmt::format("cell '{}' is in frame {} at {:.6g} h, after frame {} at {:.6g} h (line {})", key.second, late.frame, late.time_h, early.frame, early.time_h, early.line),
                         "later frames have later times: correct one of the two");
    FollowedCell made;
    made.id = key.second;
    made.film = key.first;
    made.first_row = rows.rows();
    made.row_count = static_cast<int>(cell.spots.size());
    const auto seen = [](const TrackedSpot& spot) { return !spot.filled; };
    const auto first_seen = std::find_if(cell.spots.begin(), cell.spots.end(), seen);
    const auto last_seen = std::find_if(cell.spots.rbegin(), cell.spots.rend(), seen);
    made.start_h = (first_seen == cell.spots.end() ? cell.spots.front() : *first_seen).time_h;
    made.end_h = (last_seen == cell.spots.rend() ? cell.spots.back() : *last_seen).time_h;
    made.source_line = std::min_element(cell.spots.begin(), cell.spots.end(), [](const auto& a, const auto& b) { return a.line < b.line; })->line;
    for (const auto& spot : cell.spots) put(spot);
    tracks.cells.push_back(std::move(made));
  }
  for (const auto& spot : unlinked_) put(spot);
}

void TrackBuilder::find_mothers() {
  int missing = 0, first = -1;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto& [key, cell] = cells_[i];
    FollowedCell& made = tracks.cells[i];
    if (cell.mother.empty()) continue;
    if (const auto found = index_.find({key.first, cell.mother}); found != index_.end()) {
      made.mother = static_cast<int>(found->second);
      continue;
    }
    made.family = cell.mother;
    if (missing++ == 0) first = static_cast<int>(i);
  }
  if (missing > 0)
    tracks.notes.push_back(fmt::format("{} not in the file ({} '{}', mother of '{}', line {}): such cells are born, and sisters of each other", missing == 1 ? "the mother of 1 cell is" : fmt::format("the mothers of {} cells are", missing), missing == 1 ? "it is" : "the first is",
                                       tracks.cells[first].family, tracks.cells[first].id, tracks.cells[first].source_line));
}

void TrackBuilder::find_ends() {
  std::vector<char> divided(tracks.cells.size(), 0);
  for (const auto& cell : tracks.cells)
    if (cell.mother >= 0) divided[cell.mother] = 1;
  int afterlives = 0;
  std::string afterlife;
  for (std::size_t i = 0; i < tracks.cells.size(); ++i) {
    FollowedCell& cell = tracks.cells[i];
    const Film& film = tracks.films[cell.film];
    const bool to_end = cell.end_h >= film.last_h - 1e-9, from_start = cell.start_h <= film.first_h + 1e-9, born = cell.mother >= 0 || !cell.family.empty();
    cell.end = divided[i] ? CellEnd::division : cells_[i].second.died ? CellEnd::death : to_end ? CellEnd::film_end : CellEnd::lost;
    if (divided[i] && cells_[i].second.died && afterlives++ == 0) afterlife = fmt::format("'{}' (line {})", cell.id, cell.source_line);
    cell.start = born ? CellStart::division : from_start ? CellStart::film_start : CellStart::appeared;
  }
  if (afterlives > 0) tracks.notes.push_back(fmt::format("{} marked dead and {} daughters: taken as divided; the first: {}", afterlives == 1 ? "1 cell is" : fmt::format("{} cells are", afterlives), afterlives == 1 ? "has" : "have", afterlife));
}

CellTracks TrackBuilder::build(double frame_interval_h) {
  // a cell that is only named, as a mother or as dead, has no rows and was never seen
  std::erase_if(cells_, [](const auto& cell) { return cell.second.spots.empty(); });
  const auto first_line = [](const auto& cell) {
    return std::min_element(cell.second.spots.begin(), cell.second.spots.end(), [](const auto& a, const auto& b) { return a.line < b.line; })->line;
  };
  std::stable_sort(cells_.begin(), cells_.end(), [&](const auto& a, const auto& b) { return first_line(a) < first_line(b); });
  index_.clear();
  for (std::size_t i = 0; i < cells_.size(); ++i) index_[cells_[i].first] = i;
  place_rows();
  find_mothers();
  find_ends();
  for (auto& film : tracks.films) film.frame_interval_h = frame_interval_h;
  if (reading_.pixel_um > 0) {
    if (tracks.length_unit != "px")
      throw InputError(tracks.source, fmt::format("positions are in {} already", tracks.length_unit), "leave the pixel size out");
    tracks.frames.position *= reading_.pixel_um;
    tracks.length_unit = "um";
  }
  check_lineages(tracks);
  if (has_phases_) {
    if (reading_.phases.empty()) tracks.notes.push_back("the order of the phases is that of their first rows: name them in the order of the cycle to be sure");
    stays_from_frames(tracks);
  } else {
    tracks.phases.clear();      // named, but the file gives none
  }
  return std::move(tracks);
}

}  // namespace hyped
