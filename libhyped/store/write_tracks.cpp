// Tracks to TSV, streamed.
#include "libhyped/store/write_tracks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "libhyped/errors.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

class TsvFile {
 public:
  TsvFile(fs::path file, std::string_view header) : file_(std::move(file)), out_(file_, std::ios::binary) { out_ << header << '\n'; }
  void row(const std::string& line) { out_ << line << '\n'; }
  void close() {
    out_.close();
    if (!out_) throw InputError(file_.string(), "cannot be written", "check the folder and the space left");
  }

 private:
  fs::path file_;
  std::ofstream out_;
};

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

// Text as a cell: quoted where it holds what would end the cell.
std::string cell_text(const std::string& text) {
  if (text.find_first_of("\t\n\r\"") == text.npos && !text.starts_with('#') && !text.starts_with(' ') && !text.ends_with(' ')) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string film_cells(const Film& film) { return cell_text(film.name) + "\t" + cell_text(film.condition); }

void write_frames(const CellTracks& tracks, const fs::path& folder) {
  const FrameTable& rows = tracks.frames;
  std::string header = "film\tcondition\tcell\tframe\ttime_h\tx\ty\tphase\tfilled";
  for (const auto& channel : rows.channels) header += "\t" + cell_text(channel);
  TsvFile file(folder / "frames.tsv", header);
  const auto write = [&](int r, const std::string& owner) {
    std::string line = owner + fmt::format("\t{}\t{}\t{}\t{}\t", rows.frame[r], number(rows.time_h[r]), number(rows.position(r, 0)), number(rows.position(r, 1)));
    if (!rows.phase.empty() && rows.phase[r] >= 0) line += cell_text(tracks.phases[rows.phase[r]]);
    line += rows.filled[r] ? "\t1" : "\t0";
    for (Eigen::Index c = 0; c < rows.intensity.cols(); ++c) line += "\t" + number(rows.intensity(r, c));
    file.row(line);
  };
  int next = 0;
  for (const auto& cell : tracks.cells) {
    const std::string owner = film_cells(tracks.films[cell.film]) + "\t" + cell_text(cell.id);
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) write(r, owner);
    next = std::max(next, cell.first_row + cell.row_count);
  }
  for (; next < rows.rows(); ++next) write(next, film_cells(tracks.films.front()) + "\t");
  file.close();
}

void write_stays(const CellTracks& tracks, const fs::path& folder) {
  TsvFile file(folder / "stays.tsv", "film\tcondition\tcell\tphase\tentered_from_h\tentered_by_h\tleft_from_h\tleft_by_h\tentry_seen\tend");
  for (const auto& cell : tracks.cells)
    for (const auto& stay : cell.stays)
      file.row(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", film_cells(tracks.films[cell.film]), cell_text(cell.id), cell_text(tracks.phases[stay.phase]), number(stay.entered_from_h),
                           number(stay.entered_by_h), number(stay.left_from_h), number(stay.left_by_h), stay.entry_seen ? 1 : 0, to_string(stay.end)));
  file.close();
}

}  // namespace

void write_tracks(const CellTracks& tracks, const fs::path& folder) {
  fs::create_directories(folder);
  TsvFile about(folder / "about.tsv", "key\tvalue");
  const auto say = [&](const char* key, const std::string& value) { about.row(std::string(key) + "\t" + cell_text(value)); };
  say("source", tracks.origin.empty() ? tracks.source : tracks.origin);
  say("format", tracks.format);
  say("time_axis", tracks.time_axis);
  say("length_unit", tracks.length_unit);
  say("merges", number(tracks.merges));
  for (const auto& phase : tracks.phases) say("phase", phase);
  for (const auto& note : tracks.notes) say("note", note);
  about.close();
  TsvFile films(folder / "films.tsv", "film\tcondition\tframe_interval_h\tfirst_h\tlast_h\tmarks");
  for (const auto& film : tracks.films) {
    std::string marks;
    for (const auto& [name, time] : film.marks) marks += (marks.empty() ? "" : ";") + name + "@" + number(time);
    films.row(fmt::format("{}\t{}\t{}\t{}\t{}", film_cells(film), number(film.frame_interval_h), number(film.first_h), number(film.last_h), cell_text(marks)));
  }
  films.close();
  TsvFile cells(folder / "cells.tsv", "film\tcondition\tcell\tmother\tfamily\tstart\tend\tstart_h\tend_h");
  for (const auto& cell : tracks.cells)
    cells.row(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", film_cells(tracks.films[cell.film]), cell_text(cell.id), cell.mother >= 0 ? cell_text(tracks.cells[cell.mother].id) : "",
                          cell_text(cell.family), to_string(cell.start), to_string(cell.end), number(cell.start_h), number(cell.end_h)));
  cells.close();
  if (tracks.frames.rows() > 0) write_frames(tracks, folder);
  if (std::any_of(tracks.cells.begin(), tracks.cells.end(), [](const auto& cell) { return !cell.stays.empty(); })) write_stays(tracks, folder);
}

}  // namespace hyped
