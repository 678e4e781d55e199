// Names, axes and numbers of a frame file.
#include "libhyped/ingest/images/hyped_frames.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <span>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

const std::vector<std::string> release_order = {"tagGFP", "MKate", "Cy5", "Oblique"};      // of HYPED's converter
constexpr std::uint16_t camera_14_bit = 16383;

std::string plain(const std::string& name) {
  std::string out;
  for (const unsigned char c : name)
    if (std::isalnum(c)) out += static_cast<char>(std::tolower(c));
  return out;
}

// Every spelling of one dye has one name.
std::string dye_of(const std::string& name) {
  static const std::vector<std::vector<std::string>> dyes = {{"taggfp", "tagfp", "taggfp2", "tagfp2", "gfp"}, {"mkate", "mkate2"}, {"cy5", "sirdna", "sir", "siradna"}, {"oblique", "phase", "brightfield"}};
  const std::string word = plain(name);
  for (const auto& spellings : dyes)
    if (std::find(spellings.begin(), spellings.end(), word) != spellings.end()) return spellings[0];
  return word;
}

hdf5::Dataset picture_of(const hdf5::Group& root, const FrameReading& reading) {
  if (!reading.dataset.empty()) {
    if (!root.has(reading.dataset)) throw InputError(root.where(), "has no dataset '" + reading.dataset + "'", fmt::format("it holds {}", fmt::join(root.children(), ", ")));
    return root.dataset(reading.dataset);
  }
  for (const char* name : {"Scene", "scene", "data", "image", "frame"})
    if (root.has(name) && !root.is_group(name)) return root.dataset(name);
  std::vector<std::string> found;
  for (const std::string& name : root.children()) {
    if (root.is_group(name)) continue;
    const hdf5::Dataset data = root.dataset(name);
    if (data.type().kind == hdf5::Kind::number && data.shape().size() >= 3) found.push_back(name);
  }
  if (found.size() != 1)
    throw InputError(root.where(), found.empty() ? "holds no picture: no numbers of three dimensions" : fmt::format("holds several pictures: {}", fmt::join(found, ", ")), found.empty() ? "name the file's dataset with --dataset, if it is elsewhere" : "name one with --dataset");
  return root.dataset(found[0]);
}

std::vector<std::string> stored_names(const hdf5::Group& root) {
  for (const char* name : {"Channels", "channel_names", "channels"})
    if (root.has(name) && !root.is_group(name)) return root.dataset(name).read_text();
  return {};
}

// Rows `from` and on of a dataset as counts, whatever numbers they are stored as.
void read_counts(const hdf5::Dataset& data, std::uint64_t from, std::uint64_t rows, std::span<std::uint16_t> out) {
  const auto type = data.type().number;
  if (type == hdf5::NumberType::u8 || type == hdf5::NumberType::u16) return data.read_rows<std::uint16_t>(from, rows, out.data());
  std::vector<double> values(out.size());
  data.read_rows<double>(from, rows, values.data());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!(values[i] >= 0 && values[i] <= 65535 && values[i] == std::floor(values[i])))
      throw InputError(data.where(), fmt::format("holds {} ({}): camera counts are whole numbers from 0 to 65535", values[i], data.type().words), "export the original counts, not scaled ones");
    out[i] = static_cast<std::uint16_t>(values[i]);
  }
}

}  // namespace

int channel_named(const std::vector<std::string>& names, const std::string& wanted) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (plain(names[i]) == plain(wanted)) return static_cast<int>(i);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (dye_of(names[i]) == dye_of(wanted)) return static_cast<int>(i);
  return -1;
}

HypedFrame HypedFrame::open(const std::filesystem::path& path, const FrameReading& reading) {
  const auto file = hdf5::File::open(path);
  const hdf5::Group root = file.root();
  HypedFrame out(picture_of(root, reading));
  const hdf5::Dataset& data = out.data_;
  if (data.type().kind != hdf5::Kind::number) throw InputError(data.where(), "holds " + data.type().words + ", not numbers", "name the dataset of the picture");
  std::vector<std::uint64_t> shape = data.shape();
  const std::string shown = fmt::format("{}", fmt::join(shape, " x "));
  if (shape.size() >= 3 && (shape.back() == 3 || shape.back() == 4) && shape[shape.size() - 2] > 16 && reading.axes.empty() && (shape.size() > 3 || data.type().bytes == 1))
    throw InputError(data.where(), "is a colour rendering (" + shown + "): values clipped for display, not camera counts", "export the original data (grey, 16 bit)");
  std::string axes = reading.axes;
  for (char& c : axes) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (axes.empty()) axes = shape.size() == 4 ? "TCYX" : "CYX";
  const auto rows_first = [&](const std::string& a) { return a == "CYX" || a == "CXY" || a == "TCYX" || a == "TCXY"; };
  if (!rows_first(axes) && axes != "YXC" && axes != "XYC") throw InputError("--axes " + reading.axes, "is no order of axes that is read here", "use CYX (or CXY, as HYPED's authors call it), YXC or TCYX");
  if (shape.size() != axes.size()) throw InputError(data.where(), fmt::format("has {} dimensions ({}), and the axes {} are {}", shape.size(), shown, axes, axes.size()), "say the order with --axes");
  if (axes.size() == 4) {
    if (shape[0] != 1) throw InputError(data.where(), fmt::format("holds {} frames in one file ({})", shape[0], shown), "write a file per frame, t_<n>.hdf5");
    shape.erase(shape.begin());
  }
  out.channel_last_ = axes.back() == 'C';
  if (out.channel_last_) std::rotate(shape.begin(), shape.begin() + 2, shape.end());
  if (shape[0] > 16 || shape[1] < 16 || shape[2] < 16) throw InputError(data.where(), fmt::format("as {} has {} channels of {} x {} pixels ({})", axes, shape[0], shape[1], shape[2], shown), "the order of its axes is another one: say it with --axes");
  out.transposed_ = reading.transposed;
  out.rows_ = static_cast<int>(shape[reading.transposed ? 2 : 1]);
  out.columns_ = static_cast<int>(shape[reading.transposed ? 1 : 2]);
  out.channels_ = reading.channels.empty() ? stored_names(root) : reading.channels;
  out.named_ = !out.channels_.empty();
  if (!out.named_) {
    if (shape[0] != release_order.size()) throw InputError(data.where(), fmt::format("does not name its {} channels", shape[0]), "name them in their order with --channel");
    out.channels_ = release_order;
  }
  if (out.channels_.size() != shape[0]) throw InputError(data.where(), fmt::format("has {} channels, and {} names: {}", shape[0], out.channels_.size(), fmt::join(out.channels_, ", ")), "name each channel once, in the order stored");
  out.given_depth_ = reading.bit_depth;
  out.allow_8bit_ = reading.allow_8bit;
  if (data.type().bytes == 1 && !reading.allow_8bit) throw InputError(data.where(), "holds 8-bit values: a rendering for display, clipped and rounded, not camera counts", "export the original 16-bit data, or give --allow-8bit and mistrust every intensity");
  return out;
}

std::string HypedFrame::words() const {
  std::string path = data_.where();
  path = path.substr(path.find_last_of('/') + 1);
  return fmt::format("{}, {}, {} ({}{})", path, data_.type().words, fmt::join(data_.shape(), " x "), channel_last_ ? "row, column, channel" : "channel, row, column", transposed_ ? ", turned" : "");
}

CameraPlane HypedFrame::stored(int channel) const {
  const int rows = transposed_ ? columns_ : rows_, columns = transposed_ ? rows_ : columns_;
  const auto count = static_cast<std::size_t>(channels_.size());
  CameraPlane plane(rows, columns);
  if (channel_last_) {
    constexpr int block = 64;
    std::vector<std::uint16_t> some(static_cast<std::size_t>(block) * static_cast<std::size_t>(columns) * count);
    for (int from = 0; from < rows; from += block) {
      const int here = std::min(block, rows - from);
      read_counts(data_, static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(here), std::span(some).first(static_cast<std::size_t>(here) * static_cast<std::size_t>(columns) * count));
      for (Eigen::Index i = 0; i < Eigen::Index{here} * columns; ++i) plane.data()[Eigen::Index{from} * columns + i] = some[static_cast<std::size_t>(i) * count + static_cast<std::size_t>(channel)];
    }
  } else if (data_.shape().size() == 4) {
    std::vector<std::uint16_t> all(static_cast<std::size_t>(data_.row_size()));
    read_counts(data_, 0, 1, all);
    std::copy_n(all.data() + static_cast<std::size_t>(channel) * static_cast<std::size_t>(plane.size()), plane.size(), plane.data());
  } else {
    read_counts(data_, static_cast<std::uint64_t>(channel), 1, {plane.data(), static_cast<std::size_t>(plane.size())});
  }
  if (!transposed_) return plane;
  return plane.transpose();
}

FrameEncoding HypedFrame::encoding() const {
  FrameEncoding out;
  unsigned bits = 0, most = 0;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const CameraPlane plane = stored(static_cast<int>(c));
    for (Eigen::Index i = 0; i < plane.size(); ++i) {
      bits |= plane.data()[i];
      most = std::max<unsigned>(most, plane.data()[i]);
    }
  }
  if (most == 0) throw InputError(data_.where(), "is all black in every channel", "leave the file out, or write it again");
  if (data_.type().bytes == 1 || most <= 255) {
    if (!allow_8bit_) throw InputError(data_.where(), fmt::format("has no value above {}: an 8-bit rendering for display, not camera counts", most), "export the original 16-bit data, or give --allow-8bit and mistrust every intensity");
    out = {0, 8, 255, true, fmt::format("8-bit values (largest {}): a rendering for display; intensities are not camera counts", most)};
  } else if ((bits & 3U) == 0) {      // also where no pixel is bright: all counts of a picture are not multiples of 4 by chance
    out = {2, 14, camera_14_bit, false, fmt::format("14-bit counts shifted left by 2 bits (largest {}, all multiples of 4): shifted back", most)};
  } else if (most <= camera_14_bit) {
    out = {0, 14, camera_14_bit, false, fmt::format("14-bit counts (largest {}), white level {}", most, camera_14_bit)};
  } else {
    out = {0, 16, 65535, false, fmt::format("16-bit counts (largest {}), white level 65535", most)};
  }
  if (given_depth_ > 0 && given_depth_ != out.bit_depth) {
    const unsigned white = (1U << given_depth_) - 1;
    if ((most >> out.shift) > white) throw InputError(data_.where(), fmt::format("holds {} and a camera of {} bits gives at most {}", most, given_depth_, white), "correct --bit-depth");
    out.bit_depth = given_depth_;
    out.white_level = static_cast<std::uint16_t>(white);
    out.words += fmt::format("; taken as {} bit, white level {}, as given", given_depth_, white);
  }
  return out;
}

ChannelPicture HypedFrame::read(const std::string& channel, const FrameEncoding& encoding) const {
  const int index = channel_named(channels_, channel);
  if (index < 0) throw InputError(data_.where(), "has no channel '" + channel + "'", fmt::format("it has {}", fmt::join(channels_, ", ")));
  ChannelPicture out;
  out.counts = stored(index);
  const std::string what = fmt::format("{}, channel '{}'", data_.where(), channels_[static_cast<std::size_t>(index)]);
  unsigned bits = 0, least = 65535, most = 0;
  const unsigned low = (1U << encoding.shift) - 1;
  std::int64_t at_white = 0;
  for (Eigen::Index i = 0; i < out.counts.size(); ++i) {
    const unsigned stored = out.counts.data()[i], value = stored >> encoding.shift;
    bits |= stored;
    out.counts.data()[i] = static_cast<std::uint16_t>(value);
    least = std::min(least, value);
    most = std::max(most, value);
    at_white += value >= encoding.white_level ? 1 : 0;
  }
  if ((bits & low) != 0) throw InputError(what, fmt::format("holds values that are no multiples of {}, and the other frames' counts are shifted by {} bits", low + 1, encoding.shift), "the frame is of another acquisition: leave it out");
  if (most > encoding.white_level) throw InputError(what, fmt::format("holds {}, above the white level {} of this acquisition", most, encoding.white_level), "the frame is of another acquisition: leave it out, or give --bit-depth");
  if (most == 0) throw InputError(what, "is all black", "leave the file out, or write it again");
  out.least = static_cast<std::uint16_t>(least);
  out.most = static_cast<std::uint16_t>(most);
  out.saturated = static_cast<double>(at_white) / static_cast<double>(out.counts.size());
  if (out.saturated > 0.5) throw InputError(what, fmt::format("is saturated: {:.0f} % of its pixels are at the white level {}", 100 * out.saturated, encoding.white_level), "nothing can be measured in it: leave it out");
  if (most == least) throw InputError(what, fmt::format("has the value {} everywhere", most), "leave the file out, or write it again");
  return out;
}

}  // namespace hyped
