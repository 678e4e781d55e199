// Picture files as planes of counts: PNG, TIFF and OME-TIFF, and NumPy arrays of labels.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/image/plane.hpp"

namespace hyped {

// What a file says of itself. Planes are counted frame-major: plane = (frame x channels + channel) x slices + slice.
struct PictureInfo {
  std::filesystem::path file;
  std::string format;                          // "PNG", "TIFF", "OME-TIFF", "NPY"
  int height = 0, width = 0;
  int frames = 1, channels = 1, slices = 1;
  int bits = 0;                                // of one sample as stored
  bool is_signed = false, is_float = false;
  int samples = 1;                             // 3, 4: a colour picture, no camera counts
  std::vector<std::string> channel_names;      // empty: the file does not name them
  double pixel_um = 0;                         // 0: the file does not say
  std::string axes;                            // how pages were read as axes, in words, and why
  std::vector<std::string> notes;              // what a reader should know: colours, assumed axes, pixels that are not square
  int planes() const { return frames * channels * slices; }
  bool colour_rendering() const { return samples > 2; }
};

class PictureFormat;

// One picture file, opened by what its first bytes are, not by its name: headers read, one plane at a time after that. BigTIFF, tiles, deflate, LZW,
// zstd as libtiff has them. InputError (file, page) for files that are no picture, are cut short, or hold pages of different shapes.
class PictureFile {
 public:
  explicit PictureFile(const std::filesystem::path& file);
  ~PictureFile();
  PictureFile(PictureFile&&) noexcept;
  const PictureInfo& info() const;
  // Counts as stored. Colour pictures are turned to grey with the weights of skimage's rgb2gray (.2125, .7154, .0721), rounded: what colour_rendering()
  // warns of. InputError for values that are not whole or outside 0 to 65535, and where there is no such plane.
  CameraPlane plane(int frame = 0, int channel = 0, int slice = 0) const;
  ExactPlane exact_plane(int frame = 0, int channel = 0, int slice = 0) const;      // any numbers; colours to grey without rounding
  Labels labels(int frame = 0, int channel = 0, int slice = 0) const;               // whole numbers from 0 to 2^31 - 1; InputError else

 private:
  std::unique_ptr<PictureFormat> format_;
};

// The label picture of a frame made elsewhere (StarDist, Cellpose: TIFF, PNG or npy). InputError where its shape is not height x width, where it is a
// colour picture or holds fractions, or has no such frame.
Labels read_labels(const std::filesystem::path& file, int frame, Eigen::Index height, Eigen::Index width);

}  // namespace hyped
