// Opening and checking picture series.
#include "experiments/image/picture_frames.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

std::string small(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

int channel_at(const std::vector<std::string>& channels, const std::string& asked) {
  for (std::size_t k = 0; k < channels.size(); ++k)
    if (small(channels[k]) == small(asked)) return static_cast<int>(k);
  if (!asked.empty() && std::all_of(asked.begin(), asked.end(), [](unsigned char c) { return std::isdigit(c); }) && asked.size() < 4 && std::stoi(asked) < static_cast<int>(channels.size())) return std::stoi(asked);
  throw InputError("--dna-channel " + asked, "is no channel of the pictures", did_you_mean(asked, channels));
}

void say(RunDirectory& run, const std::string& head, const std::string& text) {
  fmt::print("{}", to_terminal_paragraph(head, text));
  run.add_note(text);
}

}  // namespace

PictureSeries::PictureSeries(RunDirectory& run, const PictureSettings& settings) {
  if (settings.files.empty()) throw InputError("PICTURE", "no file is given", "name a PNG, TIFF or OME-TIFF");
  int of_each = 1;      // frames of a file that cannot be read: as of the one before it
  for (const std::string& file : settings.files) {
    try {
      PictureFile picture(file);
      const PictureInfo& info = picture.info();
      if (info.colour_rendering() && !settings.allow_rendering)
        throw InputError(file, fmt::format("is a colour picture of {} bits: a rendering for display, clipped and stretched, no camera counts", info.bits), "export the raw data, or give --allow-rendering to use it as it is");
      if (files_.empty()) {
        height_ = info.height, width_ = info.width, own_channels_ = info.channels, pixel_um_ = info.pixel_um;
        channels_ = info.channel_names;
        if (channels_.empty())
          for (int c = 0; c < info.channels; ++c) channels_.push_back(info.channels == 1 ? "light" : fmt::format("channel_{}", c));
      }
      if (info.height != height_ || info.width != width_ || info.channels != own_channels_)
        throw InputError(file, fmt::format("holds {} channels of {} x {} pixels, the first file {} of {} x {}", info.channels, info.height, info.width, own_channels_, height_, width_), "give frames of one acquisition");
      if (pixel_um_ > 0 && info.pixel_um > 0 && std::abs(info.pixel_um - pixel_um_) > 1e-3 * pixel_um_)
        throw InputError(file, fmt::format("has pixels of {} um, the first file of {} um", info.pixel_um, pixel_um_), "give frames of one acquisition");
      say(run, "read      ", fmt::format("{}: {}, {} x {} pixels of {} bits; {}{}", file, info.format, info.height, info.width, info.bits, info.axes, info.pixel_um > 0 ? fmt::format("; pixel {:.4g} um", info.pixel_um) : "; pixel size not said"));
      for (const auto& note : info.notes) run.add_warning(file + ": " + note);
      if (info.slices > 1) run.add_warning(fmt::format("{}: of {} slices the first is used", file, info.slices));
      if (frames_.empty() && slots_ > 0) slots_ *= info.frames;      // those before it hold as many as the first that can be read
      for (int f = 0; f < info.frames; ++f) frames_.push_back({info.frames > 1 ? fmt::format("{}, frame {}", file, f) : file, static_cast<int>(files_.size()), f, slots_++});
      of_each = info.frames;
      run.add_input(file);
      files_.push_back(file);
    } catch (const std::exception& error) {      // also a header that asks for more memory than there is
      if (settings.files.size() == 1) throw;
      failures.push_back(std::string(error.what()).find(file) == std::string::npos ? file + ": " + error.what() : error.what());
      slots_ += of_each;
    }
  }
  if (files_.empty()) throw InputError(settings.files[0], fmt::format("and all {} other files cannot be used: {}", settings.files.size() - 1, failures[0]), "see above");
  for (const std::string& text : settings.with) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0) throw InputError("--with " + text, "is not NAME=FILE", "write --with green=green.tif");
    PictureFile picture(text.substr(equals + 1));
    if (files_.size() != 1 || picture.info().height != height_ || picture.info().width != width_ || picture.info().frames != slots_)
      throw InputError("--with " + text, fmt::format("holds {} frames of {} x {} pixels, the pictures are {} of {} x {}", picture.info().frames, picture.info().height, picture.info().width, frames_.size(), height_, width_), "give another channel of the same frames, all in one file");
    channels_.push_back(text.substr(0, equals));
    with_.push_back(text.substr(equals + 1));
    run.add_input(text.substr(equals + 1));
  }
  if (settings.dna_channel.empty() && channels_.size() > 1) throw InputError("--dna-channel", fmt::format("is not given and there are {} channels", channels_.size()), did_you_mean("", channels_));
  dna_ = settings.dna_channel.empty() ? 0 : channel_at(channels_, settings.dna_channel);
  say(run, "nuclei    ", fmt::format("are found in the channel {}", channels_[dna_]));
}

CameraPlane PictureSeries::plane(const SeriesFrame& frame, int channel) const {
  return channel < own_channels_ ? opened(files_[static_cast<std::size_t>(frame.file)]).plane(frame.frame, channel) : opened(with_[static_cast<std::size_t>(channel - own_channels_)]).plane(frame.number);
}

const PictureFile& PictureSeries::opened(const std::filesystem::path& file) const {
  if (!open_ || open_name_ != file) {
    open_.reset();      // before the next: one picture at a time
    open_.emplace(file);
    open_name_ = file;
  }
  return *open_;
}

double white_level_of(const CameraPlane& plane) {
  const int most = plane.size() ? plane.maxCoeff() : 0;
  for (const int bits : {8, 10, 12, 14})
    if (most < 1 << bits) return (1 << bits) - 1;
  return 65535;
}

void finish_series(RunDirectory& run, const PictureSeries& series) {
  if (series.failures.empty()) return;
  Table table({{"number", "", ""}, {"what", "", "file and frame, and why it was left out"}});
  for (const auto& failure : series.failures) table.add_row({static_cast<std::int64_t>(table.rows().size() + 1), failure});
  run.add_table("left_out", table, "Files and frames that could not be used.");
  run.set_outcome({Status::not_identifiable, fmt::format("{} files or frames could not be used; they are in tables/left_out.tsv. The first: {}", series.failures.size(), series.failures[0])});
}

}  // namespace hyped
