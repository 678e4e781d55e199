// Basins of a picture, their merging by dynamics, distances inside a mask: the parts of the segmentation that work on one clump at a time.
#pragma once
#include <vector>

#include "libhyped/image/plane.hpp"

namespace hyped::segmentation {

using Mask = PlaneOf<std::uint8_t>;            // 1 inside

// Floods `heights` from its peaks downwards over the mask, 8-connected. Where two basins meet, the lower one is joined to the higher if its peak stands less than
// `dynamics` above that saddle; else the border stays for good. Seeds, watershed and the removal of shallow maxima in one sort, no one-pixel lines: a pixel
// belongs to the basin of its highest neighbour flooded before it. Ties are taken in raster order. Basins are numbered from 1 in raster
// order of their first pixel. Source: Najman & Couprie 2006, J Math Imaging Vis 25:207 (component trees by union-find); Grimaud 1992 (dynamics).
Labels flood(const Plane& heights, const Mask& mask, double dynamics);

// Components of the mask, 8-connected, numbered from 1 in raster order of their first pixel.
Labels components(const Mask& mask, int& count);

// Exact Euclidean distance from each pixel of the mask to the nearest pixel outside it, what lies beyond the picture taken as outside unless `open_edges`.
// Source: Felzenszwalb & Huttenlocher 2012, Theory Comput 8:415.
Plane distances(const Mask& mask, bool open_edges = false);

Mask opened(const Mask& mask);                 // erosion, then dilation by 3 x 3; beyond the picture counts as inside
void fill_holes(Mask& mask, int most_pixels);  // background of at most so many pixels, 4-connected, that no edge touches
Plane window_maximum(const Plane& picture, int radius);      // over (2 radius + 1)^2 pixels

}  // namespace hyped::segmentation
