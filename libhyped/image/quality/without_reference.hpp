// How good a denoised picture is where no clean one exists: half of its photo-electrons against the other half, and what the denoiser took away.
#pragma once
#include <cstdint>
#include <functional>

#include "libhyped/image/denoise/noise_model.hpp"

namespace hyped {

using Denoiser = std::function<Plane(const Plane&)>;

// Binomial thinning: each photo-electron goes to one of two halves by a fair coin, so that their shot noise is independent; one half, doubled, is denoised and compared with
// the other. error = mean square of the difference less the other half's own variance: what a clean picture of the same brightness
// would have given for a picture of half the light [squared units of the picture]. At half the light every denoiser does a little worse than on the picture itself; the order of denoisers is what it tells.
struct ThinnedScore {
  double error = 0, error_sd = 0;      // mean over the repeats, and the standard error of it from repeats
  double raw_error = 0;                // of the half itself, not denoised: twice the picture's own noise
  double psnr_gain_db = 0;             // 10 log10(raw_error / error)
  int repeats = 0;
  Outcome outcome;                     // not_identifiable: no gain was measured, or neighbouring pixels share noise, so that halves would not be independent; not_finite: error below nought
};
// `noise`, `spectrum`: of the same picture. Read noise (offset > 0) stays in both halves: its share of the variance must be below 20 %, else not_identifiable.
// Counts are rounded at random to whole electrons. The same result for any number of threads.
ThinnedScore thinned_score(const Plane& picture, const NoiseModel& noise, const NoiseSpectrum& spectrum, const Denoiser& denoiser, std::uint64_t seed, int repeats = 3);

// What was taken away, over the noise's standard deviation at each pixel. A perfect denoiser of white noise takes away the noise alone: variance near 1, no
// correlation between neighbours, none with the picture that is left.
struct Residual {
  double mean = 0, variance = 0;
  double lag_row = 0, lag_column = 0;  // correlation of neighbours above each other, beside each other
  double with_picture = 0;             // correlation with the denoised picture
  double null_sd = 0;                  // of a correlation of white noise: 1 / sqrt(pixels)
  Outcome outcome;
};
Residual residual_of(const Plane& picture, const Plane& denoised, const NoiseModel& noise);

}  // namespace hyped
