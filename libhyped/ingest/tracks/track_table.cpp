// Columns, encodings and clocks of trackers' tables.
#include "libhyped/ingest/tracks/track_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "libhyped/units.hpp"

namespace hyped {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += length;
  }
  return true;
}

}  // namespace

std::string as_utf8(std::string text) {
  if (is_utf8(text)) return text;
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) out += c;
    else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

TrackTable TrackTable::read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (std::filesystem::is_directory(file) || !in)
    throw InputError(file.string(), std::filesystem::exists(file) ? "cannot be read as a table" : "does not exist", "give the path of an existing CSV or TSV file");
  TrackTable table;
  table.table_ = DelimitedTable::parse(file.string(), as_utf8(std::string(std::istreambuf_iterator<char>(in), {})));
  return table;
}

TrackTable TrackTable::head_of(const std::string& file, const std::string& beginning) {
  std::size_t start = 0;
  while (start < beginning.size() && (beginning[start] == '#' || beginning[start] == '\n' || beginning[start] == '\r')) start = std::min(beginning.find('\n', start), beginning.size() - 1) + 1;
  const std::string header = as_utf8(beginning.substr(start, beginning.find('\n', start) - start));
  TrackTable table;
  table.table_ = DelimitedTable::parse(file, header + "\n" + header + "\n");      // a table needs a row
  return table;
}

std::string TrackTable::place(std::size_t row) const { return fmt::format("{}:{}", table_.file(), line(row)); }

int TrackTable::find(std::string_view name) const {
  for (std::size_t c = 0; c < table_.columns().size(); ++c)
    if (lower(table_.columns()[c]) == lower(name)) return static_cast<int>(c);
  return -1;
}

std::vector<int> TrackTable::find_all(std::string_view part) const {
  std::vector<int> found;
  for (std::size_t c = 0; c < table_.columns().size(); ++c)
    if (lower(table_.columns()[c]).find(lower(part)) != std::string::npos) found.push_back(static_cast<int>(c));
  return found;
}

int TrackTable::find_part(std::string_view part) const {
  const auto found = find_all(part);
  return found.empty() ? -1 : found.front();
}

int TrackTable::column_or_none(const std::string& given, std::initializer_list<const char*> usual) const {
  if (!given.empty()) return static_cast<int>(table_.column(given));
  for (const char* name : usual)
    if (const int found = find(name); found >= 0) return found;
  return -1;
}

int TrackTable::column(const std::string& given, std::initializer_list<const char*> usual) const {
  const int found = column_or_none(given, usual);
  return found >= 0 ? found : static_cast<int>(table_.column(*usual.begin()));
}

bool TrackTable::missing(std::size_t row, int column) const {
  const std::string text = lower(table_.text(row, static_cast<std::size_t>(column)));
  return text.empty() || text == "na" || text == "nan" || text == "none";
}

std::string TrackTable::id(std::size_t row, int column) const {
  if (missing(row, column)) return "";
  const std::string& text = table_.text(row, static_cast<std::size_t>(column));
  const std::size_t point = text.find('.');
  const bool whole = point != text.npos && point > 0 && text.find_first_not_of('0', point + 1) == text.npos && text.find_first_not_of("0123456789") == point;
  return whole ? text.substr(0, point) : text;
}

double TrackTable::number_or_nan(std::size_t row, int column) const {
  if (column < 0 || missing(row, column)) return std::numeric_limits<double>::quiet_NaN();
  return table_.number(row, static_cast<std::size_t>(column));
}

InputError TrackTable::error(std::size_t row, int column, std::string problem, std::string fix) const {
  return table_.error(row, static_cast<std::size_t>(column), std::move(problem), std::move(fix));
}

FrameClock frame_clock(const std::string& where, const TrackReading& reading, double file_h, const std::string& file_says) {
  if (reading.frame_interval_h != 0) {
    if (!(reading.frame_interval_h > 0 && std::isfinite(reading.frame_interval_h)))
      throw InputError(where, fmt::format("a frame interval of {} h", reading.frame_interval_h), "give a positive number, such as --frame-interval-min 15");
    return {reading.frame_interval_h, fmt::format("frame x {:.6g} min, as given ({})", reading.frame_interval_h * units::minutes_per_hour, file_says)};
  }
  if (file_h > 0) return {file_h, fmt::format("frame x {:.6g} min ({})", file_h * units::minutes_per_hour, file_says)};
  if (reading.in_frames) return {1, fmt::format("frames, not hours ({})", file_says)};
  throw InputError(where, "the interval between frames is not known: " + file_says, "give it, for example --frame-interval-min 15");
}

std::vector<int> channel_columns(const TrackTable& table, const TrackReading& reading, std::vector<int> usual, CellTracks& tracks) {
  if (!reading.columns.channels.empty()) {
    usual.clear();
    for (const auto& name : reading.columns.channels) usual.push_back(static_cast<int>(table.cells().column(name)));
  }
  for (const int column : usual) tracks.frames.channels.push_back(table.name_of(column));
  return usual;
}

double hours_in(std::string unit) {
  static const std::map<std::string, double> known = {
      {"s", 1 / units::seconds_per_hour},   {"sec", 1 / units::seconds_per_hour},   {"second", 1 / units::seconds_per_hour}, {"seconds", 1 / units::seconds_per_hour},
      {"ms", 1e-3 / units::seconds_per_hour}, {"msec", 1e-3 / units::seconds_per_hour}, {"min", 1 / units::minutes_per_hour},    {"mins", 1 / units::minutes_per_hour},
      {"minute", 1 / units::minutes_per_hour}, {"minutes", 1 / units::minutes_per_hour}, {"h", 1}, {"hr", 1}, {"hrs", 1}, {"hour", 1}, {"hours", 1}, {"day", 24}, {"days", 24}};
  std::erase_if(unit, [](char c) { return c == '(' || c == ')' || c == ' ' || c == '[' || c == ']'; });
  const auto found = known.find(lower(unit));
  return found == known.end() ? 0 : found->second;
}

std::string length_unit_of(std::string unit) {
  std::erase_if(unit, [](char c) { return c == '(' || c == ')' || c == ' ' || c == '[' || c == ']'; });
  const std::string plain = lower(unit);
  if (plain == "micron" || plain == "microns" || plain == "um" || plain == "micrometer" || plain == "\xC2\xB5m" || plain == "\xCE\xBCm") return "um";
  return plain.empty() || plain == "pixel" || plain == "pixels" || plain == "px" ? "px" : unit;
}

TrackedSpot spot_of(const TrackTable& table, std::size_t row, const RowColumns& columns, TrackBuilder& builder) {
  std::string film;
  for (const int column : columns.film) film += (film.empty() ? "" : " ") + table.id(row, column);
  TrackedSpot spot;
  spot.line = table.line(row);
  spot.cell = columns.cell >= 0 ? table.id(row, columns.cell) : "";
  spot.film = builder.film(film, columns.condition >= 0 ? table.id(row, columns.condition) : "");
  if (columns.frame >= 0) {
    const auto frame = table.integer(row, columns.frame);
    if (frame < -1'000'000'000 || frame > 1'000'000'000) throw table.error(row, columns.frame, "is no number of a frame", "number frames from 0 or 1");
    spot.frame = static_cast<int>(frame);
  }
  spot.x = table.number_or_nan(row, columns.x);
  spot.y = table.number_or_nan(row, columns.y);
  for (const int channel : columns.channels) spot.intensity.push_back(table.number_or_nan(row, channel));
  if (columns.phase >= 0) spot.phase = builder.phase(table.id(row, columns.phase), table.place(row), spot.cell);
  if (columns.filled >= 0) {
    const std::string flag = lower(table.id(row, columns.filled));
    spot.filled = flag == "true" || flag == "1";
  }
  return spot;
}

}  // namespace hyped
