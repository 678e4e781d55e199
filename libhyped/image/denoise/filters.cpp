// Gaussian and median filters, parallel over rows.
#include "libhyped/image/denoise/filters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr Eigen::Index band = 32;      // rows of one job

int bands_of(const Plane& picture) { return static_cast<int>((picture.rows() + band - 1) / band); }

Eigen::Index mirrored(Eigen::Index i, Eigen::Index n) {
  if (i < 0) i = -1 - i;
  return i < n ? i : 2 * n - 1 - i;
}

void check_radius(const Plane& picture, Eigen::Index radius) {
  if (radius > std::min(picture.rows(), picture.cols()))
    throw InputError("filter", fmt::format("reaches {} pixels; the picture is {} x {}", radius, picture.rows(), picture.cols()), "take a narrower filter");
}

}  // namespace

Plane gaussian_filtered(const Plane& picture, double sigma) {
  if (!(sigma > 0)) throw InputError("sigma", fmt::format("is {}", sigma), "give a positive width in pixels");
  const int radius = static_cast<int>(4 * sigma + 0.5);
  check_radius(picture, radius);
  Eigen::ArrayXf taps(2 * radius + 1);
  for (int k = -radius; k <= radius; ++k) taps[k + radius] = static_cast<float>(std::exp(-0.5 * k * k / (sigma * sigma)));
  taps /= taps.sum();
  const Eigen::Index rows = picture.rows(), cols = picture.cols();
  Plane across(rows, cols), out(rows, cols);
  parallel_for(bands_of(picture), [&](int b) {
    Eigen::Array<float, 1, Eigen::Dynamic> wide(cols + 2 * radius);
    for (Eigen::Index r = b * band; r < std::min(rows, (b + 1) * band); ++r) {
      for (Eigen::Index c = 0; c < wide.size(); ++c) wide[c] = picture(r, mirrored(c - radius, cols));
      across.row(r) = taps[0] * wide.segment(0, cols);
      for (int k = 1; k <= 2 * radius; ++k) across.row(r) += taps[k] * wide.segment(k, cols);
    }
  });
  parallel_for(bands_of(picture), [&](int b) {
    for (Eigen::Index r = b * band; r < std::min(rows, (b + 1) * band); ++r) {
      out.row(r) = taps[0] * across.row(mirrored(r - radius, rows));
      for (int k = 1; k <= 2 * radius; ++k) out.row(r) += taps[k] * across.row(mirrored(r + k - radius, rows));
    }
  });
  return out;
}

Plane median_filtered(const Plane& picture, int width) {
  if (width < 1 || width % 2 == 0) throw InputError("median filter", fmt::format("has a width of {}", width), "give an odd number of pixels");
  const int radius = width / 2;
  check_radius(picture, radius);
  Plane out(picture.rows(), picture.cols());
  parallel_for(bands_of(picture), [&](int b) {
    std::vector<float> window(static_cast<std::size_t>(width) * width);
    for (Eigen::Index r = b * band; r < std::min(picture.rows(), (b + 1) * band); ++r)
      for (Eigen::Index c = 0; c < picture.cols(); ++c) {
        std::size_t n = 0;
        for (int i = -radius; i <= radius; ++i)
          for (int k = -radius; k <= radius; ++k) window[n++] = picture(mirrored(r + i, picture.rows()), mirrored(c + k, picture.cols()));
        std::nth_element(window.begin(), window.begin() + n / 2, window.end());
        out(r, c) = window[n / 2];
      }
  });
  return out;
}

}  // namespace hyped
