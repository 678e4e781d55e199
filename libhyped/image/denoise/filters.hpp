// Plain smoothing filters: the baselines of every denoiser.
#pragma once
#include "libhyped/image/plane.hpp"

namespace hyped {

// Taps to 4 sigma, the picture mirrored at its border (d c b a | a b c d). InputError unless sigma > 0 and the radius fits the picture.
Plane gaussian_filtered(const Plane& picture, double sigma);

// Median of width x width pixels, mirrored at the border; width odd.
Plane median_filtered(const Plane& picture, int width);

}  // namespace hyped
