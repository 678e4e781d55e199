// The 8 x 8 orthonormal discrete cosine transform of blocks of a picture.
#pragma once
#include <Eigen/Core>
#include <cmath>

#include "libhyped/image/denoise/noise_model.hpp"

namespace hyped::image {

using Block = Eigen::Matrix<float, 8, 8, Eigen::RowMajor>;

inline const Block& cosines() {
  static const Block rows = [] {
    Block d;
    for (int k = 0; k < 8; ++k)
      for (int i = 0; i < 8; ++i) d(k, i) = static_cast<float>((k ? 0.5 : std::sqrt(0.125)) * std::cos(M_PI * (2 * i + 1) * k / 16));
    return d;
  }();
  return rows;
}

inline Block forward(const Plane& picture, Eigen::Index row, Eigen::Index column) {
  const Block half = cosines() * picture.block<8, 8>(row, column).matrix();
  return half * cosines().transpose();
}

inline Block backward(const Block& coefficients) {
  const Block half = cosines().transpose() * coefficients;
  return half * cosines();
}

}  // namespace hyped::image
