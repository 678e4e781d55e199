// Every well's frames looked at, some of them or all.
#include "experiments/image/inspect_images.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "libhyped/ingest/hyped/imaging_tree.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

// Of one channel of a well, over the frames read.
struct ChannelLight {
  std::string channel;
  double lowest = 65535, highest = 0, mean = 0, saturated = 0;
  int frames = 0;
  void add(const ChannelPicture& picture) {
    lowest = std::min<double>(lowest, picture.least);
    highest = std::max<double>(highest, picture.most);
    saturated = std::max(saturated, picture.saturated);
    mean = (mean * frames + picture.counts.cast<double>().mean()) / (frames + 1);
    ++frames;
  }
};

struct Look {
  std::vector<ChannelLight> channels;
  std::vector<BadFrame> bad;
  std::string format, doubt;
  double seams = 0;
  int frames = 0;
};

Look look_at(const ImagingWell& well, const ImageInspection& settings, Progress& progress) {
  Look out;
  const std::string name = well.sample + "/" + well.id;
  std::optional<FrameEncoding> encoding;
  int rows = 0, columns = 0;
  for (std::size_t f = 0; f < well.files.size(); ++f) {
    const auto& [number, file] = well.files[f];
    progress.advance();
    if (f != 0 && f + 1 != well.files.size() && f % static_cast<std::size_t>(settings.every) != 0 && encoding) continue;
    try {
      const HypedFrame frame = HypedFrame::open(file, settings.reading.frame);
      if (!encoding) {
        encoding = frame.encoding();
        rows = frame.rows(), columns = frame.columns();
        out.format = fmt::format("{}; {}", frame.words(), encoding->words);
        for (const std::string& channel : frame.channels()) out.channels.push_back({channel});
        if (!frame.channels_named()) out.doubt = name + ": its frames do not name their channels; HYPED's order was assumed";
      }
      if (frame.rows() != rows || frame.columns() != columns) throw InputError(file.string(), fmt::format("is {} x {} pixels and the well's other frames are {} x {}", frame.rows(), frame.columns(), rows, columns), "the frame is of another acquisition: leave it out");
      for (std::size_t c = 0; c < out.channels.size(); ++c) {
        const ChannelPicture picture = frame.read(out.channels[c].channel, *encoding);
        out.channels[c].add(picture);
        if (out.frames == 0 && c == 0) {
          if (const std::string doubt = axis_doubt(picture.counts, name); !doubt.empty()) out.doubt = doubt;
          if (const TileSize tile = tile_size(rows, columns); tile.many(rows, columns)) out.seams = seam_contrast(picture.counts, tile);
        }
      }
      ++out.frames;
    } catch (const InputError& error) {
      out.bad.push_back({name, number, error.what()});
    }
  }
  return out;
}

}  // namespace

void run_inspect_images(RunDirectory& run, const fs::path& folder, const ImageInspection& settings) {
  run.set_title("Frames in " + folder.filename().string(), "Which wells and frames are there, what are their numbers, and what is wrong with which file?");
  const ImagingTree tree = list_imaging(folder, settings.reading.folders);
  if (tree.wells.empty()) throw InputError(folder.string(), "holds no frames t_<n>.hdf5", "give the folder of the release, or the one named Imaging");
  run.add_setting("folder", folder.string());
  run.add_setting("clock", settings.reading.clock.words());
  for (const std::string& doubt : tree.doubts) run.add_warning(doubt);
  long total = 0;
  for (const auto& well : tree.wells) total += static_cast<long>(well.files.size());
  Progress progress("frames", total);
  Table wells({{"sample", "", "folder"}, {"well", "", ""}, {"arm", "", "by the folder's name, or as you said"}, {"frames", "", ""}, {"first", "", ""}, {"last", "", ""}, {"missing", "", ""}, {"read", "", "frames looked at"}, {"bad", "", "of them"}, {"seams", "1", "change of light across the seams of tiles over that elsewhere"}, {"numbers", "", ""}});
  Table channels({{"sample", "", ""}, {"well", "", ""}, {"channel", "", ""}, {"least", "counts", ""}, {"mean", "counts", ""}, {"most", "counts", ""}, {"saturated", "1", "largest share of a frame at the white level"}});
  Table bad({{"well", "", ""}, {"frame", "", "number in the file's name"}, {"problem", "", ""}});
  for (const ImagingWell& well : tree.wells) {
    const Look seen = look_at(well, settings, progress);
    std::int64_t missing = 0;
    for (const auto& [from, to] : well.gaps) missing += to - from + 1;
    wells.add_row({well.sample, well.id, well.arm ? Cell(std::string(to_string(*well.arm))) : Cell(), well.frames, well.first, well.last, missing, std::int64_t{seen.frames}, static_cast<std::int64_t>(seen.bad.size()), seen.seams > 0 ? Cell(seen.seams) : Cell(), seen.format});
    for (const ChannelLight& c : seen.channels)
      if (c.frames > 0) channels.add_row({well.sample, well.id, c.channel, c.lowest, c.mean, c.highest, c.saturated});
    for (const BadFrame& one : seen.bad) bad.add_row({one.well, one.number, one.problem});
    if (!seen.doubt.empty()) run.add_warning(seen.doubt);
  }
  fmt::print("{}\n{}\n", to_terminal(wells, "tables/wells.tsv"), to_terminal(channels, "tables/channels.tsv"));
  run.add_table("wells", wells, "Wells and their frames.");
  run.add_table("channels", channels, "Light of the frames that were read.");
  run.add_answer(fmt::format("{} wells with {} frames; {}.", tree.wells.size(), total, settings.every == 1 ? "all of them were read" : fmt::format("one in {} was read (--every 1 reads all)", settings.every)));
  if (bad.rows().empty()) return;
  fmt::print("{}\n", to_terminal(bad, "tables/bad_frames.tsv"));
  run.add_table("bad_frames", bad, "Frames that cannot be used.");
  run.set_outcome({Status::not_finite, fmt::format("{} frames cannot be used (table bad_frames)", bad.rows().size())});
}

}  // namespace hyped
