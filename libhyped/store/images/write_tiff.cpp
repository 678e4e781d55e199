// OME-TIFF by libtiff: strips, deflate with the horizontal predictor.
#include "libhyped/store/images/write_tiff.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>

#include "libhyped/errors.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace fs = std::filesystem;

struct TiffWriter::File {
  fs::path target, partial;
  TIFF* tiff = nullptr;
  Eigen::Index height, width;
  int planes, bits, written = 0;
  std::string description;
};

namespace {

std::string ome_xml(const fs::path& file, Eigen::Index height, Eigen::Index width, int frames, int bits, const TiffDescription& d) {
  std::string size, channels;
  if (d.pixel_um > 0) size += fmt::format(" PhysicalSizeX=\"{0}\" PhysicalSizeXUnit=\"\xc2\xb5m\" PhysicalSizeY=\"{0}\" PhysicalSizeYUnit=\"\xc2\xb5m\"", d.pixel_um);
  if (d.frame_interval_s > 0) size += fmt::format(" TimeIncrement=\"{}\" TimeIncrementUnit=\"s\"", d.frame_interval_s);
  for (int c = 0; c < d.channels; ++c) channels += fmt::format("<Channel ID=\"Channel:0:{}\" SamplesPerPixel=\"1\"{}/>", c, d.channel_names.empty() ? "" : fmt::format(" Name=\"{}\"", escape_html(d.channel_names[c])));
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                     "xsi:schemaLocation=\"http://www.openmicroscopy.org/Schemas/OME/2016-06 http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd\" Creator=\"hyped\">"
                     "<Image ID=\"Image:0\" Name=\"{}\"><Pixels ID=\"Pixels:0\" DimensionOrder=\"XYCZT\" Type=\"uint{}\" BigEndian=\"false\" SizeX=\"{}\" SizeY=\"{}\" SizeC=\"{}\" SizeZ=\"1\" SizeT=\"{}\"{}>{}<TiffData/></Pixels></Image></OME>",
                     escape_html(file.filename().string()), bits, width, height, d.channels, frames, size, channels);
}

template <class T, class From>
void write_plane(TIFF* tiff, const From& plane, const std::string& name) {
  std::vector<T> line(plane.cols());
  for (Eigen::Index r = 0; r < plane.rows(); ++r) {
    std::transform(plane.data() + r * plane.cols(), plane.data() + (r + 1) * plane.cols(), line.begin(), [](auto v) { return static_cast<T>(v); });
    if (TIFFWriteScanline(tiff, line.data(), static_cast<std::uint32_t>(r), 0) < 0) throw InputError(name, "cannot be written", "is the disk full?");
  }
}

template <class File, class From>
void add_plane(File& f, const From& plane, long most) {
  if (plane.rows() != f.height || plane.cols() != f.width) throw InputError(f.target.string(), fmt::format("a plane of {} x {} pixels among planes of {} x {}", plane.rows(), plane.cols(), f.height, f.width), "keep pictures of one size in one file");
  if (f.bits == 16 && most > 65535) throw InputError(f.target.string(), fmt::format("label {} does not fit 16 bits", most), "write 32-bit labels");
  HYPED_REQUIRE(f.written < f.planes);
  TIFF* tiff = f.tiff;
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(f.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(f.height));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, f.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(std::min<Eigen::Index>(f.height, 64)));
  if (f.written == 0) TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, f.description.c_str());
  if (f.bits == 16) write_plane<std::uint16_t>(tiff, plane, f.target.string());
  else write_plane<std::uint32_t>(tiff, plane, f.target.string());
  if (!TIFFWriteDirectory(tiff)) throw InputError(f.target.string(), "cannot be written", "is the disk full?");
  ++f.written;
}

}  // namespace

TiffWriter::TiffWriter(fs::path file, Eigen::Index height, Eigen::Index width, int frames, int bits, TiffDescription description) : file_(new File) {
  HYPED_REQUIRE((bits == 16 || bits == 32) && frames > 0 && description.channels > 0);
  HYPED_REQUIRE(description.channel_names.empty() || static_cast<int>(description.channel_names.size()) == description.channels);
  file_->target = std::move(file);
  file_->partial = file_->target;
  file_->partial += ".part";
  file_->height = height, file_->width = width, file_->bits = bits, file_->planes = frames * description.channels;
  file_->description = ome_xml(file_->target, height, width, frames, bits, description);
  const double raw = static_cast<double>(height) * width * file_->planes * bits / 8;
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  file_->tiff = TIFFOpen(file_->partial.c_str(), raw > 3.5e9 ? "w8" : "w");
  if (!file_->tiff) {
    const std::string name = file_->target.string();
    delete file_;
    throw InputError(name, "cannot be written", "check that its folder is there and may be written to");
  }
}

TiffWriter::~TiffWriter() {
  if (file_->tiff) {
    TIFFClose(file_->tiff);
    std::error_code ignored;
    fs::remove(file_->partial, ignored);
  }
  delete file_;
}

void TiffWriter::add(const Labels& plane) { add_plane(*file_, plane, plane.size() ? plane.maxCoeff() : 0); }
void TiffWriter::add(const CameraPlane& plane) { add_plane(*file_, plane, 0); }

void TiffWriter::finish() {
  HYPED_REQUIRE(file_->written == file_->planes);
  TIFFClose(file_->tiff);
  file_->tiff = nullptr;
  fs::rename(file_->partial, file_->target);
}

void write_labels(const fs::path& file, const std::vector<const Labels*>& frames, const TiffDescription& description) {
  if (frames.empty() || frames[0]->size() == 0) throw InputError(file.string(), "no labels to write", "give at least one frame");
  int most = 0;
  for (const Labels* labels : frames) most = std::max(most, labels->maxCoeff());
  TiffWriter writer(file, frames[0]->rows(), frames[0]->cols(), static_cast<int>(frames.size()), most > 65535 ? 32 : 16, description);
  for (const Labels* labels : frames) writer.add(*labels);
  writer.finish();
}

}  // namespace hyped
