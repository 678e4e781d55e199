// A tracker's table: columns found whatever their case, Latin-1 or UTF-8, and the clock that turns frames into hours.
#pragma once
#include <string>
#include <vector>

#include "libhyped/ingest/delimited.hpp"
#include "libhyped/ingest/tracks/track_builder.hpp"

namespace hyped {

class TrackTable {
 public:
  static TrackTable read(const std::filesystem::path& file);
  // The header alone, from the first bytes of a file.
  static TrackTable head_of(const std::string& file, const std::string& beginning);

  const DelimitedTable& cells() const { return table_; }
  std::size_t rows() const { return table_.rows(); }
  int line(std::size_t row) const { return table_.line(row); }
  std::string place(std::size_t row) const;                              // "file:line"
  int find(std::string_view name) const;                                 // any case; -1: none
  int find_part(std::string_view part) const;                            // the first column that holds the text, any case; -1: none
  std::vector<int> find_all(std::string_view part) const;
  // `given` if a user named a column, else the first of `usual` that is there. InputError if neither.
  int column(const std::string& given, std::initializer_list<const char*> usual) const;
  int column_or_none(const std::string& given, std::initializer_list<const char*> usual) const;      // -1 if not given and none is there
  const std::string& name_of(int column) const { return table_.columns()[static_cast<std::size_t>(column)]; }
  bool missing(std::size_t row, int column) const;                       // empty, NA, NaN, None
  // The cell's text, "" if missing; a whole number without its ".0", so that ids of two tables agree.
  std::string id(std::size_t row, int column) const;
  double number_or_nan(std::size_t row, int column) const;               // NaN also for column -1
  std::int64_t integer(std::size_t row, int column) const { return table_.integer(row, static_cast<std::size_t>(column)); }
  InputError error(std::size_t row, int column, std::string problem, std::string fix) const;

 private:
  DelimitedTable table_;
};

// Bytes that are not UTF-8 are read as Latin-1.
std::string as_utf8(std::string text);

struct FrameClock {
  double interval_h = 0;
  std::string said;                            // for CellTracks::time_axis
};
// The reading's interval, else the file's if it can be believed, else an InputError (or frames, where the reading allows them).
// `file_says`: in words, such as "the file says 15 min"; file_h <= 0: not known.
FrameClock frame_clock(const std::string& where, const TrackReading& reading, double file_h, const std::string& file_says);

// Intensity columns: those the reading names, else `usual`. Their names become the table's channels.
std::vector<int> channel_columns(const TrackTable& table, const TrackReading& reading, std::vector<int> usual, CellTracks& tracks);

// Hours in one unit of a time as files write it ("sec", "min", "h", ...); 0: not a unit of time.
double hours_in(std::string unit);
// "um" for micron, µm and the like; "px" for pixels and what has no unit; else as it is.
std::string length_unit_of(std::string unit);

// Rows of a table with one column each for cell, mother, frame, time, x, y, phase (-1: none).
struct RowColumns {
  std::vector<int> film, channels;
  int condition = -1, cell = -1, mother = -1, frame = -1, time = -1, x = -1, y = -1, phase = -1, filled = -1;
};
// One spot; its cell as `id` gives it, its film and phase made in the builder.
TrackedSpot spot_of(const TrackTable& table, std::size_t row, const RowColumns& columns, TrackBuilder& builder);

}  // namespace hyped
