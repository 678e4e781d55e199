// Denoising of one picture by what is known of its own noise: sliding 8 x 8 cosine transforms, thresholded, then Wiener-filtered.
#pragma once
#include "libhyped/image/denoise/noise_model.hpp"

namespace hyped {

struct CosineOptions {
  int step = 2;                  // pixels between blocks: 1 is best, 2 a quarter of the work
  double threshold = 2.8;        // times the noise of each coefficient
  double white_level = 0;        // saturated above it; 0: not known
};
struct Denoised {
  Plane picture;                 // the given picture's units
  NoiseModel noise;
  NoiseSpectrum spectrum;
  Outcome outcome;               // not ok: noise could not be measured, and the picture is the given one
};
// Stabilise, threshold every coefficient at the measured noise of its frequency, average all blocks that cover a pixel with weights 1 / variance
// left, then the same with Wiener weights from that first answer, back by the unbiased inverse, and a last step that gives every neighbourhood (sigma 4 pixels, 8 where noise is
// correlated) the light it had. Deterministic for any number of threads.
// For masks only: brightness of nuclei is measured on the raw picture. Sources: Yaroslavsky 1996 (sliding transforms), Guleryuz 2007, IEEE
// Trans Image Process 16:2395 (weights), Dabov et al. 2007, 16:2080 (Wiener pass).
Denoised denoise(const Plane& picture, const CosineOptions& options = {});

}  // namespace hyped
