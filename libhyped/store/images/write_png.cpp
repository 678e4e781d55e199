// PNG files by libpng.
#include "libhyped/store/images/write_png.hpp"

#include <png.h>

#include <cstdio>
#include <memory>

#include "libhyped/errors.hpp"

namespace hyped {

void write_png(const std::filesystem::path& file, const ColourPicture& picture) {
  if (picture.pixels.empty()) throw InputError(file.string(), "there is no picture to write", "give one with pixels");
  std::filesystem::path partial = file;
  partial += ".part";
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGB;
  static_assert(sizeof(Colour) == 3);
  if (!png_image_write_to_file(&image, partial.c_str(), 0, picture.pixels.data(), 0, nullptr)) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw InputError(file.string(), std::string("cannot be written: ") + image.message, "check that its folder is there and may be written to");
  }
  std::filesystem::rename(partial, file);
}

}  // namespace hyped
