// Picture files given on the command line as one series of frames with named channels.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct PictureSettings {
  std::vector<std::string> files;              // frames in this order; each may hold several
  std::vector<std::string> with;               // NAME=FILE: a channel from another file of the same frames
  std::string dna_channel;                     // by name or number from 0; may be empty where there is one channel
  bool allow_rendering = false;                // take 8-bit colour pictures
  double white_level = 0;                      // 0: told from the values
  int tile_rows = 0, tile_columns = 0;         // size of stitched tiles [px]; 0: not stitched
};

// One frame of the series: where it is and what each channel's file and plane are.
struct SeriesFrame {
  std::string where;
  int file = 0, frame = 0, number = 0;
};

class PictureSeries {
 public:
  // Opens every file; those that cannot be read are kept in `failures` and left out. InputError if none can be read, a channel is not there or not told, colour renderings were not allowed.
  // Files of another shape or pixel size than the first are failures too. A file that is left out leaves its frames open: numbers of later ones stay.
  PictureSeries(RunDirectory& run, const PictureSettings& settings);
  const std::vector<SeriesFrame>& frames() const { return frames_; }
  const std::vector<std::string>& channels() const { return channels_; }
  int dna() const { return dna_; }
  int slots() const { return slots_; }         // frames with those left open; numbers are below it
  double pixel_um() const { return pixel_um_; }
  int height() const { return height_; }
  int width() const { return width_; }
  CameraPlane plane(const SeriesFrame& frame, int channel) const;
  std::vector<std::string> failures;           // "file, frame: why", filled by the verbs as they go

 private:
  std::vector<std::filesystem::path> files_, with_;      // opened again for each frame: one picture in memory, one file open at a time
  const PictureFile& opened(const std::filesystem::path& file) const;
  std::vector<SeriesFrame> frames_;
  std::vector<std::string> channels_;
  int own_channels_ = 1, dna_ = 0, height_ = 0, width_ = 0, slots_ = 0;
  double pixel_um_ = 0;
  mutable std::filesystem::path open_name_;
  mutable std::optional<PictureFile> open_;
};

// Counts at which the camera is full: 2^bits - 1 of the smallest of 8, 10, 12, 14, 16 bits that hold the largest value seen; that is said.
double white_level_of(const CameraPlane& plane);

// Lists the failures at the end: a warning and, if there is one, an outcome that is not ok.
void finish_series(RunDirectory& run, const PictureSeries& series);

}  // namespace hyped
