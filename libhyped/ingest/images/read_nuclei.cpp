// Nuclei from delimited text.
#include "libhyped/ingest/images/read_nuclei.hpp"

#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <map>
#include <set>

#include "libhyped/ingest/delimited.hpp"

namespace hyped {
namespace {

int found_column(const DelimitedTable& table, const std::string& given, std::initializer_list<const char*> usual, bool needed, const char* what) {
  if (!given.empty()) return static_cast<int>(table.column(given));
  for (const char* name : usual)
    if (table.has(name)) return static_cast<int>(table.column(name));
  if (needed) throw InputError(table.file(), fmt::format("has no column for the {} of a nucleus", what), fmt::format("name it; looked for {}", fmt::join(usual, ", ")));
  return -1;
}

struct Channel {
  std::string name;
  int mean = -1, median = -1, ring = -1, sum = -1, saturated = -1;
};
std::vector<Channel> channels_in(const DelimitedTable& table) {
  std::vector<Channel> out;
  const auto column = [&](const std::string& name) { return table.has(name) ? static_cast<int>(table.column(name)) : -1; };
  std::set<std::string> seen;
  for (const std::string& name : table.columns())
    for (const char* suffix : {"_mean", "_median"})
      if (name.ends_with(suffix) && name.size() > std::string_view(suffix).size()) {
        const std::string channel = name.substr(0, name.size() - std::string_view(suffix).size());
        if (!seen.insert(channel).second) continue;
        out.push_back({channel, column(channel + "_mean"), column(channel + "_median"), column(channel + "_ring"), column(channel + "_sum"), column(channel + "_saturated")});
      }
  return out;
}

}  // namespace

std::vector<FrameNuclei> read_nuclei(const std::filesystem::path& file, const NucleiReading& reading) {
  const DelimitedTable table = DelimitedTable::read(file);
  const NucleiColumns& given = reading.columns;
  const int frame = found_column(table, given.frame, {"frame", "FRAME", "t"}, true, "frame");
  const int row = found_column(table, given.row, {"row", "centroid-0", "centroid_y", "y", "POSITION_Y"}, true, "row (y)");
  const int column = found_column(table, given.column, {"column", "centroid-1", "centroid_x", "x", "POSITION_X"}, true, "column (x)");
  const int time = found_column(table, given.time_h, {"time_h"}, false, "time"), label = found_column(table, given.label, {"label", "id", "ID", "object"}, false, "label");
  const int area = found_column(table, given.area, {"area", "AREA"}, false, "area"), stage = found_column(table, given.stage, {"stage"}, false, "stage");
  const int border = found_column(table, "", {"at_border"}, false, ""), debris = found_column(table, "", {"debris"}, false, "");
  if (time < 0 && !(reading.frame_interval_h > 0)) throw InputError(table.file(), "has no column time_h", "give the frame interval");
  if (table.rows() == 0) throw InputError(table.file(), "holds no nuclei");
  const std::vector<Channel> channels = channels_in(table);
  std::map<std::int64_t, FrameNuclei> frames;
  std::map<std::int64_t, std::set<int>> labels;
  std::set<std::string> without_ring;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::int64_t number = table.integer(r, static_cast<std::size_t>(frame));
    const double now = time >= 0 ? table.number(r, static_cast<std::size_t>(time)) : static_cast<double>(number) * reading.frame_interval_h;
    const int part = stage >= 0 ? static_cast<int>(table.integer(r, static_cast<std::size_t>(stage))) : reading.break_frame > 0 && number >= reading.break_frame;
    auto [at, made] = frames.try_emplace(number);
    FrameNuclei& here = at->second;
    if (made) {
      here.frame = static_cast<int>(number), here.time_h = now, here.stage = part;
      for (const Channel& channel : channels) here.channels.push_back(channel.name);
    } else if (here.time_h != now || here.stage != part)
      throw table.error(r, static_cast<std::size_t>(time >= 0 ? time : frame), fmt::format("frame {} has two times or stages", number), "give every nucleus of a frame the same");
    Nucleus nucleus;
    nucleus.row = table.number(r, static_cast<std::size_t>(row));
    nucleus.column = table.number(r, static_cast<std::size_t>(column));
    nucleus.label = label >= 0 ? static_cast<int>(table.integer(r, static_cast<std::size_t>(label))) : static_cast<int>(here.nuclei.size()) + 1;
    if (label >= 0 && !labels[number].insert(nucleus.label).second) throw table.error(r, static_cast<std::size_t>(label), fmt::format("nucleus {} is in frame {} twice", nucleus.label, number), "delete the copy");
    if (area >= 0) nucleus.area = table.number(r, static_cast<std::size_t>(area));
    if (nucleus.area < 0) throw table.error(r, static_cast<std::size_t>(area), "is below nought", "give pixels");
    nucleus.at_border = border >= 0 && table.integer(r, static_cast<std::size_t>(border)) != 0;
    nucleus.debris = debris >= 0 && table.integer(r, static_cast<std::size_t>(debris)) != 0;
    for (const Channel& channel : channels) {
      const auto value = [&](int which, double otherwise) { return which >= 0 ? table.number_or_missing(r, static_cast<std::size_t>(which)) : otherwise; };
      NucleusLight light;
      light.mean = value(channel.mean, value(channel.median, 0));
      light.median = value(channel.median, light.mean);
      light.ring = value(channel.ring, 0);
      light.sum = value(channel.sum, light.mean * nucleus.area);
      light.saturated = value(channel.saturated, 0);
      nucleus.light.push_back(light);
      if (channel.ring < 0) without_ring.insert(channel.name);
    }
    here.nuclei.push_back(std::move(nucleus));
  }
  std::vector<FrameNuclei> out;
  for (auto& [number, one] : frames) {
    if (!out.empty() && one.time_h <= out.back().time_h) throw InputError(table.file(), fmt::format("frame {} is at {} h, frame {} before it at {} h", number, one.time_h, out.back().frame, out.back().time_h), "times rise with frames");
    out.push_back(std::move(one));
  }
  for (const std::string& name : without_ring) out.front().notes.push_back(fmt::format("channel {} has no column {}_ring: its light is taken with the background in it", name, name));
  return out;
}

}  // namespace hyped
