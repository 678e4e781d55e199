// Label pictures and camera pictures as OME-TIFF, compressed by deflate.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/plane.hpp"

namespace hyped {

struct TiffDescription {
  int channels = 1;                            // planes are written frame by frame, the channels of a frame together
  std::vector<std::string> channel_names;      // as many, or none
  double pixel_um = 0;                         // 0: not known
  double frame_interval_s = 0;                 // 0: not known
};

// Writes one plane after another, so that no more than one need be in memory; BigTIFF by itself where the raw size passes 3.5 GB. OME-XML states the axes (XYCZT), the channels and the
// pixel size. `bits`: 16 or 32.
// To a temporary name, renamed by finish(): what is not finished leaves nothing.
class TiffWriter {
 public:
  TiffWriter(std::filesystem::path file, Eigen::Index height, Eigen::Index width, int frames, int bits, TiffDescription description = {});
  ~TiffWriter();
  TiffWriter(const TiffWriter&) = delete;
  TiffWriter& operator=(const TiffWriter&) = delete;
  void add(const Labels& plane);               // InputError for another shape, labels that do not fit
  void add(const CameraPlane& plane);
  void finish();                               // BugError unless all planes were added

 private:
  struct File;
  File* file_;
};

// All frames of labels in one file: 16 bits where they fit, else 32.
void write_labels(const std::filesystem::path& file, const std::vector<const Labels*>& frames, const TiffDescription& description = {});

}  // namespace hyped
