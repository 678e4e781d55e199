// Shape of one nucleus from its own mask.
#pragma once
#include "libhyped/image/nucleus.hpp"
#include "libhyped/image/segment/flood.hpp"

namespace hyped::measurement {

// Fills centroid, area, axes, orientation, perimeter and solidity from the mask of its bounding box, whose first pixel is (first_row, first_column).
void measure_shape(const segmentation::Mask& mask, Nucleus& nucleus);

}  // namespace hyped::measurement
