// The convex hull of a shape of pixels, by the extents of its rows.
#pragma once
#include <vector>

namespace hyped::segmentation {

struct RowExtents {
  int first_row = 0;
  std::vector<int> left, right;      // by row, right one past the last; left > right: no pixel
};
RowExtents joined(const RowExtents& a, const RowExtents& b);

// Area of the hull, pixels taken as unit squares: that of the shape itself where it is convex.
double hull_area(const RowExtents& shape);

}  // namespace hyped::segmentation
