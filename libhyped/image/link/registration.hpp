// By how much the picture moved between two acquisitions: phase correlation, and a test whether the answer can be believed.
#pragma once
#include "libhyped/errors.hpp"
#include "libhyped/image/nucleus.hpp"

namespace hyped {

// Add it to a place of the first picture to get the same place in the second [px].
struct PictureShift {
  double rows = 0, columns = 0;
  double peak = 0, second_peak = 0;      // of the correlation, and the highest one that is not beside it
};
// Phase correlation (Kuglin & Hines 1975) of two pictures of one shape, each less its mean, its edges tapered and padded to twice its size, so that a shift up to
// half of it is told from its complement. Whole pixels. InputError for other shapes, below 8 x 8 pixels, or values that are not finite.
PictureShift phase_correlation(const Plane& first, const Plane& second);

struct FrameShift {
  int from_frame = 0, to_frame = 0;
  double rows = 0, columns = 0;          // [px]
  long matched = 0, nuclei = 0;          // nuclei that are each other's nearest within the gate after the shift, of the lesser number of both frames
  double by_chance = 0;                  // matches expected of nuclei spread at random
  bool trusted = false;                  // at least 40 % matched, and more than chance by 6 standard deviations
};
// Two frames of nuclei, a picture of height x width [px]: their places drawn as blots of `gate` / 3 px, phase correlation, then the median step of the matched nuclei.
FrameShift register_nuclei(const FrameNuclei& first, const FrameNuclei& second, double gate);

}  // namespace hyped
