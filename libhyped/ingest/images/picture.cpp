// Which reader a file needs, and its planes as counts or labels.
#include "libhyped/ingest/images/picture.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/formats.hpp"

namespace hyped {
namespace {

std::unique_ptr<PictureFormat> opened(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError(file.string(), "cannot be opened", "check the path");
  std::array<char, 8> head{};
  in.read(head.data(), 8);
  const auto is = [&](const char* bytes, std::size_t n) { return std::memcmp(head.data(), bytes, n) == 0; };
  if (is("\x89PNG", 4)) return open_png(file);
  if (is("\x93NUMPY", 6)) return open_npy(file);
  if (is("II*\0", 4) || is("MM\0*", 4) || is("II+\0", 4) || is("MM\0+", 4)) return open_tiff(file);
  throw InputError(file.string(), "is no PNG, TIFF or .npy file", "export it as OME-TIFF; HDF5 frames are read by their own reader");
}

int plane_index(const PictureInfo& info, int frame, int channel, int slice) {
  if (frame < 0 || frame >= info.frames || channel < 0 || channel >= info.channels || slice < 0 || slice >= info.slices)
    throw InputError(info.file.string(), fmt::format("has no frame {}, channel {}, slice {}: it holds {} frames, {} channels, {} slices", frame, channel, slice, info.frames, info.channels, info.slices), "ask for one that is there");
  return (frame * info.channels + channel) * info.slices + slice;
}

}  // namespace

PictureFile::PictureFile(const std::filesystem::path& file) : format_(opened(file)) {}
PictureFile::~PictureFile() = default;
PictureFile::PictureFile(PictureFile&&) noexcept = default;
const PictureInfo& PictureFile::info() const { return format_->info; }

ExactPlane PictureFile::exact_plane(int frame, int channel, int slice) const {
  const int at = plane_index(info(), frame, channel, slice);
  if (!info().colour_rendering()) return format_->samples(at, 0);
  return 0.2125 * format_->samples(at, 0) + 0.7154 * format_->samples(at, 1) + 0.0721 * format_->samples(at, 2);
}

CameraPlane PictureFile::plane(int frame, int channel, int slice) const {
  ExactPlane values = exact_plane(frame, channel, slice);
  if (info().colour_rendering()) values = values.round();
  const std::string where = fmt::format("{}, frame {}, channel {}", info().file.string(), frame, channel);
  if (!values.isFinite().all()) throw InputError(where, "holds values that are not finite", "give camera counts");
  if ((values != values.round()).any()) throw InputError(where, "holds fractions, camera counts are whole numbers", "save the raw picture as 16-bit integers");
  if (values.minCoeff() < 0 || values.maxCoeff() > 65535) throw InputError(where, fmt::format("holds values from {} to {}, camera counts are from 0 to 65535", values.minCoeff(), values.maxCoeff()), "save the raw picture as 16-bit integers");
  return values.cast<std::uint16_t>();
}

Labels PictureFile::labels(int frame, int channel, int slice) const {
  if (info().colour_rendering()) throw InputError(info().file.string(), "is a colour picture, no labels", "save the labels as whole numbers, one value per nucleus");
  const ExactPlane values = exact_plane(frame, channel, slice);
  if (!values.isFinite().all() || (values != values.round()).any() || values.minCoeff() < 0 || values.maxCoeff() > 2147483647.0)
    throw InputError(fmt::format("{}, frame {}", info().file.string(), frame), "holds values that are no labels", "labels are whole numbers, 0 for the background");
  return values.cast<std::int32_t>();
}

Labels read_labels(const std::filesystem::path& file, int frame, Eigen::Index height, Eigen::Index width) {
  const PictureFile picture(file);
  if (picture.info().height != height || picture.info().width != width)
    throw InputError(file.string(), fmt::format("is {} x {} pixels; its picture is {} x {}", picture.info().height, picture.info().width, height, width), "give the labels of this picture, not turned and not scaled");
  return picture.labels(frame);
}

}  // namespace hyped
