// Writers of followed nuclei, row by row.
#include "libhyped/store/images/write_followed.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "libhyped/errors.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

const Nucleus& nucleus_of(const LinkedFilm& film, const std::vector<FrameNuclei>& frames, int row) {
  const auto& [f, k] = film.nucleus_of_row[static_cast<std::size_t>(row)];
  return frames[static_cast<std::size_t>(f)].nuclei[static_cast<std::size_t>(k)];
}

}  // namespace

std::vector<int> track_numbers(const LinkedFilm& film) {
  std::vector<int> out(static_cast<std::size_t>(film.tracks.frames.rows()), 0);
  for (std::size_t c = 0; c < film.tracks.cells.size(); ++c) {
    const FollowedCell& cell = film.tracks.cells[c];
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) out[static_cast<std::size_t>(r)] = static_cast<int>(c) + 1;
  }
  int next = static_cast<int>(film.tracks.cells.size());
  for (int& number : out)
    if (number == 0) number = ++next;
  return out;
}

void write_ctc_tracks(const LinkedFilm& film, const fs::path& file, int first_frame) {
  std::string text;
  const FrameTable& rows = film.tracks.frames;
  int used = 0;
  for (std::size_t c = 0; c < film.tracks.cells.size(); ++c) {
    const FollowedCell& cell = film.tracks.cells[c];
    text += fmt::format("{} {} {} {}\n", c + 1, rows.frame[static_cast<std::size_t>(cell.first_row)] - first_frame, rows.frame[static_cast<std::size_t>(cell.first_row + cell.row_count - 1)] - first_frame, cell.mother + 1);
    used = std::max(used, cell.first_row + cell.row_count);
  }
  const std::vector<int> numbers = track_numbers(film);
  for (int r = used; r < rows.rows(); ++r) text += fmt::format("{} {} {} 0\n", numbers[static_cast<std::size_t>(r)], rows.frame[static_cast<std::size_t>(r)] - first_frame, rows.frame[static_cast<std::size_t>(r)] - first_frame);
  write_file(file, text);
}

Labels labels_by_track(const Labels& labels, const FrameNuclei& frame, const LinkedFilm& film, int which) {
  const std::vector<int> numbers = track_numbers(film);
  std::unordered_map<int, int> number_of;
  for (std::size_t r = 0; r < film.nucleus_of_row.size(); ++r)
    if (film.nucleus_of_row[r].first == which) number_of[frame.nuclei[static_cast<std::size_t>(film.nucleus_of_row[r].second)].label] = numbers[r];
  Labels out = Labels::Zero(labels.rows(), labels.cols());
  for (Eigen::Index i = 0; i < labels.size(); ++i)
    if (labels.data()[i] > 0)
      if (const auto found = number_of.find(labels.data()[i]); found != number_of.end()) out.data()[i] = found->second;
  return out;
}

void write_napari_tracks(const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const fs::path& folder) {
  fs::create_directories(folder);
  std::string text = "track_id,t,y,x\n";
  nlohmann::json graph = nlohmann::json::object();
  for (std::size_t c = 0; c < film.tracks.cells.size(); ++c) {
    const FollowedCell& cell = film.tracks.cells[c];
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
      const Nucleus& nucleus = nucleus_of(film, frames, r);
      text += fmt::format("{},{},{},{}\n", c + 1, film.tracks.frames.frame[static_cast<std::size_t>(r)], nucleus.row, nucleus.column);
    }
    if (cell.mother >= 0) graph[fmt::format("{}", c + 1)] = {cell.mother + 1};
  }
  write_file(folder / "tracks.csv", text);
  write_file(folder / "graph.json", graph.dump(1) + "\n");
}

void write_trackmate_tables(const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const fs::path& folder) {
  fs::create_directories(folder);
  const FrameTable& rows = film.tracks.frames;
  const std::string unit = film.tracks.length_unit == "px" ? "pixel" : "micron";
  std::string names = "LABEL,ID,TRACK_ID,QUALITY,POSITION_X,POSITION_Y,POSITION_Z,POSITION_T,FRAME,RADIUS,VISIBILITY,AREA";
  std::string full = "Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,Radius,Visibility,Area", brief = "Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,R,Visibility,Area";
  std::string units = fmt::format(",,,,({0}),({0}),({0}),(hour),,({0}),,(pixel^2)", unit);
  for (std::size_t c = 0; c < rows.channels.size(); ++c) {
    names += fmt::format(",MEAN_INTENSITY_CH{0},ABOVE_RING_CH{0}", c + 1);
    full += fmt::format(",Mean intensity {0},Median above ring {0}", rows.channels[c]);
    brief += fmt::format(",Mean ch{0},Above ring ch{0}", c + 1);
    units += ",(counts),(counts)";
  }
  const std::vector<int> founder = founders_of(film.tracks);
  std::vector<int> cell_of(static_cast<std::size_t>(rows.rows()), -1);
  for (std::size_t c = 0; c < film.tracks.cells.size(); ++c)
    for (int r = film.tracks.cells[c].first_row; r < film.tracks.cells[c].first_row + film.tracks.cells[c].row_count; ++r) cell_of[static_cast<std::size_t>(r)] = static_cast<int>(c);
  double scale = 1;      // um per px, from the first nucleus off the origin
  for (int r = 0; r < rows.rows() && unit != "pixel"; ++r)
    if (const double px = nucleus_of(film, frames, r).column; px > 0) {
      scale = rows.position(r, 0) / px;
      break;
    }
  std::string text = names + "\n" + full + "\n" + brief + "\n" + units + "\n";
  for (int r = 0; r < rows.rows(); ++r) {
    const auto k = static_cast<std::size_t>(r);
    const Nucleus& nucleus = nucleus_of(film, frames, r);
    const int cell = cell_of[k];
    text += fmt::format("ID{0},{0},{1},1,{2},{3},0,{4},{5},{6},1,{7}", r, cell >= 0 ? fmt::format("{}", founder[static_cast<std::size_t>(cell)]) : "", rows.position(r, 0), rows.position(r, 1), rows.time_h[k], rows.frame[k], scale * std::sqrt(nucleus.area / M_PI), nucleus.area);
    for (const NucleusLight& light : nucleus.light) text += fmt::format(",{},{}", light.mean, light.above_ring());
    text += "\n";
  }
  write_file(folder / "spots.csv", text);
  text = fmt::format("LABEL,TRACK_ID,SPOT_SOURCE_ID,SPOT_TARGET_ID,EDGE_TIME,DISPLACEMENT\nLabel,Track ID,Source spot ID,Target spot ID,Edge time,Displacement\nLabel,Track ID,Source ID,Target ID,Edge T,D\n,,,,(hour),({})\n", unit);
  const auto edge = [&](int from, int to, int cell) {
    text += fmt::format("ID{0} -> ID{1},{2},{0},{1},{3},{4}\n", from, to, founder[static_cast<std::size_t>(cell)], 0.5 * (rows.time_h[static_cast<std::size_t>(from)] + rows.time_h[static_cast<std::size_t>(to)]), (rows.position.row(from) - rows.position.row(to)).norm());
  };
  for (std::size_t c = 0; c < film.tracks.cells.size(); ++c) {
    const FollowedCell& cell = film.tracks.cells[c];
    if (cell.mother >= 0) {
      const FollowedCell& mother = film.tracks.cells[static_cast<std::size_t>(cell.mother)];
      edge(mother.first_row + mother.row_count - 1, cell.first_row, static_cast<int>(c));
    }
    for (int r = cell.first_row + 1; r < cell.first_row + cell.row_count; ++r) edge(r - 1, r, static_cast<int>(c));
  }
  write_file(folder / "edges.csv", text);
}

}  // namespace hyped
