// The readers behind PictureFile, one per format.
#pragma once
#include <memory>

#include "libhyped/ingest/images/picture.hpp"

namespace hyped {

// Planes of one open format. `samples` gives one sample of every pixel, colours by their number.
class PictureFormat {
 public:
  virtual ~PictureFormat() = default;
  virtual ExactPlane samples(int plane, int sample) const = 0;
  PictureInfo info;
};

std::unique_ptr<PictureFormat> open_png(const std::filesystem::path& file);
std::unique_ptr<PictureFormat> open_tiff(const std::filesystem::path& file);
std::unique_ptr<PictureFormat> open_npy(const std::filesystem::path& file);

// What an OME-XML header or ImageJ's description says of the pages; empty axes: nothing.
struct PageOrder {
  std::string order;                           // fastest first, of the letters Z, C, T
  int slices = 1, channels = 1, frames = 1;
  int rgb_samples = 1;                         // OME counts colour samples as channels
  std::vector<std::string> channel_names;
  double pixel_um = 0, pixel_um_down = 0;
  std::string said_by;                         // "OME-XML", "ImageJ"
  std::vector<std::string> notes;
};
PageOrder read_page_order(const std::string& description, const std::filesystem::path& file);

}  // namespace hyped
