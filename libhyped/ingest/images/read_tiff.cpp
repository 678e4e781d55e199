// TIFF and OME-TIFF by libtiff: BigTIFF, tiles and strips, deflate, LZW, zstd; one page at a time.
#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/formats.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t most_side = 10000000;
constexpr std::uint64_t most_pixels = 2000000000;

thread_local std::string last_error;
void keep_error(thandle_t, const char*, const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  last_error = text;
}

struct Page {
  std::uint32_t width = 0, height = 0;
  std::uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG, photometric = PHOTOMETRIC_MINISBLACK;
  bool operator==(const Page&) const = default;
};

Page page_of(TIFF* tiff) {
  Page p;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &p.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &p.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &p.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &p.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &p.format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &p.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PHOTOMETRIC, &p.photometric);
  return p;
}

class TiffPicture : public PictureFormat {
 public:
  explicit TiffPicture(const std::filesystem::path& file) {
    TIFFSetErrorHandler(nullptr);
    TIFFSetErrorHandlerExt(keep_error);
    TIFFSetWarningHandler(nullptr);
    last_error.clear();
    tiff_ = TIFFOpen(file.c_str(), "r");
    if (!tiff_) throw InputError(file.string(), "is no TIFF: " + last_error, "give a whole TIFF file");
    info.file = file;
    info.format = "TIFF";
    try {
      survey();
    } catch (...) {
      TIFFClose(tiff_);
      throw;
    }
  }
  ~TiffPicture() override { TIFFClose(tiff_); }

  ExactPlane samples(int plane, int sample) const override {
    last_error.clear();
    if (!TIFFSetDirectory(tiff_, directory_[separate_ ? 0 : static_cast<std::size_t>(page_of_plane_[plane])])) fail(plane, "has no such page");
    if (!(page_of(tiff_) == page_)) fail(plane, "its page is not the one that was surveyed");
    const int first = separate_ ? plane : sample;
    ExactPlane out(info.height, info.width);
    const std::size_t bytes = page_.bits / 8;
    const std::size_t apart = page_.planar == PLANARCONFIG_CONTIG ? page_.samples : 1, within = page_.planar == PLANARCONFIG_CONTIG ? first : 0;
    const auto take = [&](const unsigned char* line, int row, int column, int columns) {
      for (int c = 0; c < columns; ++c) out(row, column + c) = value(line + (c * apart + within) * bytes);
    };
    const auto planar_sample = static_cast<std::uint16_t>(page_.planar == PLANARCONFIG_SEPARATE ? first : 0);
    if (TIFFIsTiled(tiff_)) {
      std::uint32_t tile_width = 0, tile_height = 0;
      TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &tile_width);
      TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &tile_height);
      std::vector<unsigned char> tile(static_cast<std::size_t>(TIFFTileSize(tiff_)));
      if (tile.size() < std::size_t{tile_width} * tile_height * apart * bytes) fail(plane, "its tiles hold fewer values than their size says");
      for (std::uint32_t r = 0; r < page_.height; r += tile_height)
        for (std::uint32_t c = 0; c < page_.width; c += tile_width) {
          if (TIFFReadTile(tiff_, tile.data(), c, r, 0, planar_sample) < 0) fail(plane, last_error);
          for (std::uint32_t i = 0; i < std::min(tile_height, page_.height - r); ++i)
            take(tile.data() + i * tile_width * apart * bytes, static_cast<int>(r + i), static_cast<int>(c), static_cast<int>(std::min(tile_width, page_.width - c)));
        }
    } else {
      std::vector<unsigned char> line(static_cast<std::size_t>(TIFFScanlineSize(tiff_)));
      if (line.size() < std::size_t{page_.width} * apart * bytes) fail(plane, "its rows hold fewer values than its width says");
      for (std::uint32_t r = 0; r < page_.height; ++r) {
        if (TIFFReadScanline(tiff_, line.data(), r, planar_sample) < 0) fail(plane, last_error);
        take(line.data(), static_cast<int>(r), 0, info.width);
      }
    }
    return out;
  }

 private:
  TIFF* tiff_ = nullptr;
  Page page_;
  bool separate_ = false;                      // planes of one page that are no colours
  std::vector<int> page_of_plane_;             // by plane, frame-major
  std::vector<tdir_t> directory_;              // of each page: small copies stand between them

  [[noreturn]] void fail(int plane, const std::string& why) const { throw InputError(fmt::format("{}, picture {}", info.file.string(), plane), "cannot be read: " + why, "the file is cut short or damaged: write it again"); }

  double value(const unsigned char* at) const {
    const auto as = [&](auto zero) { std::memcpy(&zero, at, sizeof zero); return static_cast<double>(zero); };
    const double v = page_.format == SAMPLEFORMAT_IEEEFP ? (page_.bits == 32 ? as(float{}) : as(double{}))
                   : page_.format == SAMPLEFORMAT_INT    ? (page_.bits == 8 ? as(std::int8_t{}) : page_.bits == 16 ? as(std::int16_t{}) : as(std::int32_t{}))
                                                         : (page_.bits == 8 ? as(std::uint8_t{}) : page_.bits == 16 ? as(std::uint16_t{}) : as(std::uint32_t{}));
    return page_.photometric == PHOTOMETRIC_MINISWHITE && page_.format == SAMPLEFORMAT_UINT ? (page_.bits == 8 ? 255 : page_.bits == 16 ? 65535 : 4294967295.0) - v : v;
  }

  void survey() {
    const std::string name = info.file.string();
    page_ = page_of(tiff_);
    const bool real = page_.format == SAMPLEFORMAT_IEEEFP;
    if (!(real ? page_.bits == 32 || page_.bits == 64 : (page_.bits == 8 || page_.bits == 16 || page_.bits == 32) && (page_.format == SAMPLEFORMAT_UINT || page_.format == SAMPLEFORMAT_INT)))
      throw InputError(name, fmt::format("has samples of {} bits (format {})", page_.bits, page_.format), "save it with 8, 16 or 32 bits a sample");
    if (page_.width == 0 || page_.height == 0 || page_.width > most_side || page_.height > most_side || std::uint64_t{page_.width} * page_.height > most_pixels)
      throw InputError(name, fmt::format("says it is {} x {} pixels", page_.height, page_.width), "pictures of up to 2 x 10^9 pixels are read; is the file damaged?");
    if (page_.photometric == PHOTOMETRIC_YCBCR || page_.photometric == PHOTOMETRIC_SEPARATED || page_.photometric == PHOTOMETRIC_CIELAB)
      throw InputError(name, "has its colours in another form than red, green, blue: a rendering, no camera counts", "export the raw data, or save it as RGB");
    if (page_.photometric == PHOTOMETRIC_PALETTE) throw InputError(name, "has a colour palette in place of counts", "save it as grey values");
    const char* text = nullptr;
    const std::string description = TIFFGetField(tiff_, TIFFTAG_IMAGEDESCRIPTION, &text) && text ? text : "";
    int pages = 0;
    last_error.clear();
    do {
      const Page here = page_of(tiff_);
      std::uint32_t kind = 0;
      if (pages && (here.width != page_.width || here.height != page_.height)) {
        TIFFGetField(tiff_, TIFFTAG_SUBFILETYPE, &kind);
        if (kind & FILETYPE_REDUCEDIMAGE) continue;      // a small copy of the picture
        throw InputError(fmt::format("{}, page {}", name, pages), fmt::format("is {} x {} pixels, the first page {} x {}", here.height, here.width, page_.height, page_.width), "keep pictures of one size in one file");
      }
      if (!(here == page_)) throw InputError(fmt::format("{}, page {}", name, pages), "has another kind of samples than the first page", "keep pictures of one kind in one file");
      directory_.push_back(TIFFCurrentDirectory(tiff_));
      ++pages;
    } while (TIFFReadDirectory(tiff_));
    if (!last_error.empty()) throw InputError(name, fmt::format("breaks off after {} pages: {}", pages, last_error), "the file is cut short or damaged: write it again");
    info.height = static_cast<int>(page_.height), info.width = static_cast<int>(page_.width);
    info.bits = page_.bits, info.is_float = real, info.is_signed = page_.format == SAMPLEFORMAT_INT;
    // Three planes of one page: colours only where they are bytes. Stacks of three 16-bit pictures are often written so by mistake.
    separate_ = page_.planar == PLANARCONFIG_SEPARATE && page_.samples > 1 && page_.bits > 8 && pages == 1;
    info.samples = separate_ ? 1 : page_.samples == 2 ? 2 : page_.photometric == PHOTOMETRIC_RGB || page_.samples > 2 ? page_.samples : 1;
    const int planes = separate_ ? page_.samples : pages;
    order(read_page_order(description, info.file), planes);
    if (separate_) info.notes.push_back(fmt::format("its one page holds {} planes of {} bits marked as colours: they are read as {} pictures", page_.samples, page_.bits, page_.samples));
    if (info.colour_rendering()) info.notes.push_back(fmt::format("is a colour picture of {} bits: a rendering for the eye, clipped and stretched, no camera counts", page_.bits));
  }

  void order(const PageOrder& said, int planes) {
    page_of_plane_.resize(planes);
    for (int p = 0; p < planes; ++p) page_of_plane_[p] = p;
    info.pixel_um = said.pixel_um;
    info.channel_names = said.channel_names;
    for (const auto& note : said.notes) info.notes.push_back(note);
    if (said.pixel_um > 0 && said.pixel_um_down > 0 && std::abs(said.pixel_um - said.pixel_um_down) > 1e-3 * said.pixel_um)
      info.notes.push_back(fmt::format("its pixels are not square: {} um across, {} um down", said.pixel_um, said.pixel_um_down));
    if (said.said_by.empty()) {
      info.frames = planes;
      info.axes = planes == 1 ? "one picture" : fmt::format("{} pages, taken as frames of one channel: nothing in the file says what they are", planes);
      return;
    }
    if (said.said_by == "OME-XML") info.format = "OME-TIFF";
    const int channels = std::max(1, said.channels / std::max(1, said.rgb_samples));
    if (said.slices * channels * said.frames != planes)
      throw InputError(info.file.string(), fmt::format("has {} pages, but its {} says {} slices x {} channels x {} frames", planes, said.said_by, said.slices, channels, said.frames),
                       planes == 1 ? "pictures of over 4 GB by ImageJ, and films split over many files, must be saved as one OME-TIFF" : "write it again as one OME-TIFF");
    info.slices = said.slices, info.channels = channels, info.frames = said.frames;
    std::array<int, 3> stride{};      // of Z, C, T in pages
    int step = 1;
    for (const char axis : said.order) {
      const int which = axis == 'Z' ? 0 : axis == 'C' ? 1 : 2;
      stride[which] = step;
      step *= which == 0 ? info.slices : which == 1 ? info.channels : info.frames;
    }
    for (int t = 0; t < info.frames; ++t)
      for (int c = 0; c < info.channels; ++c)
        for (int z = 0; z < info.slices; ++z) page_of_plane_[(t * info.channels + c) * info.slices + z] = z * stride[0] + c * stride[1] + t * stride[2];
    info.axes = fmt::format("{} frames x {} channels x {} slices, pages in the order {} (fastest first), as its {} says", info.frames, info.channels, info.slices, said.order, said.said_by);
  }
};

}  // namespace

std::unique_ptr<PictureFormat> open_tiff(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) throw InputError(file.string(), "does not exist", "check the path");
  return std::make_unique<TiffPicture>(file);
}

}  // namespace hyped
