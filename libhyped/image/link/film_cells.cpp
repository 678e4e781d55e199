// Cells from links: every division ends a cell and begins two.
#include "libhyped/image/link/film_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hyped::image {

std::vector<std::vector<int>> followers_of(std::size_t spots, const std::vector<SpotEdge>& links) {
  std::vector<std::vector<int>> out(spots);
  for (const SpotEdge& link : links) out[static_cast<std::size_t>(link.from)].push_back(link.to);
  for (auto& list : out) std::sort(list.begin(), list.end());
  return out;
}

namespace {

double interval_of(const std::vector<FrameNuclei>& frames) {
  std::vector<double> steps;
  for (std::size_t k = 1; k < frames.size(); ++k) steps.push_back((frames[k].time_h - frames[k - 1].time_h) / (frames[k].frame - frames[k - 1].frame));
  if (steps.empty()) return 0;
  std::nth_element(steps.begin(), steps.begin() + static_cast<long>(steps.size() / 2), steps.end());
  return steps[steps.size() / 2];
}

}  // namespace

std::vector<int> build_cells(LinkedFilm& film, const std::vector<FrameNuclei>& frames, const SpotOrigins& origins, const std::vector<std::vector<int>>& followers, const LinkOptions& options) {
  const auto spots = origins.size();
  std::vector<int> before(spots, -1), cell_of(spots, -1);
  for (std::size_t i = 0; i < spots; ++i)
    for (const int to : followers[i]) before[static_cast<std::size_t>(to)] = static_cast<int>(i);
  CellTracks& tracks = film.tracks;
  tracks.films = {{options.film, options.condition, interval_of(frames), frames.front().time_h, frames.back().time_h}};
  tracks.length_unit = options.pixel_um > 0 ? "um" : "px";
  tracks.format = "hyped-link";
  tracks.time_axis = "times of the frames";
  int first_seen = -1, last_seen = -1;
  for (const auto& [f, n] : origins) {
    if (first_seen < 0) first_seen = f;
    last_seen = f;
  }
  std::vector<std::vector<int>> rows;      // spots of each cell
  for (std::size_t i = 0; i < spots; ++i) {
    const int mother_spot = before[i];
    const bool born = mother_spot >= 0 && followers[static_cast<std::size_t>(mother_spot)].size() > 1;
    if ((mother_spot >= 0 && !born) || (mother_spot < 0 && followers[i].empty())) continue;
    FollowedCell cell;
    cell.id = fmt::format("{}", tracks.cells.size() + 1);
    std::vector<int> mine;
    for (int at = static_cast<int>(i);;) {
      mine.push_back(at);
      cell_of[static_cast<std::size_t>(at)] = static_cast<int>(tracks.cells.size());
      const auto& on = followers[static_cast<std::size_t>(at)];
      if (on.size() != 1) break;
      at = on[0];
    }
    const int first = origins[static_cast<std::size_t>(mine.front())].first, last = origins[static_cast<std::size_t>(mine.back())].first;
    cell.start = born ? CellStart::division : first == first_seen ? CellStart::film_start : CellStart::appeared;
    cell.end = followers[static_cast<std::size_t>(mine.back())].size() > 1 ? CellEnd::division : last == last_seen ? CellEnd::film_end : CellEnd::lost;
    cell.start_h = frames[static_cast<std::size_t>(first)].time_h;
    cell.end_h = frames[static_cast<std::size_t>(last)].time_h;
    tracks.cells.push_back(cell);
    rows.push_back(std::move(mine));
  }
  std::vector<int> order;
  for (std::size_t c = 0; c < rows.size(); ++c) {
    const int mother_spot = before[static_cast<std::size_t>(rows[c].front())];
    if (mother_spot >= 0) tracks.cells[c].mother = cell_of[static_cast<std::size_t>(mother_spot)];
    tracks.cells[c].first_row = static_cast<int>(order.size());
    tracks.cells[c].row_count = static_cast<int>(rows[c].size());
    order.insert(order.end(), rows[c].begin(), rows[c].end());
  }
  for (std::size_t i = 0; i < spots; ++i)
    if (cell_of[i] < 0) order.push_back(static_cast<int>(i));
  FrameTable& table = tracks.frames;
  for (const FrameNuclei& frame : frames)
    if (!frame.nuclei.empty()) {
      table.channels = frame.channels;
      break;
    }
  const auto n = static_cast<Eigen::Index>(order.size());
  table.position.resize(n, 2);
  table.intensity.resize(n, static_cast<Eigen::Index>(table.channels.size()));
  const double scale = options.pixel_um > 0 ? options.pixel_um : 1;
  for (Eigen::Index r = 0; r < n; ++r) {
    const auto& [f, k] = origins[static_cast<std::size_t>(order[static_cast<std::size_t>(r)])];
    const FrameNuclei& frame = frames[static_cast<std::size_t>(f)];
    const Nucleus& nucleus = frame.nuclei[static_cast<std::size_t>(k)];
    table.frame.push_back(frame.frame);
    table.time_h.push_back(frame.time_h);
    table.position.row(r) << scale * nucleus.column, scale * nucleus.row;
    for (Eigen::Index c = 0; c < table.intensity.cols(); ++c) table.intensity(r, c) = static_cast<std::size_t>(c) < nucleus.light.size() ? nucleus.light[static_cast<std::size_t>(c)].above_ring() : std::nan("");
    table.filled.push_back(0);
    table.source_line.push_back(0);
    film.nucleus_of_row.push_back({f, k});
  }
  check_lineages(tracks);
  return cell_of;
}

}  // namespace hyped::image
