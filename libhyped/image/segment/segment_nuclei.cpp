// The two-flood scheme: one clump of the low mask at a time, clumps in parallel.
#include "libhyped/image/segment/segment_nuclei.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/image/segment/background.hpp"
#include "libhyped/image/segment/flood.hpp"
#include "libhyped/image/segment/piece_tree.hpp"
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

// Size of the second differences that pixel_noise() takes the median of, within the box; 0 at the picture's edge.
Plane grains(const Plane& p, const Box& b) {
  Plane out = Plane::Zero(b.rows(), b.cols());
  for (Eigen::Index r = std::max(1, b.top); r <= std::min<Eigen::Index>(b.bottom, p.rows() - 2); ++r)
    for (Eigen::Index c = std::max(1, b.left); c <= std::min<Eigen::Index>(b.right, p.cols() - 2); ++c)
      out(r - b.top, c - b.left) = std::abs(p(r - 1, c - 1) - 2 * p(r - 1, c) + p(r - 1, c + 1) - 2 * p(r, c - 1) + 4 * p(r, c) - 2 * p(r, c + 1) + p(r + 1, c - 1) - 2 * p(r + 1, c) + p(r + 1, c + 1));
  return out;
}

// Pieces that neither picture crosses, numbered from 1 in raster order of their first pixel.
Labels crossed(const Labels& a, const Labels& b) {
  Labels out = Labels::Zero(a.rows(), a.cols());
  std::map<std::pair<int, int>, int> number;
  for (Eigen::Index i = 0; i < a.size(); ++i)
    if (a.data()[i]) out.data()[i] = number.try_emplace({a.data()[i], b.data()[i]}, static_cast<int>(number.size()) + 1).first->second;
  return out;
}

// Pieces of one clump, numbered from 1 within its box, and their unions.
struct Clump {
  Box box;
  Labels pieces;
  PieceTree tree;
};

void split(Clump& clump, const Labels& clumps, int number, const Plane& dna, const Plane& cut, const Plane& haze, const Plane& flooded, double level, double radius, const SegmentOptions& o) {
  const Box& b = clump.box;
  const Plane light = cut.block(b.top, b.left, b.rows(), b.cols());
  const Plane under = haze.block(b.top, b.left, b.rows(), b.cols());
  const Plane smooth = flooded.block(b.top, b.left, b.rows(), b.cols()).max(static_cast<float>(0.1 * level + 1e-6));
  const Mask low = (clumps.block(b.top, b.left, b.rows(), b.cols()) == number).cast<std::uint8_t>();
  const Labels basins = flood(smooth.log(), low, o.light_dynamics);
  const std::vector<float> own = basin_light(basins, light, 0.85);
  const std::vector<float> dim = basin_light(basins, under, 0.5);
  std::vector<float> level_of(own.size());
  for (std::size_t k = 0; k < own.size(); ++k) level_of[k] = static_cast<float>(o.level_share + o.haze_level * dim[k] / std::max(1e-6f, own[k] + dim[k])) * own[k];
  const std::vector<float> grain = basin_light(basins, grains(dna, b), 0.5);      // noise grows with light: that of this place
  const double noise_of_grain = o.noise_cut / (6 * 0.6745 * 2 * std::sqrt(M_PI) * std::max(0.4, o.mask_smoothing * radius));
  for (std::size_t k = 0; k < own.size(); ++k)
    if (own[k] < o.contrast * (own[k] + dim[k]) || own[k] < noise_of_grain * grain[k]) level_of[k] = std::numeric_limits<float>::infinity();
  Mask kept = Mask::Zero(b.rows(), b.cols());
  for (Eigen::Index i = 0; i < kept.size(); ++i)
    if (const int basin = basins.data()[i]) kept.data()[i] = light.data()[i] > level_of[basin - 1];
  kept = opened(kept);
  const double disc = M_PI * radius * radius;
  fill_holes(kept, static_cast<int>(disc / 2));
  const Plane away = distances(kept);
  const Plane top = window_maximum((kept > 0).select(smooth, 0.f), static_cast<int>(std::lround(radius))).max(1e-6f);
  const Plane heights = static_cast<float>(o.shape_weight) * (away / static_cast<float>(radius)).min(1.5f) + static_cast<float>(1 - o.shape_weight) * smooth / top;
  clump.pieces = crossed(flood(heights, kept, o.shape_dynamics), basins);
  clump.tree = piece_tree(clump.pieces, smooth, under, away, radius);
}

void check(const Plane& dna, const SegmentOptions& o) {
  if (dna.rows() < 16 || dna.cols() < 16) throw InputError("picture", fmt::format("is {} x {} pixels", dna.rows(), dna.cols()), "nuclei are looked for in 16 x 16 pixels or more");
  if (!dna.isFinite().all()) throw InputError("picture", "holds values that are not finite", "give camera counts");
  const auto positive = [](const char* name, double value) {
    if (!(value > 0 && std::isfinite(value))) throw InputError(name, fmt::format("is {}", value), "give a positive number");
  };
  positive("mask_smoothing", o.mask_smoothing), positive("flood_smoothing", o.flood_smoothing), positive("near_reach", o.near_reach), positive("level_share", o.level_share);
  if (!(o.radius >= 0 && o.radius < 0.1 * static_cast<double>(std::max(dna.rows(), dna.cols())) + 30)) throw InputError("radius", fmt::format("is {} pixels in a picture of {} x {}", o.radius, dna.rows(), dna.cols()), "give the radius of one nucleus in pixels");
}

// Light of the picture's bright pieces.
double bright_light(const std::vector<PieceUnion>& unions, double least_area) {
  std::vector<double> light;
  for (const PieceUnion& u : unions)
    if (u.left < 0 && u.area >= least_area) light.push_back(u.light);
  if (light.empty()) return 0;
  const auto at = light.begin() + static_cast<std::ptrdiff_t>(0.9 * (light.size() - 1));
  std::nth_element(light.begin(), at, light.end());
  return *at;
}

// Middle of the areas of unions that are convex, each counted by its area.
double typical_area(const std::vector<PieceUnion>& unions, double disc) {
  std::vector<std::pair<double, double>> convex;
  double all = 0;
  for (const PieceUnion& u : unions)
    if (u.allowed && !u.cut_off && u.look[0] > 0.93) convex.emplace_back(u.area, u.area), all += u.area;
  std::sort(convex.begin(), convex.end());
  double sum = 0;
  for (const auto& [area, weight] : convex)
    if ((sum += weight) >= all / 2) return area;
  return disc;
}

}  // namespace

std::vector<NucleusFlags> nucleus_flags(const Labels& labels, double radius, const SegmentOptions& o) {
  const int count = labels.size() ? std::max(0, labels.maxCoeff()) : 0;
  const std::vector<Box> boxes = boxes_of(labels, count);
  std::vector<int> area(count, 0);
  for (Eigen::Index i = 0; i < labels.size(); ++i)
    if (labels.data()[i]) ++area[labels.data()[i] - 1];
  std::vector<NucleusFlags> out(count);
  for (int k = 0; k < count; ++k) {
    const Box& b = boxes[k];
    if (b.bottom < 0) continue;      // a number that no pixel has
    out[k].at_border = b.top == 0 || b.left == 0 || b.bottom == labels.rows() - 1 || b.right == labels.cols() - 1;
    out[k].at_seam = std::any_of(o.seam_rows.begin(), o.seam_rows.end(), [&](int seam) { return b.top < seam && b.bottom >= seam; }) || std::any_of(o.seam_columns.begin(), o.seam_columns.end(), [&](int seam) { return b.left < seam && b.right >= seam; });
    out[k].debris = !out[k].at_border && area[k] < o.debris_area * M_PI * radius * radius;
  }
  return out;
}

NucleusCandidates nucleus_candidates(const Plane& dna, const SegmentOptions& o) {
  check(dna, o);
  NucleusCandidates all;
  Segmentation& out = all.picture;
  const Eigen::Index rows = dna.rows(), cols = dna.cols();
  out.labels = Labels::Zero(rows, cols);
  const float least = dna.minCoeff(), most = dna.maxCoeff();
  if (least == most) {
    out.outcome = {Status::not_identifiable, fmt::format("every pixel is {}: {}", least, least == 0 ? "a black picture" : o.white_level > 0 && least >= o.white_level ? "a saturated picture" : "a picture without contrast")};
    return all;
  }
  if (o.white_level > 0) {
    const double full = static_cast<double>((dna >= static_cast<float>(o.white_level)).count()) / static_cast<double>(dna.size());
    if (full > 0.5) {
      out.outcome = {Status::not_identifiable, fmt::format("{:.0f} % of the pixels are saturated", 100 * full)};
      return all;
    }
    if (full > 0.01) out.notes.push_back(fmt::format("{:.1f} % of the pixels are saturated: the light of the brightest nuclei is not known", 100 * full));
  }
  out.radius = o.radius > 0 ? o.radius : nucleus_radius(dna);
  if (!(out.radius > 0)) {
    out.outcome = {Status::not_identifiable, "no nucleus was found to measure the scale on"};
    return all;
  }
  const double radius = out.radius, disc = M_PI * radius * radius;
  const double sigma_cut = std::max(0.4, o.mask_smoothing * radius), sigma_flood = std::max(0.5, o.flood_smoothing * radius);
  Plane cut = gaussian_filtered(dna, sigma_cut);
  Plane haze = background(cut, 8.9 * radius, radius / 2);      // first what is wider than ten radii
  cut -= haze;
  const Plane flooded = gaussian_filtered(dna, sigma_flood) - haze;
  haze -= static_cast<float>(quantile(haze, 0.01));
  {
    const Plane near = background(flooded, o.near_reach * radius, radius / 3);
    cut -= near, haze += near;
  }
  out.noise = std::max(pixel_noise(dna) / (2 * std::sqrt(M_PI) * sigma_cut), smoothed_noise(cut, static_cast<int>(std::ceil(3 * sigma_cut)) + 1));
  out.level = std::max(o.noise_cut * out.noise + quantile(cut, 0.2), o.otsu_share * root_otsu(cut));
  int count = 0;
  const Labels clumps = components((cut > static_cast<float>(out.level)).cast<std::uint8_t>(), count);
  const std::vector<Box> boxes = boxes_of(clumps, count);
  std::vector<Clump> found(count);
  constexpr int batch = 16;
  parallel_for((count + batch - 1) / batch, [&](int job) {
    for (int k = job * batch; k < std::min(count, (job + 1) * batch); ++k) {
      found[k].box = grown(boxes[k], rows, cols, 1);
      if (boxes[k].rows() * boxes[k].cols() >= std::min(o.least_area, o.sliver_area) * disc) split(found[k], clumps, k + 1, dna, cut, haze, flooded, out.level, radius, o);
    }
  });
  int next = 0;
  for (Clump& clump : found) {
    if (!clump.pieces.size()) continue;
    const int first = static_cast<int>(all.unions.size()), before = next;
    for (PieceUnion u : clump.tree.unions) {
      if (u.left >= 0) u.left += first, u.right += first;
      else u.piece += before, ++next;
      all.unions.push_back(u);
    }
    for (int r = 0; r < clump.pieces.rows(); ++r)
      for (int c = 0; c < clump.pieces.cols(); ++c)
        if (const int l = clump.pieces(r, c)) out.labels(clump.box.top + r, clump.box.left + c) = before + l;
    clump = {};
  }
  std::vector<char> cut_off(static_cast<std::size_t>(next) + 1, 0);      // by the picture's edge
  for (Eigen::Index r = 0; r < rows; ++r) cut_off[out.labels(r, 0)] = cut_off[out.labels(r, cols - 1)] = 1;
  for (Eigen::Index c = 0; c < cols; ++c) cut_off[out.labels(0, c)] = cut_off[out.labels(rows - 1, c)] = 1;
  const double bright = bright_light(all.unions, o.least_area * disc);
  for (PieceUnion& u : all.unions) {
    u.cut_off = u.left < 0 ? cut_off[u.piece] != 0 : all.unions[u.left].cut_off || all.unions[u.right].cut_off;
    u.allowed = u.area >= (u.cut_off ? o.sliver_area : o.least_area) * disc && u.light >= o.least_light * bright;
    u.look[12] = std::log(std::max(1e-3, u.light / std::max(1e-6, bright)));
  }
  const double typical = typical_area(all.unions, disc);
  for (PieceUnion& u : all.unions) {
    u.look[13] = std::log2(u.area / typical);
    if (u.whole) u.look[14] = u.look[0];
    if (u.left < 0) continue;
    for (const int part : {u.left, u.right}) {
      UnionLook& look = all.unions[part].look;
      look[14] = u.look[0], look[15] = u.look[4], look[16] = u.look[6], look[17] = std::log2(u.area / all.unions[part].area);
    }
  }
  return all;
}

std::vector<int> chosen_unions(const std::vector<PieceUnion>& unions, const UnionRule& rule) {
  std::vector<double> best(unions.size());
  std::vector<char> taken(unions.size());
  for (std::size_t i = 0; i < unions.size(); ++i) {
    const PieceUnion& u = unions[i];
    const double parts = u.left < 0 ? 0 : best[u.left] + best[u.right], mine = u.allowed ? rule.score(u.look) - rule.least_score : 0;
    taken[i] = mine > parts, best[i] = std::max(mine, parts);
  }
  std::vector<int> out(unions.size(), 0), list;      // marks: 1 visited from above, taken or not
  std::vector<int> todo;
  for (std::size_t i = unions.size(); i-- > 0;)
    if (unions[i].whole) todo.push_back(static_cast<int>(i));
  while (!todo.empty()) {
    const int i = todo.back();
    todo.pop_back();
    if (taken[i]) list.push_back(i);
    else if (unions[i].left >= 0) todo.push_back(unions[i].left), todo.push_back(unions[i].right);
  }
  return list;
}

Segmentation segment_nuclei(const Plane& dna, const SegmentOptions& o) {
  NucleusCandidates all = nucleus_candidates(dna, o);
  Segmentation& out = all.picture;
  if (!out.outcome.ok()) return std::move(out);
  std::vector<int> owner(all.unions.size(), 0);      // by union, from above
  int next = 0;
  for (const int i : chosen_unions(all.unions, o.rule)) owner[i] = ++next;
  int pieces = 0;
  for (std::size_t i = all.unions.size(); i-- > 0;) {
    const PieceUnion& u = all.unions[i];
    if (u.left < 0) ++pieces;
    else if (owner[i]) owner[u.left] = owner[u.right] = owner[i];
  }
  std::vector<int> of_piece(static_cast<std::size_t>(pieces) + 1, 0), number(static_cast<std::size_t>(next) + 1, 0);
  for (std::size_t i = 0; i < all.unions.size(); ++i)
    if (all.unions[i].left < 0) of_piece[all.unions[i].piece] = owner[i];
  int last = 0;
  for (Eigen::Index i = 0; i < out.labels.size(); ++i) {
    int& l = out.labels.data()[i];
    if (!l) continue;
    l = of_piece[l];
    if (l) l = number[l] ? number[l] : number[l] = ++last;
  }
  if (last == 0) out.outcome = {Status::not_identifiable, "no nucleus stands out of the background"};
  out.flags = nucleus_flags(out.labels, out.radius, o);
  return std::move(out);
}

Segmentation segment_nuclei(const CameraPlane& dna, const SegmentOptions& options) { return segment_nuclei(Plane(dna.cast<float>()), options); }

}  // namespace hyped
