// PNG pictures by libpng.
#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/formats.hpp"

namespace hyped {
namespace {

class PngPicture : public PictureFormat {
 public:
  std::vector<std::uint16_t> values;           // [H x W x samples]
  ExactPlane samples(int, int sample) const override {
    ExactPlane out(info.height, info.width);
    for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = values[static_cast<std::size_t>(i) * info.samples + sample];
    return out;
  }
};

// libpng is C: no exception may pass through it. An error is noted and jumps back to safely().
struct PngError {
  char text[160] = "";
};
[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto* error = static_cast<PngError*>(png_get_error_ptr(png));
  std::strncpy(error->text, message, sizeof(error->text) - 1);
  png_longjmp(png, 1);
}
void ignore(png_structp, png_const_charp) {}

// False if libpng jumped out of the step. Steps own nothing: what a jump passes over is not destroyed.
template <class Step>
bool safely(png_structp png, const Step& step) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  step();
  return true;
}


}  // namespace

std::unique_ptr<PictureFormat> open_png(const std::filesystem::path& file) {
  const std::string name = file.string();
  const std::unique_ptr<FILE, int (*)(FILE*)> in(std::fopen(name.c_str(), "rb"), std::fclose);
  if (!in) throw InputError(name, "cannot be opened", "check the path");
  PngError error;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &error, fail, ignore);
  png_infop header = png != nullptr ? png_create_info_struct(png) : nullptr;
  struct Close {
    png_structp* png;
    png_infop* header;
    ~Close() { png_destroy_read_struct(png, header, nullptr); }
  } close{&png, &header};
  if (header == nullptr) throw std::bad_alloc();
  const auto whole = [&](bool read) {
    if (!read) throw InputError(name, error.text, "give a whole PNG file");
  };
  FILE* const from = in.get();
  whole(safely(png, [png, header, from] {
    png_init_io(png, from);
    png_read_info(png, header);
  }));
  auto picture = std::make_unique<PngPicture>();
  PictureInfo& info = picture->info;
  info.file = file;
  info.format = "PNG";
  info.width = static_cast<int>(png_get_image_width(png, header));
  info.height = static_cast<int>(png_get_image_height(png, header));
  const int type = png_get_color_type(png, header), depth = png_get_bit_depth(png, header);
  whole(safely(png, [png, header, type, depth] {
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (type & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(png);
    if (depth == 16) png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, header);
  }));
  if (type & PNG_COLOR_MASK_ALPHA) info.notes.push_back("its transparency is left out");
  info.samples = png_get_channels(png, header);
  info.bits = depth == 16 ? 16 : 8;
  if (info.colour_rendering()) info.notes.push_back(fmt::format("is a colour picture of {} bits: a rendering for the eye, clipped and stretched, no camera counts", info.bits));
  info.axes = "one picture, rows and columns";
  const std::size_t row_bytes = png_get_rowbytes(png, header);
  std::vector<unsigned char> bytes(row_bytes * info.height);
  std::vector<png_bytep> rows(info.height);
  for (int r = 0; r < info.height; ++r) rows[r] = bytes.data() + r * row_bytes;
  png_bytep* const to = rows.data();
  whole(safely(png, [png, to] {
    png_read_image(png, to);
    png_read_end(png, nullptr);
  }));
  picture->values.resize(static_cast<std::size_t>(info.height) * info.width * info.samples);
  if (info.bits == 16) std::memcpy(picture->values.data(), bytes.data(), bytes.size());
  else std::copy(bytes.begin(), bytes.end(), picture->values.begin());
  return picture;
}

}  // namespace hyped
