// The size of nuclei in a picture: the width at which its blobs stand out most.
#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/image/segment/background.hpp"
#include "libhyped/image/segment/segment_nuclei.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double least = 3, ratio = M_SQRT2, share = 0.25;

Plane shrunk(const Plane& picture, int step) {
  Plane out(picture.rows() / step, picture.cols() / step);
  for (Eigen::Index r = 0; r < out.rows(); ++r)
    for (Eigen::Index c = 0; c < out.cols(); ++c) out(r, c) = picture.block(r * step, c * step, step, step).mean();
  return out;
}

// Mean square of the bright blobs of each radius, by a difference of two Gaussians that a disc of that radius answers most.
std::vector<double> blob_power(const Plane& given) {
  std::vector<double> out;
  const Plane picture = given.min(static_cast<float>(segmentation::quantile(given, 0.999)));      // a few specks that blind the camera would outshine all nuclei
  for (double radius = least; radius <= std::min(picture.rows(), picture.cols()) / 5.0 && out.size() < 9; radius *= ratio) {
    const int step = std::max(1, static_cast<int>(radius / 4));
    const Plane small = shrunk(picture, step);
    const double sigma = radius / M_SQRT2 / step;
    const Plane blobs = (gaussian_filtered(small, sigma) - gaussian_filtered(small, 1.26 * sigma)).max(0.f);
    out.push_back(blobs.square().cast<double>().mean());
  }
  return out;
}

double radius_of(const std::vector<double>& power) {
  if (power.empty()) return 0;
  const double most = *std::max_element(power.begin(), power.end());
  if (!(most > 0)) return 0;
  const int n = static_cast<int>(power.size());
  int at = static_cast<int>(std::max_element(power.begin(), power.end()) - power.begin());
  for (int i = n - 1; i >= 0; --i)      // the finest that stands out: clumps of nuclei and tissues are blobs too
    if (power[i] >= share * most && (i == 0 || power[i] >= power[i - 1]) && (i == n - 1 || power[i] > power[i + 1])) at = i;
  for (int i = 0; i + 2 < n && i + 1 < at; ++i) {      // or a shoulder before that: nuclei of one size in a bright tissue
    if (!(power[i] > 0) || power[i] < share * most) continue;
    const double rise = std::log(power[i + 1] / power[i]), next = std::log(power[i + 2] / power[i + 1]);
    if (rise < 0.12 && next > rise + 0.2) return least * std::pow(ratio, i + 0.5);
  }
  double off = 0;
  if (at > 0 && at < n - 1 && power[at - 1] > 0 && power[at + 1] > 0) {
    const double a = std::log(power[at - 1]), b = std::log(power[at]), c = std::log(power[at + 1]);
    if (a - 2 * b + c < 0) off = 0.5 * (a - c) / (a - 2 * b + c);
  }
  return least * std::pow(ratio, at + off);
}

}  // namespace

double nucleus_radius(const Plane& picture) { return radius_of(blob_power(picture)); }

double nucleus_radius(std::span<const CameraPlane* const> frames) {
  std::vector<double> sum;
  for (const CameraPlane* frame : frames) {
    const std::vector<double> power = blob_power(frame->cast<float>());
    if (sum.empty()) sum.assign(power.size(), 0);
    for (std::size_t k = 0; k < std::min(sum.size(), power.size()); ++k) sum[k] += power[k];
  }
  return radius_of(sum);
}

}  // namespace hyped
