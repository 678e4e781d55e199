// Pieces of one nucleus put together again: neighbours whose union is convex, not too large and without a dark border.
#pragma once
#include "libhyped/image/segment/flood.hpp"

namespace hyped::segmentation {

struct RejoinOptions {
  double radius = 7;             // of a nucleus [px]
  double least_solidity = 0.9;   // of a union of two pieces, area over that of its convex hull
  double size_cost = 0.03;       // of solidity per doubling of the union's area above a nucleus'
  double border_cost = 0.3;      // of solidity per unit of light missing where the border is brightest, of the dimmer piece's
  double least_area = 0;         // [px]: a smaller piece is joined to the neighbour with the best union, whatever that is worth
};

// The pair with the best union first, until none is good enough. `pieces`: as flood() gives them.
Labels rejoined(const Labels& pieces, const Plane& light, const RejoinOptions& options);

// Area over that of the convex hull, pixels taken as unit squares; 1 for a convex shape. By the extents of the shape's rows.
struct RowExtents {
  int first_row = 0;
  std::vector<int> left, right;      // by row, right one past the last; left > right: no pixel
};
double hull_area(const RowExtents& shape);

}  // namespace hyped::segmentation
