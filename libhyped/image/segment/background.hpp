// What lies under the nuclei of a picture: its uneven background, its noise, the level nuclei start at.
#pragma once
#include "libhyped/image/plane.hpp"

namespace hyped::segmentation {

// Least block mean within about 10 radii of each pixel, smoothed: nuclei are narrower than that, the lamp's unevenness is wider. Taken on blocks of
// radius / 2 pixels, where an erosion at full resolution would cost twenty times as much.
Plane background(const Plane& picture, double half_side, double block);

// sd of the pixel noise by second differences, which see no plane: median |L| / (6 x .6745), L by Immerkaer's 3 x 3 mask. At least a rounding step's (.29).
double pixel_noise(const Plane& picture);

// sd of the noise of a smoothed picture, also where camera noise is correlated: by second differences `lag` pixels apart, between which no blur reaches, along rows and
// columns; the lower quarter of them, where no edge lies.
double smoothed_noise(const Plane& picture, int lag);

// The level that splits the values into two classes most unlike each other (Otsu 1979), on the square roots, where camera noise is even.
double root_otsu(const Plane& picture);

// The value below which a share of the pixels lies; from a tenth of them where there are many.
double quantile(const Plane& picture, double share);

}  // namespace hyped::segmentation
