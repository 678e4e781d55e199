// FM2S: a small convolutional network that learns, from one picture alone, to undo noise added to a median-filtered copy of it.
#pragma once
#include <cstdint>

#include "libhyped/errors.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// Settings of Fluorescence Micrograph to Self (Liu et al. 2024, arXiv 2412.10031) for confocal pictures; its authors tuned them per microscope on the data they test on.
// Wide-field: channels 1, gaussian 220, photons 45, global_photons 2000, median 11. Two-photon: gaussian 175, global_photons 60.
struct SmallNetworkOptions {
  int channels = 2;              // copies of the picture that get noise of their own
  int median = 3;                // width of the filter that makes the target
  int block = 75;                // px over which brightness sets the noise
  double gaussian = 200, photons = 30, global_photons = 70;
  int draws = 450, steps = 5;    // noise draws, and steps of the optimiser on each
  int crop = 128;                // side of the square the network is trained on: weights know no place, so it serves the whole picture
  int crop_row = -1, crop_column = -1;      // its corner; -1: the square of greatest spread
  double range = 255;            // value that stands for 1
  std::uint64_t seed = 1;
};
struct SmallNetworkResult {
  Plane picture;                 // real numbers: the original's cut to 256 whole grey levels is left out
  double first_loss = 0, last_loss = 0;      // mean square against the target, on noisy copies
  int steps = 0, crop_row = 0, crop_column = 0;
  Outcome outcome;               // not_finite: training ran away
};
// Three layers, 5 x 5 to 24, 3 x 3 to 12, 5 x 5 back, leaky ramps of slope 1e-3 between, zeros beyond the edge; Adam with rate 1e-3. About two minutes on one core for the defaults.
// Deterministic for any number of threads. InputError for settings out of range or a picture smaller than the crop.
SmallNetworkResult denoise_by_small_network(const Plane& picture, const SmallNetworkOptions& options = {});

}  // namespace hyped
