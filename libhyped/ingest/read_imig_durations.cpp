// Durations of untreated cells, each on a clock of its own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/ingest/delimited.hpp"
#include "libhyped/ingest/read_events.hpp"

namespace hyped {

CellTracks read_imig2020_durations(const std::filesystem::path& file) {
  const DelimitedTable table = DelimitedTable::read(file);
  const auto line = table.column("cell_line"), number = table.column("row"), g1 = table.column("g1_h"), g1_censored = table.column("g1_censored"), sg2m = table.column("sg2m_h"),
             sg2m_censored = table.column("sg2m_censored");
  CellTracks tracks;
  tracks.source = table.file();
  tracks.format = "imig2020-durations";
  tracks.time_axis = "hours since each cell's birth, steps of 15 min";
  tracks.length_unit = "px";
  tracks.phases = {"G1", "S/G2/M"};
  std::map<std::string, int> films;
  int without_g1 = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto [at, made] = films.try_emplace(table.name(row, line), static_cast<int>(tracks.films.size()));
    if (made) tracks.films.push_back({at->first, at->first});
    const double first = table.number_or_missing(row, g1), second = table.number_or_missing(row, sg2m);
    const bool first_open = std::isfinite(first) && table.integer(row, g1_censored) != 0, second_open = std::isfinite(second) && table.integer(row, sg2m_censored) != 0;
    FollowedCell cell;
    cell.id = table.name(row, number);
    cell.film = at->second;
    cell.source_line = table.line(row);
    // without a G1 the film began in it: only the entry into S was seen
    cell.start = std::isfinite(first) ? CellStart::division : CellStart::film_start;
    without_g1 += !std::isfinite(first);
    if (first < 0 || second < 0) throw table.error(row, first < 0 ? g1 : sg2m, fmt::format("the duration of cell '{}' is negative", cell.id), "durations are 0 or more");
    cell.end = first_open || second_open || std::isnan(second) ? CellEnd::film_end : CellEnd::division;
    double now = 0;
    if (std::isfinite(first)) {
      cell.stays.push_back(PhaseStay{0, 0, 0, first, first, true, first_open ? StayEnd::film_end : StayEnd::next});
      now = first;
    }
    if (std::isfinite(second) && !first_open) {
      cell.stays.push_back(PhaseStay{1, now, now, now + second, now + second, true, cell.end == CellEnd::division ? StayEnd::division : StayEnd::film_end});
      now += second;
    }
    cell.end_h = now;
    tracks.films[cell.film].last_h = std::max(tracks.films[cell.film].last_h, now);
    tracks.cells.push_back(std::move(cell));
  }
  tracks.notes.push_back(fmt::format("durations only: every cell starts its own clock; {} cells were in G1 when the film began, and only their S/G2/M is here", without_g1));
  check_lineages(tracks);
  return tracks;
}

}  // namespace hyped
