// Events to cells and stays.
#include "libhyped/ingest/read_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "libhyped/counted.hpp"
#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

StayEnd stay_end(CellEnd end) {
  return end == CellEnd::division ? StayEnd::division : end == CellEnd::death ? StayEnd::death : end == CellEnd::lost ? StayEnd::lost : StayEnd::film_end;
}

PhaseStay exact_stay(int phase, double from, double to, bool seen, StayEnd end) { return {phase, from, from, to, to, seen, end}; }

// What a row names its mother: the table's column, unless a published table needs another rule.
using MotherOf = std::function<std::string(const std::string& cell, const std::string& written)>;

class EventReader {
 public:
  EventReader(const std::filesystem::path& file, const EventColumns& columns, std::string format, MotherOf mother_of)
      : table_(DelimitedTable::read(file)), columns_(columns), mother_of_(std::move(mother_of)) {
    tracks_.source = table_.file();
    tracks_.format = std::move(format);
    tracks_.length_unit = "px";
    for (const auto& [name, column] : columns.phases) tracks_.phases.push_back(name);
  }

  CellTracks read() {
    if (columns_.film_end.empty() && !(columns_.film_end_h > 0))
      for (std::size_t row = 0; row < table_.rows(); ++row) extend_film(row);
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      try {
        add(row);
      } catch (const InputError& error) {
        if (!columns_.leave_out_contradictions) throw;
        left_out_.emplace_back(error.what());
      }
    }
    close_films();
    find_mothers();
    if (!left_out_.empty()) tracks_.notes.push_back(fmt::format("{} rows contradict themselves and are left out; the first: {}", left_out_.size(), left_out_.front()));
    check_lineages(tracks_);
    return std::move(tracks_);
  }

 private:
  // How to mend a time that lies before its cell's birth.
  std::string mend(bool before_birth) const {
    return before_birth && !columns_.since_birth ? "correct one of the times; if they count from each cell's birth, say so (--event times=since_birth, or phases_since_birth where divisions and deaths are film times)" : "correct one of the times";
  }
  std::string text(std::size_t row, const std::string& column) const { return column.empty() ? "" : table_.text(row, table_.column(column)); }
  double hours(std::size_t row, const std::string& column) const {
    return column.empty() ? std::numeric_limits<double>::quiet_NaN() : table_.number_or_missing(row, table_.column(column)) * columns_.hours_per_unit;
  }

  // The end of a cell on the film's clock.
  double end_hours(std::size_t row, const std::string& column) const {
    const double birth = columns_.ends_since_birth ? hours(row, columns_.birth) : 0;
    return hours(row, column) + (std::isfinite(birth) ? birth : 0);
  }

  int film_of(std::size_t row) {
    std::string name;
    for (const auto& column : columns_.film) name += (name.empty() ? "" : " ") + text(row, column);
    if (name.empty()) name = "all";
    const std::string condition = columns_.condition.empty() ? "all" : text(row, columns_.condition);
    const auto [at, made] = films_.try_emplace({name, condition}, static_cast<int>(tracks_.films.size()));
    if (made) tracks_.films.push_back({name, condition, 0, 0, -1e300});
    Film& film = tracks_.films[at->second];
    if (const double end = columns_.film_end_h; end > 0) film.last_h = end;
    if (const double end = hours(row, columns_.film_end); std::isfinite(end)) film.last_h = std::max(film.last_h, end);
    for (const auto& [mark, column] : columns_.marks)
      if (const double time = hours(row, column); std::isfinite(time) && std::find(film.marks.begin(), film.marks.end(), std::pair(mark, time)) == film.marks.end()) film.marks.emplace_back(mark, time);
    return at->second;
  }

  // Where the table does not say when a film ends, its latest time does.
  void extend_film(std::size_t row) {
    Film& film = tracks_.films[film_of(row)];
    std::vector<double> times{hours(row, columns_.birth), end_hours(row, columns_.division), end_hours(row, columns_.death), end_hours(row, columns_.lost)};
    if (!columns_.since_birth)
      for (const auto& [name, column] : columns_.phases) times.push_back(hours(row, column));
    for (const double time : times)
      if (std::isfinite(time)) film.last_h = std::max(film.last_h, time);
  }

  // The first of division, death and loss, in this order where they coincide; the film's end or the last thing known of the cell if none.
  void find_end(std::size_t row, FollowedCell& cell, const std::vector<double>& phase_ends) {
    cell.end_h = std::numeric_limits<double>::infinity();
    for (const auto& [kind, column] : {std::pair(CellEnd::division, &columns_.division), std::pair(CellEnd::death, &columns_.death), std::pair(CellEnd::lost, &columns_.lost)})
      if (const double time = end_hours(row, *column); time < cell.end_h) {
        cell.end_h = time;
        cell.end = kind;
      }
    if (std::isfinite(cell.end_h)) {
      for (const auto& [name, column] : {std::pair("a division", &columns_.division), std::pair("a death", &columns_.death)})
        if (const double time = end_hours(row, *column); time > cell.end_h) refuse_afterlife(row, *column, cell, name, time);
      return;
    }
    const bool there = columns_.survived.empty() || !text(row, columns_.survived).empty();
    cell.end = there ? CellEnd::film_end : CellEnd::lost;
    cell.end_h = !there ? cell.start_h : columns_.film_end.empty() ? tracks_.films[cell.film].last_h : hours(row, columns_.film_end);
    if (std::isnan(cell.end_h)) throw table_.error(row, table_.column(columns_.cell), fmt::format("cell '{}' has no end", cell.id), "give its division, death, loss or the film's end");
    for (const double end : phase_ends)
      if (!there && std::isfinite(end)) cell.end_h = std::max(cell.end_h, end);
  }

  // Nothing follows a cell's end: an error, or a counted note where contradictions are left out (the first end then counts).
  void refuse_afterlife(std::size_t row, const std::string& column, const FollowedCell& cell, const char* name, double time) {
    const InputError error = table_.error(row, table_.column(column), fmt::format("cell '{}' has {} at {:.6g} h, after its {} at {:.6g} h", cell.id, name, time, cell.end == CellEnd::lost ? "loss" : std::string(to_string(cell.end)), cell.end_h),
                                          "a cell ends once: leave the wrong one of the two times empty");
    if (!columns_.leave_out_contradictions) throw error;
    if (afterlives_++ == 0) first_afterlife_ = error.what();
  }

  void add_stays(std::size_t row, FollowedCell& cell, const std::vector<double>& ends) const {
    double from = cell.start_h;
    bool seen = cell.start == CellStart::division;
    for (std::size_t k = 0; k < columns_.phases.size(); ++k) {
      const double end = k < ends.size() ? ends[k] : std::numeric_limits<double>::quiet_NaN();
      const bool later = k < ends.size() && (cell.end == CellEnd::division || std::any_of(ends.begin() + static_cast<std::ptrdiff_t>(k), ends.end(), [](double e) { return std::isfinite(e); }));
      const auto where = [&] { return table_.column(columns_.phases[k].second.empty() ? columns_.cell : columns_.phases[k].second); };
      if (std::isnan(end)) {
        if (later) throw table_.error(row, where(), fmt::format("cell '{}' went on after '{}', but its end is missing", cell.id, columns_.phases[k].first), "give the end of every phase before the last");
        cell.stays.push_back(exact_stay(static_cast<int>(k), from, cell.end_h, seen, stay_end(cell.end)));
        return;
      }
      if (end < from || end > cell.end_h)
        throw table_.error(row, where(), fmt::format("phase '{}' of cell '{}' ends at {:.6g} h, {} {:.6g} h", columns_.phases[k].first, cell.id, end,
                                                     end < from ? "before it starts at" : "after the cell, which ends at", end < from ? from : cell.end_h), mend(end < cell.start_h));
      cell.stays.push_back(exact_stay(static_cast<int>(k), from, end, seen, StayEnd::next));
      from = end;
      seen = true;
    }
  }

  void add(std::size_t row) {
    FollowedCell cell;
    cell.source_line = table_.line(row);
    cell.id = table_.name(row, table_.column(columns_.cell));
    cell.film = film_of(row);
    cell.family = text(row, columns_.family);
    const double birth = hours(row, columns_.birth);
    cell.start = std::isfinite(birth) || columns_.ends_since_birth ? CellStart::division : CellStart::film_start;
    const bool founder = std::isfinite(birth) && cell.family.empty() && mother_of_(cell.id, text(row, columns_.mother)).empty();
    if (founder && columns_.founders_unborn) cell.start = CellStart::film_start;
    founders_born_ += founder ? 1 : 0;
    cell.start_h = std::isfinite(birth) ? birth : 0;
    std::vector<double> ends;
    for (const auto& [name, column] : columns_.phases)
      if (!column.empty()) ends.push_back(hours(row, column) + (columns_.since_birth ? cell.start_h : 0));
    find_end(row, cell, ends);
    if (cell.end_h < cell.start_h)
      throw table_.error(row, table_.column(columns_.cell), fmt::format("cell '{}' ends at {:.6g} h, before its birth at {:.6g} h", cell.id, cell.end_h, cell.start_h), mend(!columns_.ends_since_birth));
    add_stays(row, cell, ends);
    const auto [at, made] = ids_.try_emplace({cell.film, cell.id}, static_cast<int>(tracks_.cells.size()));
    if (!made) {
      const std::string again = fmt::format("cell '{}' occurs twice in its film (also line {})", cell.id, tracks_.cells[at->second].source_line);
      if (!columns_.leave_out_contradictions) throw table_.error(row, table_.column(columns_.cell), again, "give each cell of a film its own name");
      ++renamed_;
      cell.id = fmt::format("{} (line {})", cell.id, cell.source_line);
    }
    mothers_.push_back(mother_of_(table_.name(row, table_.column(columns_.cell)), text(row, columns_.mother)));
    tracks_.cells.push_back(std::move(cell));
  }

  void close_films() {
    if (columns_.film_end_h > 0)
      for (const auto& cell : tracks_.cells)
        if (cell.end_h > columns_.film_end_h)
          throw InputError(fmt::format("{}:{}", tracks_.source, cell.source_line), fmt::format("cell '{}' ends at {:.6g} h, after the film's end at {:.6g} h, as given", cell.id, cell.end_h, columns_.film_end_h), "give a later end of the film, or correct the time");
    for (const auto& cell : tracks_.cells) tracks_.films[cell.film].last_h = std::max(tracks_.films[cell.film].last_h, cell.end_h);
    say_what_was_used();
    if (afterlives_ > 0) tracks_.notes.push_back(fmt::format("{} after its end: the first end counts; {}: {}", afterlives_ == 1 ? "1 cell divides or dies" : fmt::format("{} cells each divide or die", afterlives_), afterlives_ == 1 ? "it is" : "the first", first_afterlife_));
    if (renamed_ > 0) tracks_.notes.push_back(fmt::format("{} twice in their film: the second has its line added", renamed_ == 1 ? "1 name occurs" : fmt::format("{} names occur", renamed_)));
  }

  // Film times of divisions move along with births; times since birth do not. Told where the slope is clearly below a half.
  void doubt_times() {
    if (tracks_.format != "events") return;      // published tables are known
    if (columns_.birth.empty() && !columns_.since_birth)
      tracks_.notes.push_back("no birth is named: every cell counts as there when its film began, and how long its first phase lasted as unseen; if times count from each cell's birth, say so (--event times=since_birth)");
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    for (const auto& cell : tracks_.cells)
      if (cell.start == CellStart::division && cell.end == CellEnd::division) n += 1, x += cell.start_h, y += cell.end_h;
    if (n < 10 || columns_.ends_since_birth) return;
    for (const auto& cell : tracks_.cells)
      if (cell.start == CellStart::division && cell.end == CellEnd::division) {
        const double a = cell.start_h - x / n, b = cell.end_h - y / n;
        xx += a * a, xy += a * b, yy += b * b;
      }
    if (!(xx > 0)) return;
    const double slope = xy / xx, error = std::sqrt(std::max(0.0, yy - slope * xy) / ((n - 2) * xx));
    if (slope + 2.6 * error < 0.5)
      tracks_.notes.push_back(fmt::format("divisions do not move along with births (slope {:.2f} over {:.0f} cells; film times have about 1): do they count from birth? Then say --event times=since_birth", slope, n));
  }

  void say_what_was_used() {
    doubt_times();
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Film& film : tracks_.films) low = std::min(low, film.last_h), high = std::max(high, film.last_h);
    const std::string when = low == high ? fmt::format("{:.6g} h", low) : fmt::format("{:.6g} to {:.6g} h", low, high);
    tracks_.notes.push_back(columns_.film_end_h > 0    ? fmt::format("films end at {}, as given", when)
                            : !columns_.film_end.empty() ? fmt::format("films end at {} (column '{}')", when, columns_.film_end)
                                                         : fmt::format("no column says when films end: each is taken to end at the latest time of its rows ({}); where cells were watched longer, give the end (--event film_end_h=48)", when));
    if (founders_born_ > 0)
      tracks_.notes.push_back(columns_.founders_unborn ? fmt::format("{} without a mother: there when watching began, as given; the birth was not seen", counted(founders_born_, "cell"))
                                                       : fmt::format("{} without a mother {} a time of birth, which counts as seen; if it is only when {} first seen, say so (--event founders=there)", counted(founders_born_, "cell"), founders_born_ == 1 ? "has" : "have", founders_born_ == 1 ? "it was" : "they were"));
  }

  // Links that times contradict are cut where contradictions are left out; a mother without a division divided when her first daughter was born.
  void find_mothers() {
    int cut = 0, dated = 0, missing = 0;
    std::map<int, double> first_daughter;
    for (std::size_t i = 0; i < tracks_.cells.size(); ++i) {
      FollowedCell& cell = tracks_.cells[i];
      if (mothers_[i].empty()) continue;
      const auto found = ids_.find({cell.film, mothers_[i]});
      if (found == ids_.end()) {
        if (cell.family.empty()) cell.family = mothers_[i];
        ++missing;
        continue;
      }
      const FollowedCell& mother = tracks_.cells[found->second];
      if (columns_.leave_out_contradictions && mother.end == CellEnd::division && cell.start_h < mother.end_h) {
        cell.family = mothers_[i];
        ++cut;
        continue;
      }
      if (mother.end == CellEnd::death) {
        const std::string problem = fmt::format("cell '{}' is born of '{}' (line {}), which died at {:.6g} h", cell.id, mother.id, mother.source_line, mother.end_h);
        if (!columns_.leave_out_contradictions) throw InputError(fmt::format("{}:{}", tracks_.source, cell.source_line), problem, "a dead cell has no daughters: correct the mother, or the death");
        cell.family = mothers_[i];
        ++cut;
        continue;
      }
      cell.mother = found->second;
      cell.start = CellStart::division;
      if (mother.end != CellEnd::division) {
        const auto [at, made] = first_daughter.try_emplace(found->second, cell.start_h);
        at->second = std::min(at->second, cell.start_h);
      }
    }
    for (const auto& [index, time] : first_daughter) {
      FollowedCell& mother = tracks_.cells[index];
      if (mother.end == CellEnd::death || time < mother.start_h) continue;      // check_lineages refuses what cannot be
      ++dated;
      mother.end = CellEnd::division;
      mother.end_h = time;
      mother.stays.back().end = StayEnd::division;
      mother.stays.back().left_from_h = mother.stays.back().left_by_h = time;
    }
    if (missing > 0) tracks_.notes.push_back(fmt::format("the {} not in the table: such cells are sisters of each other", missing == 1 ? "mother of 1 cell is" : fmt::format("mothers of {} cells are", missing)));
    if (cut > 0) tracks_.notes.push_back(fmt::format("{} there before the mother ends, or born of a dead one: the links are cut", counted(cut, "daughter")));
    if (dated > 0) tracks_.notes.push_back(fmt::format("{} no time of division: it is the birth of the first daughter", dated == 1 ? "1 mother has" : fmt::format("{} mothers have", dated)));
  }

  DelimitedTable table_;
  const EventColumns& columns_;
  MotherOf mother_of_;
  CellTracks tracks_;
  std::map<std::pair<std::string, std::string>, int> films_;
  std::map<std::pair<int, std::string>, int> ids_;
  std::vector<std::string> mothers_, left_out_;
  std::string first_afterlife_;
  int renamed_ = 0, afterlives_ = 0, founders_born_ = 0;
};

std::string as_written(const std::string&, const std::string& written) { return written; }

}  // namespace

CellTracks read_events(const std::filesystem::path& file, const EventColumns& columns, std::string format) {
  CellTracks tracks = EventReader(file, columns, std::move(format), as_written).read();
  tracks.time_axis = fmt::format("annotated times x {:.6g} h", columns.hours_per_unit);
  return tracks;
}

CellTracks read_dowling2014(const std::filesystem::path& file) {
  EventColumns columns;
  columns.film = {"experiment", "in_paper"};
  columns.condition = "condition";
  columns.cell = "cell_id";
  columns.family = "family_id";
  columns.birth = "birth_h";
  columns.division = "division_h";
  columns.phases = {{"G1", "green_on_h"}, {"S/G2/M", ""}};
  columns.since_birth = true;
  CellTracks tracks = read_events(file, columns, "dowling2014");
  for (auto& film : tracks.films) {
    if (film.name.ends_with(" 0")) film.condition += " (not in paper)";
    film.name.resize(film.name.rfind(' '));
  }
  tracks.time_axis = "hours as annotated, from frames every 3, 4 or 10 min; ends of phases counted from birth";
  tracks.notes.push_back("every cell here divided: slow cells, whose division the film did not see, are missing, so durations are short");
  tracks.notes.push_back("the phases meet where green comes on (the paper's end of G1)");
  return tracks;
}

CellTracks read_imig2020_lineages(const std::filesystem::path& file) {
  EventColumns columns;
  columns.film = {"cell_line", "phase_at_trail", "video"};
  columns.cell = "cell";
  columns.mother = "mother";
  columns.birth = "birth_frame";
  columns.division = "division_frame";
  columns.death = "death_frame";
  columns.lost = "lost_frame";
  columns.film_end = "video_end_frame";
  columns.survived = "survived";
  columns.phases = {{"G1", "white_end_frame"}, {"S/G2/M", ""}};
  columns.marks = {{"TRAIL", "trail_frame"}};
  columns.hours_per_unit = 0.25;
  columns.leave_out_contradictions = true;
  const auto by_name = [](const std::string& cell, const std::string&) {
    const auto point = cell.find('.');
    return point == cell.npos ? std::string() : point + 2 < cell.size() ? cell.substr(0, cell.size() - 1) : cell.substr(0, point);
  };
  CellTracks tracks = EventReader(file, columns, "imig2020-lineages", by_name).read();
  for (auto& film : tracks.films) {
    const bool g1 = film.name.find(" G1 ") != film.name.npos;
    film.condition = film.name.substr(0, film.name.find(' ')) + (g1 ? " TRAIL in G1" : " TRAIL in S/G2/M");
  }
  tracks.time_axis = "frames x 15 min, as the source says";
  tracks.notes.push_back("some videos of HCT-116 have two times of TRAIL or two ends: both marks are kept, the later end counts");
  return tracks;
}

}  // namespace hyped
