// The noise of a camera picture, measured on the picture: variance = gain x mean + offset, and how neighbouring pixels share it.
#pragma once
#include <Eigen/Core>

#include "libhyped/errors.hpp"
#include "libhyped/image/plane.hpp"

namespace hyped {

// variance(z) = gain z + offset, z in the picture's own units; what light of one photo-electron adds is `gain`. offset < 0: a pedestal of
// -offset / gain units that carries no shot noise. From diagonal Haar differences of 2 x 2 pixels, which see no plane and no edge along rows or columns: where noise
// is correlated between neighbours they see only its fine part, and the spectrum below says by how much the coarse part is larger.
struct NoiseModel {
  double gain = 0, offset = 0;
  double gain_error = 0, offset_error = 0;      // standard errors of the line
  int bins = 0;                                 // of mean level that the line goes through
  Eigen::ArrayXd level, variance;               // of the bins [bins]
  double pedestal() const { return gain > 0 && offset < 0 ? -offset / gain : 0; }
  Outcome outcome;                              // not_identifiable: levels too alike to tell gain from offset; then gain = 0, offset = variance
};
// Mean squares of differences in 8 x 8 blocks, medians in 20 bins of equal numbers of blocks by mean level, a weighted line through them.
// Saturated blocks (any pixel at or above `white_level`, if > 0) are left out. InputError below 64 x 64 pixels, values that are not finite.
NoiseModel measure_noise(const Plane& picture, double white_level = 0);

// Generalised Anscombe transform: unit variance for such noise. Its inverse is the exact unbiased one in closed form, not the algebraic one, which
// is biased at low counts (Makitalo & Foi 2011, IEEE Trans Image Process 20:99; 2013, 22:91).
class VarianceStabiliser {
 public:
  explicit VarianceStabiliser(const NoiseModel& noise);
  Plane apply(const Plane& picture) const;
  // `variance`: of the stabilised noise; 1 unless neighbouring pixels share noise that their differences do not show.
  Plane invert(const Plane& stabilised, double variance = 1) const;

 private:
  double gain_, offset_;
};

// Power of the stabilised noise in each 8 x 8 cosine coefficient, over that of the finest ones: 1 everywhere where noise is white. Row: vertical frequency.
using BlockSpectrum = Eigen::Array<float, 8, 8, Eigen::RowMajor>;
struct NoiseSpectrum {
  BlockSpectrum power = BlockSpectrum::Ones();      // >= 1, and all 1 where white
  double coarse = 1;                                // mean of the three coarsest but the mean itself, as measured
  bool correlated = false;                          // coarse above the cut
  int blocks = 0;                                   // the flattest ones it was measured on
};
// Of the flattest tenth of blocks of a stabilised picture. Cut 5: on FMD's confocal and two-photon pictures `coarse` is 1 to 3, on its wide-field
// ones above 20.
NoiseSpectrum measure_spectrum(const Plane& stabilised, double cut = 5);

}  // namespace hyped
