// Background by a downsampled erosion; noise by second differences; thresholds by histograms.
#include "libhyped/image/segment/background.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::segmentation {
namespace {

constexpr Eigen::Index band = 64;      // rows of one job
int bands_of(Eigen::Index rows) { return static_cast<int>((rows + band - 1) / band); }

// Least value over a window of 2 radius + 1 along each line (van Herk's three passes in their plain form: a monotone queue).
void running_least(const float* in, float* out, int n, Eigen::Index stride, int radius, std::vector<int>& queue) {
  queue.resize(n);
  int head = 0, tail = 0;
  for (int i = 0, next = 0; i < n; ++i) {
    for (; next < n && next <= i + radius; ++next) {
      while (tail > head && in[queue[tail - 1] * stride] >= in[next * stride]) --tail;
      queue[tail++] = next;
    }
    while (queue[head] < i - radius) ++head;
    out[i * stride] = in[queue[head] * stride];
  }
}

}  // namespace

Plane background(const Plane& picture, double half_side, double block) {
  const Eigen::Index rows = picture.rows(), cols = picture.cols();
  const int step = std::max(1, static_cast<int>(block));
  const Eigen::Index small_rows = (rows + step - 1) / step, small_cols = (cols + step - 1) / step;
  Plane small(small_rows, small_cols), least(small_rows, small_cols);
  parallel_for(bands_of(small_rows), [&](int b) {
    for (Eigen::Index r = b * band; r < std::min(small_rows, (b + 1) * band); ++r)
      for (Eigen::Index c = 0; c < small_cols; ++c)
        small(r, c) = picture.block(r * step, c * step, std::min<Eigen::Index>(step, rows - r * step), std::min<Eigen::Index>(step, cols - c * step)).mean();
  });
  const int reach = std::max(1, static_cast<int>(std::lround(half_side / step)));
  std::vector<int> queue;
  for (Eigen::Index r = 0; r < small_rows; ++r) running_least(small.data() + r * small_cols, least.data() + r * small_cols, static_cast<int>(small_cols), 1, reach, queue);
  for (Eigen::Index c = 0; c < small_cols; ++c) running_least(least.data() + c, small.data() + c, static_cast<int>(small_rows), small_cols, reach, queue);
  const double widest = (std::min(small_rows, small_cols) - 1) / 4.0;
  if (widest > 0.5) small = gaussian_filtered(small, std::min(reach / 2.0, widest));
  Plane out(rows, cols);
  parallel_for(bands_of(rows), [&](int b) {      // bilinear between block centres
    for (Eigen::Index r = b * band; r < std::min(rows, (b + 1) * band); ++r) {
      const float y = std::clamp((r + 0.5f) / step - 0.5f, 0.f, static_cast<float>(small_rows - 1));
      const Eigen::Index above = static_cast<Eigen::Index>(y), below = std::min(above + 1, small_rows - 1);
      const Eigen::Array<float, 1, Eigen::Dynamic> line = small.row(above) + (y - above) * (small.row(below) - small.row(above));
      for (Eigen::Index c = 0; c < cols; ++c) {
        const float x = std::clamp((c + 0.5f) / step - 0.5f, 0.f, static_cast<float>(small_cols - 1));
        const Eigen::Index left = static_cast<Eigen::Index>(x), right = std::min(left + 1, small_cols - 1);
        out(r, c) = line[left] + (x - left) * (line[right] - line[left]);
      }
    }
  });
  return out;
}

double pixel_noise(const Plane& p) {
  if (p.rows() < 3 || p.cols() < 3) return 0.29;
  const Eigen::Index step = std::max<Eigen::Index>(1, p.rows() / 512);      // some rows are enough
  std::vector<float> seen;
  for (Eigen::Index r = 1; r + 1 < p.rows(); r += step)
    for (Eigen::Index c = 1; c + 1 < p.cols(); ++c)
      seen.push_back(std::abs(p(r - 1, c - 1) - 2 * p(r - 1, c) + p(r - 1, c + 1) - 2 * p(r, c - 1) + 4 * p(r, c) - 2 * p(r, c + 1) + p(r + 1, c - 1) - 2 * p(r + 1, c) + p(r + 1, c + 1)));
  std::nth_element(seen.begin(), seen.begin() + seen.size() / 2, seen.end());
  return std::max(0.29, seen[seen.size() / 2] / (6 * 0.6745));
}

double smoothed_noise(const Plane& p, int lag) {
  const Eigen::Index step = std::max<Eigen::Index>(1, p.rows() / 512);
  std::vector<float> seen;
  for (Eigen::Index r = lag; r + lag < p.rows(); r += step)
    for (Eigen::Index c = lag; c + lag < p.cols(); ++c)
      seen.push_back(std::abs(p(r, c - lag) - 2 * p(r, c) + p(r, c + lag))), seen.push_back(std::abs(p(r - lag, c) - 2 * p(r, c) + p(r + lag, c)));
  if (seen.empty()) return 0;
  const auto at = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 4);
  std::nth_element(seen.begin(), at, seen.end());
  return *at / (0.3186 * std::sqrt(6.0));      // .3186: lower quarter of |N(0, 1)|
}

double root_otsu(const Plane& picture) {
  constexpr int bins = 512;
  const float top = std::sqrt(std::max(0.f, picture.maxCoeff()));
  if (!(top > 0)) return 0;
  std::vector<double> count(bins, 0);
  const int jobs = bands_of(picture.rows());
  std::vector<std::vector<int>> part(jobs);
  parallel_for(jobs, [&](int b) {
    auto& mine = part[b];
    mine.assign(bins, 0);
    const float scale = (bins - 1) / top;
    for (Eigen::Index r = b * band; r < std::min(picture.rows(), (b + 1) * band); ++r)
      for (Eigen::Index c = 0; c < picture.cols(); ++c) ++mine[static_cast<int>(scale * std::sqrt(std::max(0.f, picture(r, c))))];
  });
  for (const auto& mine : part)
    for (int k = 0; k < bins; ++k) count[k] += mine[k];
  double all = 0, moment = 0, below = 0, below_moment = 0, best = -1;
  int cut = 0;
  for (int k = 0; k < bins; ++k) all += count[k], moment += k * count[k];
  for (int k = 0; k + 1 < bins; ++k) {
    below += count[k], below_moment += k * count[k];
    if (below == 0 || below == all) continue;
    const double apart = below_moment / below - (moment - below_moment) / (all - below);
    const double between = below * (all - below) * apart * apart;
    if (between > best) best = between, cut = k;
  }
  const double root = (cut + 1.0) * top / (bins - 1);
  return root * root;
}

double quantile(const Plane& picture, double share) {
  const Eigen::Index step = picture.size() > 1000000 ? 7 : 1;
  std::vector<float> seen;
  for (Eigen::Index i = 0; i < picture.size(); i += step) seen.push_back(picture.data()[i]);
  const auto at = seen.begin() + static_cast<std::ptrdiff_t>(share * (seen.size() - 1));
  std::nth_element(seen.begin(), at, seen.end());
  return *at;
}

}  // namespace hyped::segmentation
