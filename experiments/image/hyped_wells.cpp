// From the tree of files to films.
#include "experiments/image/hyped_wells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/hyped/imaging_tree.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

// What all pictures of a well share with its first readable frame.
struct WellFormat {
  FrameReading reading;
  FrameEncoding encoding;
  int rows = 0, columns = 0;
  std::map<std::int64_t, fs::path> files;
};

CameraPlane picture_of(const WellFormat& format, const FrameStamp& stamp, const std::string& channel) {
  const fs::path& file = format.files.at(stamp.number);
  const HypedFrame frame = HypedFrame::open(file, format.reading);
  if (frame.rows() != format.rows || frame.columns() != format.columns)
    throw InputError(file.string(), fmt::format("is {} x {} pixels and the well's other frames are {} x {}", frame.rows(), frame.columns(), format.rows, format.columns), "the frame is of another acquisition: leave it out");
  return std::move(frame.read(channel, format.encoding).counts);
}

void check_channels(const HypedFrame& frame, const std::vector<std::string>& channels) {
  for (const std::string& wanted : channels)
    if (channel_named(frame.channels(), wanted) < 0) throw InputError(frame.where(), "has no channel '" + wanted + "'", fmt::format("it has {}", fmt::join(frame.channels(), ", ")));
}

}  // namespace

double FilmClock::time_h(std::int64_t index) const {
  const bool second = break_index > 0 && index >= break_index && !contiguous;
  return second ? break_h + static_cast<double>(index - break_index) * interval_h : first_h + static_cast<double>(index) * interval_h;
}

std::string FilmClock::words() const {
  const std::string every = fmt::format("a frame every {:.4g} min from {:.4g} h", 60 * interval_h, first_h);
  if (break_index <= 0) return every + ", one acquisition";
  if (contiguous) return every + fmt::format(", without a pause; second acquisition from frame {} on (counted from 0), {:.4g} h", break_index, time_h(break_index));
  return every + fmt::format("; second acquisition from frame {} on (counted from 0) at {:.4g} h, as the protocol says", break_index, break_h);
}

HypedWells hyped_wells(const fs::path& folder, const HypedImageReading& reading, const std::vector<std::string>& channels) {
  const ImagingTree tree = list_imaging(folder, reading.folders);
  if (tree.wells.empty()) throw InputError(folder.string(), "holds no frames t_<n>.hdf5", "give the folder of the release, or the one named Imaging");
  HypedWells out;
  out.doubts = tree.doubts;
  std::vector<std::string> names;
  for (const auto& well : tree.wells) names.push_back(well.sample + "/" + well.id);
  for (const std::string& only : reading.only)
    if (std::find(names.begin(), names.end(), only) == names.end()) throw InputError("--well " + only, "is no well of this folder", did_you_mean(only, names));
  std::int64_t base = tree.wells.front().first;
  for (const auto& well : tree.wells) base = std::min(base, well.first);
  base = base == 0 ? 0 : 1;
  std::optional<InputError> absent;      // a frame that can be read and lacks a channel
  out.notes.push_back(fmt::format("Files are numbered from {}: t_{} is the film's first frame.", base, base));
  for (std::size_t w = 0; w < tree.wells.size(); ++w) {
    const ImagingWell& listed = tree.wells[w];
    if (!reading.only.empty() && std::find(reading.only.begin(), reading.only.end(), names[w]) == reading.only.end()) continue;
    auto format = std::make_shared<WellFormat>();      // shared: every copy of the film's `picture` reads through it
    format->reading = reading.frame;
    WellFrames well{listed.arm ? std::string(to_string(*listed.arm)) : listed.sample, listed.id, listed.sample, listed.id, {}, reading.clock.interval_h, 0, 0, 16383, {}};
    for (const auto& [number, file] : listed.files) {
      if (!format->files.emplace(number, file).second) {
        out.bad.push_back({names[w], number, file.string() + ": a second file of this number; the first is read"});
        continue;
      }
      well.frames.push_back({number, reading.clock.time_h(number - base), reading.clock.stage(number - base)});
    }
    std::vector<BadFrame> before;
    for (const FrameStamp& stamp : well.frames) {
      try {
        const HypedFrame frame = HypedFrame::open(format->files.at(stamp.number), reading.frame);
        try {
          check_channels(frame, channels);
        } catch (const InputError& error) {
          if (!absent) absent = error;
          throw;
        }
        format->encoding = frame.encoding();
        format->rows = well.rows = frame.rows();
        format->columns = well.columns = frame.columns();
        well.white_level = format->encoding.white_level;
        if (w == 0) {
          out.notes.push_back(frame.words() + "; channels " + fmt::format("{}", fmt::join(frame.channels(), ", ")) + (frame.channels_named() ? "." : ", in HYPED's order as the file names none."));
          out.notes.push_back("Numbers: " + format->encoding.words + ".");
        }
        if (!frame.channels_named()) out.doubts.push_back(names[w] + ": its frames do not name their channels; HYPED's order was assumed");
        if (format->encoding.eight_bit) out.doubts.push_back(names[w] + ": " + format->encoding.words);
        break;
      } catch (const InputError& error) {
        before.push_back({names[w], stamp.number, error.what()});
      }
    }
    if (well.rows == 0) {
      out.bad.insert(out.bad.end(), before.begin(), before.end());
      continue;
    }
    well.picture = [format](const FrameStamp& stamp, const std::string& channel) { return picture_of(*format, stamp, channel); };
    if (!out.wells.empty() && (out.wells.front().rows != well.rows || out.wells.front().columns != well.columns))
      out.doubts.push_back(fmt::format("{}: {} x {} pixels, and {} has {} x {}: are both at the same magnification?", names[w], well.rows, well.columns, out.wells.front().name(), out.wells.front().rows, out.wells.front().columns));
    out.wells.push_back(std::move(well));
  }
  if (out.wells.empty() && absent) throw InputError(*absent);      // no frame has it: the name is wrong, not the frames
  return out;
}

}  // namespace hyped
