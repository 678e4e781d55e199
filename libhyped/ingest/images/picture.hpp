// Picture files as planes of counts: PNG, TIFF and OME-TIFF, and NumPy arrays of labels.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/plane.hpp"

namespace hyped {

// What a file says of itself. Planes are counted as frame-major: plane = (frame x channels + channel) x slices + slice.
struct PictureInfo {
  std::filesystem::path file;
  std::string format;                          // "PNG", "TIFF", "OME-TIFF", "NPY"
  int height = 0, width = 0;
  int frames = 1, channels = 1, slices = 1;
  int bits = 0;                                // of one sample as stored: 8, 16, 32
  bool is_signed = false, is_float = false;
  int samples = 1;                             // 3, 4: a colour picture, no camera counts
  std::vector<std::string> channel_names;      // empty: the file does not name them
  double pixel_um = 0;                         // 0: the file does not say
  std::string axes;                            // how pages were read as axes, in words, and why
  std::vector<std::string> notes;              // what a reader should know: colours, assumed axes, pixels that are not square
  int planes() const { return frames * channels * slices; }
  bool colour_rendering() const { return samples > 1; }
};

// One picture file, opened: headers read, one plane at a time after that. BigTIFF, tiles, deflate, LZW, zstd as libtiff has them.
// InputError (file, page) for files that are no picture, are cut short, or hold pages of different shapes.
class PictureFile {
 public:
  explicit PictureFile(const std::filesystem::path& file);
  const PictureInfo& info() const { return info_; }
  // Counts as stored. Colour pictures are turned to grey as skimage.rgb2gray weighs them (.2125, .7154, .0721), rounded: what
  // `colour_rendering()` warns of. InputError for floating-point pictures and values outside 0 to 65535.
  CameraPlane plane(int frame = 0, int channel = 0, int slice = 0) const;
  Plane real_plane(int frame = 0, int channel = 0, int slice = 0) const;      // any kind of numbers
  Labels labels(int frame = 0, int channel = 0, int slice = 0) const;         // whole numbers from 0; InputError else
  // Colour samples as stored, [H x W] each: what colour renderings are checked with.
  std::vector<CameraPlane> colour_planes(int frame = 0, int channel = 0, int slice = 0) const;

 private:
  PictureInfo info_;
  std::vector<int> page_of_;                   // TIFF: directory of each plane
  std::vector<std::uint64_t> offset_of_;       // NPY: first byte of each plane
  bool fortran_order_ = false;
  ExactPlane samples(int plane, int sample) const;
  int plane_index(int frame, int channel, int slice) const;
};

// Planes of one file that a label picture made elsewhere must match (StarDist or Cellpose: TIFF, PNG or npy). InputError where its shape is not
// height x width, where it is a colour or floating-point picture, or has no such frame.
Labels read_labels(const std::filesystem::path& file, int frame, int height, int width);

}  // namespace hyped
