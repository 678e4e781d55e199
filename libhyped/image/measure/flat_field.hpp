// How evenly the lamp lights a tile: a smooth surface under the background of many tiles or frames.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

struct TileGrid {
  int rows = 1, columns = 1;     // tiles that abut in a frame
  std::vector<int> seam_rows(Eigen::Index height) const;         // first row of each tile but the first
  std::vector<int> seam_columns(Eigen::Index width) const;
};

struct FlatField {
  Plane gain;                    // [H x W], mean 1: (counts - pedestal) / gain is even
  double unevenness = 0;         // largest over least gain within a tile
  double residual = 0;           // sd of block medians around the surface, of their mean
  Outcome outcome;               // not_identifiable: no light above the pedestal; then the gain is 1
};

// A quadratic surface through the medians of blocks of background, each block's median taken over all tiles and frames, `pedestal` counts subtracted. What lies still
// in the same place of all tiles is taken for the lamp: give frames of several wells or times. InputError for no frames, frames of different
// shapes, a size the grid does not divide.
FlatField flat_field(std::span<const CameraPlane* const> frames, const TileGrid& grid, double pedestal = 0);

}  // namespace hyped
