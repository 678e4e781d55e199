// Tracks and light of a twin's cells as a perfect segmenter and tracker would have them: true labels, true links, pixels as the camera gave them.
#pragma once
#include <map>
#include <vector>

#include "experiments/twin/images/image_twin.hpp"
#include "libhyped/image/phases/nuclear_light.hpp"
#include "libhyped/image/phases/robust_line.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped::tests {

// Light above the ring of every labelled nucleus of a picture: median inside less median of the free pixels 3 to 7 pixels around its box.
inline std::vector<double> light_above_ring(const CameraPlane& picture, const Labels& labels, int count, std::vector<double>* totals) {
  std::vector<std::vector<double>> inside(static_cast<std::size_t>(count));
  std::vector<std::array<int, 4>> box(static_cast<std::size_t>(count), {1 << 30, -1, 1 << 30, -1});
  for (int r = 0; r < labels.rows(); ++r)
    for (int c = 0; c < labels.cols(); ++c)
      if (const int l = labels(r, c); l > 0) {
        const auto i = static_cast<std::size_t>(l - 1);
        inside[i].push_back(picture(r, c));
        box[i] = {std::min(box[i][0], r), std::max(box[i][1], r), std::min(box[i][2], c), std::max(box[i][3], c)};
      }
  std::vector<double> out(static_cast<std::size_t>(count), std::nan(""));
  if (totals != nullptr) totals->assign(out.size(), std::nan(""));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (inside[i].size() < 20) continue;
    std::vector<double> ring;
    for (int r = std::max(0, box[i][0] - 7); r <= std::min<int>(static_cast<int>(labels.rows()) - 1, box[i][1] + 7); ++r)
      for (int c = std::max(0, box[i][2] - 7); c <= std::min<int>(static_cast<int>(labels.cols()) - 1, box[i][3] + 7); ++c)
        if (labels(r, c) == 0 && (r < box[i][0] - 2 || r > box[i][1] + 2 || c < box[i][2] - 2 || c > box[i][3] + 2)) ring.push_back(picture(r, c));
    if (ring.size() < 10) continue;
    const double around = middle_value(ring);
    out[i] = middle_value(inside[i]) - around;
    if (totals != nullptr) {
      double sum = 0;
      for (const double x : inside[i]) sum += x - around;
      (*totals)[i] = sum;
    }
  }
  return out;
}

struct TrueTracks {
  CellTracks tracks;                     // channels: g1, cycling, dna, dna_total
  std::vector<int> true_phase;           // of every row, index into phases; -1: not labelled
  std::vector<std::string> phases;
};

// Appends one well's film.
inline void append_true_tracks(TrueTracks& out, const ImageTwin& twin, int well) {
  const FieldFilm film = twin.film(well);
  const ImageTwinSettings& s = twin.settings();
  if (out.tracks.frames.channels.empty()) out.tracks.frames.channels = {s.g1_channel, s.cycling_channel, s.dna_channel, s.dna_channel + "_total"};
  Film one{twin.wells()[static_cast<std::size_t>(well)].well, film.condition, film.times_h[1] - film.times_h[0], film.times_h.front(), film.times_h.back()};
  if (film.break_frame > 0) one.marks.emplace_back(break_mark, film.times_h[static_cast<std::size_t>(film.break_frame)]);
  out.tracks.films.push_back(one);
  struct Row {
    int frame, phase;
    double x, y;
    std::array<double, 4> light;
  };
  std::map<int, std::vector<Row>> rows;
  for (std::size_t f = 0; f < film.frames.size(); ++f) {
    const Labels labels = twin.pictures().labels(film, static_cast<int>(f));
    const int count = static_cast<int>(film.frames[f].size());
    std::vector<double> total;
    const auto g1 = light_above_ring(twin.pictures().picture(film, static_cast<int>(f), s.g1_channel), labels, count, nullptr), cycling = light_above_ring(twin.pictures().picture(film, static_cast<int>(f), s.cycling_channel), labels, count, nullptr),
               dna = light_above_ring(twin.pictures().picture(film, static_cast<int>(f), s.dna_channel), labels, count, &total);
    for (std::size_t i = 0; i < film.frames[f].size(); ++i) {
      const DrawnNucleus& n = film.frames[f][i];
      if (n.cell < 0 || std::isnan(dna[i])) continue;
      const auto [row, column] = twin.pictures().seen_at(film, static_cast<int>(f), n.row, n.column);
      rows[n.cell].push_back({static_cast<int>(f), n.labelled ? n.phase : -1, column, row, {g1[i], cycling[i], dna[i], total[i]}});
    }
  }
  if (out.phases.empty()) out.phases = film.phases;
  const std::map<int, int> mothers = twin.mothers(well);
  const int film_index = static_cast<int>(out.tracks.films.size()) - 1;
  std::map<int, int> index;
  const auto first_cell = out.tracks.cells.size();
  for (const auto& [id, list] : rows) {
    index[id] = static_cast<int>(out.tracks.cells.size());
    FollowedCell cell;
    cell.id = std::to_string(id);
    cell.film = film_index;
    cell.first_row = out.tracks.frames.rows();
    cell.row_count = static_cast<int>(list.size());
    cell.start_h = film.times_h[static_cast<std::size_t>(list.front().frame)];
    cell.end_h = film.times_h[static_cast<std::size_t>(list.back().frame)];
    cell.start = list.front().frame == 0 ? CellStart::film_start : CellStart::appeared;
    cell.end = list.back().frame + 1 == static_cast<int>(film.frames.size()) ? CellEnd::film_end : CellEnd::lost;
    const auto base = out.tracks.frames.intensity.rows();
    out.tracks.frames.intensity.conservativeResize(base + static_cast<Eigen::Index>(list.size()), 4);
    out.tracks.frames.position.conservativeResize(base + static_cast<Eigen::Index>(list.size()), 2);
    for (std::size_t i = 0; i < list.size(); ++i) {
      out.tracks.frames.frame.push_back(list[i].frame);
      out.tracks.frames.time_h.push_back(film.times_h[static_cast<std::size_t>(list[i].frame)]);
      out.tracks.frames.filled.push_back(0);
      out.tracks.frames.source_line.push_back(0);
      out.tracks.frames.intensity.row(base + static_cast<Eigen::Index>(i)) << list[i].light[0], list[i].light[1], list[i].light[2], list[i].light[3];
      out.tracks.frames.position.row(base + static_cast<Eigen::Index>(i)) << list[i].x, list[i].y;
      const auto name = list[i].phase < 0 ? out.phases.end() : std::find(out.phases.begin(), out.phases.end(), film.phases[static_cast<std::size_t>(list[i].phase)]);
      out.true_phase.push_back(name == out.phases.end() ? -1 : static_cast<int>(name - out.phases.begin()));
    }
    out.tracks.cells.push_back(cell);
  }
  for (std::size_t c = first_cell; c < out.tracks.cells.size(); ++c) {
    const auto mother = mothers.find(std::stoi(out.tracks.cells[c].id));
    if (mother == mothers.end() || !index.contains(mother->second)) continue;
    FollowedCell& before = out.tracks.cells[static_cast<std::size_t>(index[mother->second])];
    // seen to divide: the daughter follows the mother's last frame
    if (out.tracks.cells[c].start_h - before.end_h > 2 * out.tracks.films.back().frame_interval_h) continue;
    out.tracks.cells[c].mother = index[mother->second];
    out.tracks.cells[c].start = CellStart::division;
    before.end = CellEnd::division;
    before.daughters.push_back(static_cast<int>(c));
  }
  out.tracks.time_axis = "hours, as simulated";
  out.tracks.source = "twin";
}

}  // namespace hyped::tests
