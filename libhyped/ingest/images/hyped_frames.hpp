// One HYPED frame file: its channels by name, one at a time in memory, and what its numbers are (bit depth, shift, rendering).
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/hdf5/dataset.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// How to read a frame file. Empty or 0: told from the file, and said.
struct FrameReading {
  std::string dataset;                  // else Scene, scene, data, image, frame, or the only numbers of three dimensions or more
  // Letters of the stored order: CYX, YXC, TCYX. HYPED's authors write (C, X, Y) and mean X by rows: CXY is read as CYX, and
  // CYX is the default. A picture that really lies on its side is said by `transposed`.
  std::string axes;
  bool transposed = false;
  std::vector<std::string> channels;    // in the order stored, over the file's own; else /Channels, /channel_names, HYPED's order
  int bit_depth = 0;                    // of the camera: 8 to 16
  bool allow_8bit = false;              // displays, not camera counts: refused otherwise
};

// What the numbers of an acquisition are, told from one whole frame.
struct FrameEncoding {
  int shift = 0;                        // bits the counts were shifted to the left by: taken back
  int bit_depth = 14;
  std::uint16_t white_level = 16383;    // of the counts after the shift
  bool eight_bit = false;
  std::string words;                    // what was found and why
};

// One channel as the camera gave it, and what is true of all its pixels.
struct ChannelPicture {
  CameraPlane counts;                   // [H x W], shifted back
  std::uint16_t least = 0, most = 0;
  double saturated = 0;                 // share of pixels at the white level
};

class HypedFrame {
 public:
  // InputError, with file and dataset: damaged, no picture under a known name, colour rendering (a last axis of 3), 8-bit values
  // that were not allowed, axes or channel names that do not fit the shape.
  static HypedFrame open(const std::filesystem::path& file, const FrameReading& reading = {});
  const std::vector<std::string>& channels() const { return channels_; }
  bool channels_named() const { return named_; }      // false: HYPED's order was assumed
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  const std::string& where() const { return data_.where(); }
  std::string words() const;                           // "Scene, uint16, 4 x 2826 x 3245 as channel, row, column"
  // Reads every channel once, one at a time.
  FrameEncoding encoding() const;
  // InputError: no such channel, all black, one value everywhere, more than half of it at the white level, low bits set in a
  // picture that should be shifted (or a value above the white level): the frame is not of this acquisition.
  ChannelPicture read(const std::string& channel, const FrameEncoding& encoding) const;

 private:
  explicit HypedFrame(hdf5::Dataset data) : data_(std::move(data)) {}
  CameraPlane stored(int channel) const;
  hdf5::Dataset data_;
  std::vector<std::string> channels_;
  bool named_ = false, transposed_ = false, channel_last_ = false, allow_8bit_ = false;
  int rows_ = 0, columns_ = 0, given_depth_ = 0;
};

// The place of `wanted` among `names`: case and all but letters and digits do not count, and HYPED's spellings are one (TagGFP, TaGFP,
// tagGFP2; mKate, MKate2; Cy5, SiR-DNA). -1: none.
int channel_named(const std::vector<std::string>& names, const std::string& wanted);

// Size of a stitched tile. Of 471 x 649 pixels where that divides the picture (HYPED), of 6 x 5 tiles where it is large enough
// and divides; else the picture is one tile.
struct TileSize {
  int rows = 0, columns = 0;
  bool many(int picture_rows, int picture_columns) const { return rows < picture_rows || columns < picture_columns; }
};
TileSize tile_size(int rows, int columns);

// How much more the light changes across the seams of tiles of this size than between other neighbouring rows and columns:
// a ratio of medians, the smaller of the two directions; 0 where there are no seams.
double seam_contrast(const CameraPlane& picture, const TileSize& tile);

// A doubt in words if the picture's size or its seams say that rows and columns are exchanged; empty: none.
std::string axis_doubt(const CameraPlane& picture, const std::string& where);

}  // namespace hyped
