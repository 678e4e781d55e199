// The two-flood scheme: one clump of the low mask at a time, clumps in parallel.
#include "libhyped/image/segment/segment_nuclei.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/image/segment/background.hpp"
#include "libhyped/image/segment/flood.hpp"
#include "libhyped/image/segment/rejoin.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using namespace segmentation;

struct Box {
  int top, left, bottom, right;      // last ones included
  int rows() const { return bottom - top + 1; }
  int cols() const { return right - left + 1; }
};

std::vector<Box> boxes_of(const Labels& labels, int count) {
  std::vector<Box> boxes(count, {1 << 30, 1 << 30, -1, -1});
  for (int r = 0; r < labels.rows(); ++r)
    for (int c = 0; c < labels.cols(); ++c)
      if (const int l = labels(r, c)) {
        Box& b = boxes[l - 1];
        b.top = std::min(b.top, r), b.bottom = std::max(b.bottom, r), b.left = std::min(b.left, c), b.right = std::max(b.right, c);
      }
  return boxes;
}

Box grown(Box b, Eigen::Index rows, Eigen::Index cols, int by) {
  return {std::max(0, b.top - by), std::max(0, b.left - by), std::min(static_cast<int>(rows) - 1, b.bottom + by), std::min(static_cast<int>(cols) - 1, b.right + by)};
}

// Each basin's own level: the 85th percentile of its light.
std::vector<float> basin_light(const Labels& basins, const Plane& light, double share) {
  const int count = basins.size() ? basins.maxCoeff() : 0;
  std::vector<std::vector<float>> values(count);
  for (Eigen::Index i = 0; i < basins.size(); ++i)
    if (basins.data()[i]) values[basins.data()[i] - 1].push_back(light.data()[i]);
  std::vector<float> out(count, 0.f);
  for (int b = 0; b < count; ++b) {
    const auto at = values[b].begin() + static_cast<std::ptrdiff_t>(share * (values[b].size() - 1));
    std::nth_element(values[b].begin(), at, values[b].end());
    out[b] = *at;
  }
  return out;
}

// Nuclei of one clump, numbered from 1 within its box.
struct Clump {
  Box box;
  Labels nuclei;
  std::vector<float> own;
};

void split(Clump& clump, const Labels& clumps, int number, const Plane& cut, const Plane& haze, const Plane& flooded, double level, double radius, const SegmentOptions& o) {
  const Box& b = clump.box;
  const Plane light = cut.block(b.top, b.left, b.rows(), b.cols());
  const Plane smooth = flooded.block(b.top, b.left, b.rows(), b.cols()).max(static_cast<float>(0.1 * level + 1e-6));
  const Mask low = (clumps.block(b.top, b.left, b.rows(), b.cols()) == number).cast<std::uint8_t>();
  const Labels basins = flood(smooth.log(), low, o.light_dynamics);
  const std::vector<float> own = basin_light(basins, light, 0.85);
  const std::vector<float> dim = basin_light(basins, haze.block(b.top, b.left, b.rows(), b.cols()), 0.5);
  std::vector<float> level_of(own.size());
  for (std::size_t k = 0; k < own.size(); ++k) level_of[k] = static_cast<float>(o.level_share + o.haze_level * dim[k] / std::max(1e-6f, own[k] + dim[k])) * own[k];
  for (std::size_t k = 0; k < own.size(); ++k)
    if (own[k] < o.contrast * (own[k] + dim[k])) level_of[k] = std::numeric_limits<float>::infinity();
  Mask kept = Mask::Zero(b.rows(), b.cols());
  for (Eigen::Index i = 0; i < kept.size(); ++i)
    if (const int basin = basins.data()[i]) kept.data()[i] = light.data()[i] > level_of[basin - 1];
  kept = opened(kept);
  const double disc = M_PI * radius * radius;
  fill_holes(kept, static_cast<int>(disc / 2));
  const Plane away = distances(kept);
  const Plane top = window_maximum((kept > 0).select(smooth, 0.f), static_cast<int>(std::lround(radius))).max(1e-6f);
  const Plane heights = static_cast<float>(o.shape_weight) * (away / static_cast<float>(radius)).min(1.5f) + static_cast<float>(1 - o.shape_weight) * smooth / top;
  clump.nuclei = rejoined(flood(heights, kept, o.shape_dynamics), smooth, {radius, o.least_solidity, o.size_cost, o.border_cost});
  clump.own = basin_light(clump.nuclei, light, 0.85);
}

}  // namespace

Segmentation segment_nuclei(const Plane& dna, const SegmentOptions& o) {
  Segmentation out;
  const Eigen::Index rows = dna.rows(), cols = dna.cols();
  out.labels = Labels::Zero(rows, cols);
  out.radius = o.radius > 0 ? o.radius : nucleus_radius(dna);
  if (!(out.radius > 0)) {
    out.outcome = {Status::not_identifiable, "no nucleus was found to measure the scale on"};
    return out;
  }
  const double radius = out.radius;
  const double sigma_cut = std::max(0.4, o.mask_smoothing * radius), sigma_flood = std::max(0.5, o.flood_smoothing * radius);
  Plane cut = gaussian_filtered(dna, sigma_cut);
  const Plane under = background(cut, 8.9 * radius, radius / 2);
  cut -= under;
  Plane flooded = gaussian_filtered(dna, sigma_flood) - under;
  Plane haze = static_cast<float>(o.near_share) * background(cut, o.near_reach * radius, radius / 4);
  cut -= haze;
  flooded -= static_cast<float>(o.flood_haze) * haze;
  haze += under - static_cast<float>(quantile(under, 0.01));
  out.noise = pixel_noise(dna) / (2 * std::sqrt(M_PI) * sigma_cut);
  out.level = std::max(o.noise_cut * out.noise + quantile(cut, 0.2), o.otsu_share * root_otsu(cut));
  int count = 0;
  const Labels clumps = components((cut > static_cast<float>(out.level)).cast<std::uint8_t>(), count);
  const double disc = M_PI * radius * radius;
  std::vector<Box> boxes = boxes_of(clumps, count);
  std::vector<Clump> found(count);
  const int batch = 16;
  parallel_for((count + batch - 1) / batch, [&](int job) {
    for (int k = job * batch; k < std::min(count, (job + 1) * batch); ++k) {
      found[k].box = grown(boxes[k], rows, cols, 1);
      if (boxes[k].rows() * boxes[k].cols() < o.least_area * disc) continue;
      split(found[k], clumps, k + 1, cut, haze, flooded, out.level, radius, o);
    }
  });
  std::vector<float> strong;
  for (const Clump& clump : found) strong.insert(strong.end(), clump.own.begin(), clump.own.end());
  float typical = 0;
  if (!strong.empty()) {
    const auto at = strong.begin() + static_cast<std::ptrdiff_t>(0.9 * (strong.size() - 1));
    std::nth_element(strong.begin(), at, strong.end());
    typical = *at;
  }
  int next = 0;
  for (Clump& clump : found) {
    if (!clump.nuclei.size()) continue;
    const int here = clump.nuclei.maxCoeff();
    std::vector<int> area(here + 1, 0), number(here + 1, 0);
    for (Eigen::Index i = 0; i < clump.nuclei.size(); ++i) ++area[clump.nuclei.data()[i]];
    for (int l = 1; l <= here; ++l)
      if (area[l] >= o.least_area * disc && clump.own[l - 1] >= o.dim * typical) {
        number[l] = ++next;
        out.flags.push_back({false, false, area[l] < o.debris_area * disc});
      }
    for (int r = 0; r < clump.nuclei.rows(); ++r)
      for (int c = 0; c < clump.nuclei.cols(); ++c)
        if (const int l = number[clump.nuclei(r, c)]) out.labels(clump.box.top + r, clump.box.left + c) = l;
  }
  return out;
}

Segmentation segment_nuclei(const CameraPlane& dna, const SegmentOptions& options) { return segment_nuclei(Plane(dna.cast<float>()), options); }

}  // namespace hyped
