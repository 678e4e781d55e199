// What one frame of a film holds once it is segmented: its nuclei, their outline and the light of each reporter inside them.
#pragma once
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// Light of one nucleus in one channel, in camera counts of the raw picture (never of a denoised one).
struct NucleusLight {
  double mean = 0, median = 0, mad = 0, least = 0, most = 0, sum = 0;      // over the pixels of the nucleus
  double ring = 0, ring_mad = 0;               // median and median absolute deviation of the ring around it, other nuclei left out
  int ring_pixels = 0;                         // 0: no free pixel around it; then `ring` is the frame's background
  double saturated = 0;                        // share of its pixels at or above the camera's white level
  double above_ring() const { return median - ring; }
};

// Columns of skimage's regionprops, by the same definitions. Rows count downwards, columns to the right, from the centre of the first pixel [px].
struct Nucleus {
  int label = 0;                               // its number in the frame's label picture, from 1
  double row = 0, column = 0;                  // centroid [px]
  double area = 0;                             // [px]
  int first_row = 0, first_column = 0, last_row = 0, last_column = 0;      // bounding box, the last ones included
  double major_axis = 0, minor_axis = 0, eccentricity = 0, orientation = 0, perimeter = 0, solidity = 0;
  bool at_border = false;                      // cut by the edge of the picture: no size, no total light
  bool at_seam = false;                        // on a seam between stitched tiles
  bool debris = false;                         // too small or too dim for a nucleus: kept, marked
  std::vector<NucleusLight> light;             // by channel, in the order of FrameNuclei::channels
};

struct FrameNuclei {
  int frame = 0;                               // number in the file's name
  double time_h = 0;
  int stage = 0;                               // acquisition: 0 before the film's break, 1 after it
  std::vector<std::string> channels;
  std::vector<Nucleus> nuclei;
  std::vector<std::string> notes;              // what was doubtful in this frame
  Outcome outcome;                             // not ok: the frame could not be read or has nothing in it; it is a gap
};

}  // namespace hyped
