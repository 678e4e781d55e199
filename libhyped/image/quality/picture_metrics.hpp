// How near one picture is to another: squared error, peak signal to noise, structural similarity; and named signal-to-noise ratios of one picture.
#pragma once
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// Mean of (a - b)^2 in double. InputError for pictures of different shapes, empty ones, values that are not finite.
double mean_squared_error(const ExactPlane& a, const ExactPlane& b);

// 10 log10(peak^2 / mse) [dB]; infinite for equal pictures. `peak` has no default: a 14-bit picture in 16-bit integers has 16383, and the
// integer's own range would add 12 dB. InputError for a peak that is not positive.
double peak_signal_to_noise(double mse, double peak);

// The paper's Table 4: mse of pictures scaled to [0, 1], with a peak of 255: 48.13 dB too high. Kept by name, to reproduce it.
double psnr_paper(double mse_of_unit_scale);

// Mean structural similarity. uniform: 7 x 7 box, sample covariance, skimage's default. gaussian: 11 taps of sigma 1.5, population
// covariance (Wang et al. 2004, IEEE Trans Image Process 13:600). gaussian_sample: the same with n / (n - 1), n = 121: what skimage gives when
// only gaussian_weights is set. K1 .01, K2 .03; the map's border of half a window is left out, so how edges are padded does not matter.
// `range`: of the values (a float picture in [0, 1] has 1; skimage takes 2 when none is given, and 65535 for 16-bit integers).
enum class SimilarityWindow { uniform, gaussian, gaussian_sample };
double structural_similarity(const ExactPlane& a, const ExactPlane& b, double range, SimilarityWindow window = SimilarityWindow::uniform);

// Ratios of the light inside nuclei to that outside, all by name since papers print "SNR" for each of them. The nuclei must come from one
// segmentation for all pictures that are compared: a denoiser else changes its own mask.
struct ContrastRatios {
  double mean_over_sd = 0;         // mean inside / sd outside
  double mean_over_sd_db = 0;      // 20 log10 of it
  double power_over_variance_db = 0;      // 10 log10(mean square inside / variance outside)
  double power_db = 0;             // 10 log10(mean square inside / mean square outside)
  double contrast_to_noise = 0;    // (mean inside - mean outside) / sd outside
  long inside = 0, outside = 0;    // pixels
  Outcome outcome;                 // not_finite: nothing inside or outside, or no scatter outside
};
ContrastRatios contrast_ratios(const ExactPlane& picture, const Labels& nuclei);

}  // namespace hyped
