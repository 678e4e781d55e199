// Distances inside a mask, opening, running maxima: all in a few passes over rows and columns.
#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/image/segment/flood.hpp"

namespace hyped::segmentation {
namespace {

// Lower envelope of parabolas over one line: squared distances out of squared distances across.
void line_distances(const float* in, float* out, int n, Eigen::Index stride, std::vector<int>& place, std::vector<float>& from) {
  place.resize(n), from.resize(n + 1);
  int k = -1;
  for (int q = 0; q < n; ++q) {
    const float fq = in[q * stride];
    if (!std::isfinite(fq)) continue;
    while (true) {
      if (k < 0) {
        k = 0, place[0] = q, from[0] = -std::numeric_limits<float>::infinity();
        break;
      }
      const int p = place[k];
      const float s = ((fq + float(q) * q) - (in[p * stride] + float(p) * p)) / (2.f * (q - p));
      if (s > from[k]) {
        ++k, place[k] = q, from[k] = s;
        break;
      }
      --k;
    }
  }
  if (k < 0) {
    for (int q = 0; q < n; ++q) out[q * stride] = std::numeric_limits<float>::infinity();
    return;
  }
  std::vector<float> value(k + 1);
  for (int j = 0; j <= k; ++j) value[j] = in[place[j] * stride];
  int j = 0;
  for (int q = 0; q < n; ++q) {
    while (j < k && from[j + 1] < q) ++j;
    out[q * stride] = float(q - place[j]) * (q - place[j]) + value[j];
  }
}

template <class Best>
void running(const Plane& in, Plane& out, int radius, Best&& best) {      // brute force over short windows, separable
  const Eigen::Index rows = in.rows(), cols = in.cols();
  Plane across = in;
  for (int k = 1; k <= std::min<Eigen::Index>(radius, cols - 1); ++k) {
    across.leftCols(cols - k) = best(across.leftCols(cols - k), in.rightCols(cols - k));
    across.rightCols(cols - k) = best(across.rightCols(cols - k), in.leftCols(cols - k));
  }
  out = across;
  for (int k = 1; k <= std::min<Eigen::Index>(radius, rows - 1); ++k) {
    out.topRows(rows - k) = best(out.topRows(rows - k), across.bottomRows(rows - k));
    out.bottomRows(rows - k) = best(out.bottomRows(rows - k), across.topRows(rows - k));
  }
}

}  // namespace

Plane distances(const Mask& mask, bool open_edges) {
  const Eigen::Index rows = mask.rows() + 2, cols = mask.cols() + 2;
  const float far = std::numeric_limits<float>::infinity();
  Plane squared = Plane::Constant(rows, cols, open_edges ? far : 0.f);
  for (Eigen::Index r = 0; r < mask.rows(); ++r)
    for (Eigen::Index c = 0; c < mask.cols(); ++c) squared(r + 1, c + 1) = mask(r, c) ? far : 0.f;
  Plane next(rows, cols);
  std::vector<int> place;
  std::vector<float> from;
  for (Eigen::Index c = 0; c < cols; ++c) line_distances(squared.data() + c, next.data() + c, static_cast<int>(rows), cols, place, from);
  for (Eigen::Index r = 0; r < rows; ++r) line_distances(next.data() + r * cols, squared.data() + r * cols, static_cast<int>(cols), 1, place, from);
  return squared.block(1, 1, mask.rows(), mask.cols()).sqrt();
}

Mask opened(const Mask& mask) {
  const Eigen::Index rows = mask.rows(), cols = mask.cols();
  if (rows < 2 || cols < 2) return mask;
  const auto three = [&](const Mask& in, bool least) {
    Mask across = in, out(rows, cols);
    const auto join = [&](auto target, const auto& with) { target = least ? target.min(with).eval() : target.max(with).eval(); };
    join(across.leftCols(cols - 1), in.rightCols(cols - 1));
    join(across.rightCols(cols - 1), in.leftCols(cols - 1));
    out = across;
    join(out.topRows(rows - 1), across.bottomRows(rows - 1));
    join(out.bottomRows(rows - 1), across.topRows(rows - 1));
    return out;
  };
  return three(three(mask, true), false);
}

Plane window_maximum(const Plane& picture, int radius) {
  Plane out;
  running(picture, out, radius, [](const auto& a, const auto& b) { return a.max(b).eval(); });
  return out;
}

}  // namespace hyped::segmentation
