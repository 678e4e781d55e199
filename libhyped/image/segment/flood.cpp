// Flooding by union-find, connected components.
#include "libhyped/image/segment/flood.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace hyped::segmentation {
namespace {

// Calls visit(pixel) for the neighbours of pixel `at` inside the picture.
template <class Visit>
void for_neighbours(Eigen::Index at, Eigen::Index rows, Eigen::Index cols, Visit&& visit) {
  const Eigen::Index r = at / cols, c = at % cols;
  for (Eigen::Index i = std::max<Eigen::Index>(r - 1, 0); i <= std::min(r + 1, rows - 1); ++i)
    for (Eigen::Index k = std::max<Eigen::Index>(c - 1, 0); k <= std::min(c + 1, cols - 1); ++k)
      if (i != r || k != c) visit(i * cols + k);
}

// Numbers of basins in raster order of their first pixel.
void renumber(Labels& labels) {
  std::vector<std::int32_t> number;
  std::int32_t next = 0;
  for (Eigen::Index i = 0; i < labels.size(); ++i) {
    const std::int32_t old = labels.data()[i];
    if (!old) continue;
    if (old >= static_cast<std::int32_t>(number.size())) number.resize(old + 1, 0);
    if (!number[old]) number[old] = ++next;
    labels.data()[i] = number[old];
  }
}

struct Joined {
  std::vector<std::int32_t> parent;
  std::int32_t root(std::int32_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  }
};

}  // namespace

Labels flood(const Plane& heights, const Mask& mask, double dynamics) {
  const Eigen::Index rows = mask.rows(), cols = mask.cols();
  std::vector<std::pair<float, std::int32_t>> order;
  for (Eigen::Index i = 0; i < mask.size(); ++i)
    if (mask.data()[i]) order.emplace_back(-heights.data()[i], static_cast<std::int32_t>(i));
  std::sort(order.begin(), order.end());
  Labels basin = Labels::Zero(rows, cols);
  Joined joined{{0}};
  std::vector<float> peak{0};
  std::array<std::int32_t, 8> met;
  for (const auto& [negative, at] : order) {
    const float level = -negative;
    int meetings = 0;
    std::int32_t best = 0;
    float best_height = -std::numeric_limits<float>::infinity();
    for_neighbours(at, rows, cols, [&](Eigen::Index n) {
      if (!basin.data()[n]) return;
      const std::int32_t root = joined.root(basin.data()[n]);
      if (heights.data()[n] > best_height) best_height = heights.data()[n], best = root;
      if (std::find(met.begin(), met.begin() + meetings, root) == met.begin() + meetings) met[meetings++] = root;
    });
    if (!best) {
      joined.parent.push_back(static_cast<std::int32_t>(peak.size()));
      basin.data()[at] = static_cast<std::int32_t>(peak.size());
      peak.push_back(level);
      continue;
    }
    basin.data()[at] = best;
    if (meetings < 2) continue;
    std::int32_t highest = met[0];
    for (int m = 1; m < meetings; ++m)
      if (peak[met[m]] > peak[highest] || (peak[met[m]] == peak[highest] && met[m] < highest)) highest = met[m];
    for (int m = 0; m < meetings; ++m)      // the shallow ones into the highest
      if (met[m] != highest && peak[met[m]] - level < dynamics) joined.parent[met[m]] = highest;
  }
  for (Eigen::Index i = 0; i < basin.size(); ++i)
    if (basin.data()[i]) basin.data()[i] = joined.root(basin.data()[i]);
  renumber(basin);
  return basin;
}

Labels components(const Mask& mask, int& count) {
  const Eigen::Index rows = mask.rows(), cols = mask.cols();
  Labels out = Labels::Zero(rows, cols);
  Joined joined{{0}};
  for (Eigen::Index r = 0; r < rows; ++r)
    for (Eigen::Index c = 0; c < cols; ++c) {
      if (!mask(r, c)) continue;
      std::int32_t mine = 0;
      const auto meet = [&](Eigen::Index i, Eigen::Index k) {
        if (i < 0 || k < 0 || k >= cols || !out(i, k)) return;
        const std::int32_t root = joined.root(out(i, k));
        if (!mine) mine = root;
        else if (root != mine) joined.parent[std::max(mine, root)] = std::min(mine, root), mine = std::min(mine, root);
      };
      meet(r, c - 1), meet(r - 1, c - 1), meet(r - 1, c), meet(r - 1, c + 1);
      if (!mine) {
        mine = static_cast<std::int32_t>(joined.parent.size());
        joined.parent.push_back(mine);
      }
      out(r, c) = mine;
    }
  std::vector<std::int32_t> number(joined.parent.size(), 0);
  count = 0;
  for (std::size_t i = 1; i < number.size(); ++i)      // a root is the least of its numbers, so it comes first in raster order
    if (joined.root(static_cast<std::int32_t>(i)) == static_cast<std::int32_t>(i)) number[i] = ++count;
  for (std::size_t i = 1; i < number.size(); ++i) number[i] = number[joined.root(static_cast<std::int32_t>(i))];
  for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = number[out.data()[i]];
  return out;
}

void fill_holes(Mask& mask, int most_pixels) {
  const Eigen::Index rows = mask.rows(), cols = mask.cols();
  PlaneOf<std::uint8_t> seen = mask;
  std::vector<Eigen::Index> hole;
  for (Eigen::Index start = 0; start < mask.size(); ++start) {
    if (seen.data()[start]) continue;
    hole.assign(1, start);
    seen.data()[start] = 1;
    bool at_edge = false;
    for (std::size_t k = 0; k < hole.size(); ++k) {
      const Eigen::Index r = hole[k] / cols, c = hole[k] % cols;
      if (r == 0 || c == 0 || r == rows - 1 || c == cols - 1) at_edge = true;
      const auto look = [&](Eigen::Index i, Eigen::Index j) {
        if (i < 0 || j < 0 || i >= rows || j >= cols || seen(i, j)) return;
        seen(i, j) = 1;
        hole.push_back(i * cols + j);
      };
      look(r - 1, c), look(r + 1, c), look(r, c - 1), look(r, c + 1);
    }
    if (!at_edge && static_cast<int>(hole.size()) <= most_pixels)
      for (const Eigen::Index i : hole) mask.data()[i] = 1;
  }
}

}  // namespace hyped::segmentation
