// Greedy joining of pieces by the solidity of their union.
#include "libhyped/image/segment/rejoin.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/image/convex_hull.hpp"

namespace hyped::segmentation {
namespace {

struct Piece {
  RowExtents extents;
  double area = 0, light = 0;      // light: its 85th percentile, of a union the mean of its parts'
  std::vector<float> values;
  bool alive = false;
};
struct Border {
  double light = 0;                // where it is brightest
};

RowExtents joined(const RowExtents& a, const RowExtents& b) {
  RowExtents out;
  out.first_row = std::min(a.first_row, b.first_row);
  const int last = static_cast<int>(std::max(a.first_row + a.left.size(), b.first_row + b.left.size()));
  out.left.assign(last - out.first_row, 1 << 30);
  out.right.assign(last - out.first_row, -1);
  for (const RowExtents* one : {&a, &b})
    for (std::size_t i = 0; i < one->left.size(); ++i) {
      const std::size_t at = one->first_row - out.first_row + i;
      out.left[at] = std::min(out.left[at], one->left[i]);
      out.right[at] = std::max(out.right[at], one->right[i]);
    }
  return out;
}

}  // namespace

double hull_area(const RowExtents& shape) {
  std::vector<GridPoint> points;      // corners by row, then column
  const int rows = static_cast<int>(shape.left.size());
  for (int i = 0; i <= rows; ++i) {
    int left = 1 << 30, right = -1;
    for (int k : {i - 1, i})
      if (k >= 0 && k < rows && shape.right[k] > shape.left[k]) left = std::min(left, shape.left[k]), right = std::max(right, shape.right[k]);
    if (right < 0) continue;
    points.emplace_back(i, left);
    if (right > left) points.emplace_back(i, right);
  }
  if (points.size() < 3) return 0;
  const std::vector<GridPoint> hull = convex_hull(points);
  double twice = 0;
  for (std::size_t i = 0; i + 1 < hull.size(); ++i) twice += static_cast<double>(hull[i].first) * hull[i + 1].second - static_cast<double>(hull[i].second) * hull[i + 1].first;
  return std::abs(twice) / 2;
}

Labels rejoined(const Labels& pieces, const Plane& light, const RejoinOptions& o) {
  const int count = pieces.size() ? pieces.maxCoeff() : 0;
  if (count < 2) return pieces;
  std::vector<Piece> piece(count + 1);
  std::map<std::pair<int, int>, Border> borders;
  const auto meet = [&](int a, int b, float x, float y) {
    if (!a || !b || a == b) return;
    Border& one = borders[{std::min(a, b), std::max(a, b)}];
    one.light = std::max(one.light, 0.5 * (x + y));
  };
  for (int r = 0; r < pieces.rows(); ++r)
    for (int c = 0; c < pieces.cols(); ++c) {
      const int l = pieces(r, c);
      if (!l) continue;
      Piece& p = piece[l];
      if (!p.alive) p.alive = true, p.extents.first_row = r;
      const std::size_t at = r - p.extents.first_row;
      if (p.extents.left.size() <= at) p.extents.left.resize(at + 1, 1 << 30), p.extents.right.resize(at + 1, -1);
      p.extents.left[at] = std::min(p.extents.left[at], c), p.extents.right[at] = std::max(p.extents.right[at], c + 1);
      p.area += 1, p.values.push_back(light(r, c));
      if (c + 1 < pieces.cols()) meet(l, pieces(r, c + 1), light(r, c), light(r, c + 1));
      if (r + 1 < pieces.rows()) meet(l, pieces(r + 1, c), light(r, c), light(r + 1, c));
    }
  for (Piece& p : piece)
    if (p.alive) {
      const auto at = p.values.begin() + static_cast<std::ptrdiff_t>(0.85 * (p.values.size() - 1));
      std::nth_element(p.values.begin(), at, p.values.end());
      p.light = *at;
    }
  const double disc = M_PI * o.radius * o.radius;
  std::vector<int> parent(count + 1);
  for (int i = 0; i <= count; ++i) parent[i] = i;
  const auto worth = [&](int a, int b, const Border& border) {
    const Piece &x = piece[a], &y = piece[b];
    const double area = x.area + y.area, dimmer = std::min(x.light, y.light);
    const double dip = dimmer > 0 ? std::max(0.0, 1 - border.light / dimmer) : 0;
    return (std::min(x.area, y.area) < o.least_area ? 1 : 0) + area / hull_area(joined(x.extents, y.extents)) - o.size_cost * std::max(0.0, std::log2(area / disc)) - o.border_cost * dip;
  };
  std::map<std::pair<int, int>, double> worths;
  for (const auto& [pair, border] : borders) worths[pair] = worth(pair.first, pair.second, border);
  while (!worths.empty()) {
    const auto best = std::max_element(worths.begin(), worths.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best->second < o.least_solidity) break;
    const auto [a, b] = best->first;      // b goes into a
    piece[a].extents = joined(piece[a].extents, piece[b].extents);
    piece[a].light = (piece[a].area * piece[a].light + piece[b].area * piece[b].light) / (piece[a].area + piece[b].area);
    piece[a].area += piece[b].area;
    parent[b] = a;
    std::map<int, Border> around;
    for (auto it = borders.begin(); it != borders.end();) {
      const auto [x, y] = it->first;
      if (x != a && x != b && y != a && y != b) {
        ++it;
        continue;
      }
      const int other = x == a || x == b ? y : x;
      if (other != a && other != b) around[other].light = std::max(around[other].light, it->second.light);
      worths.erase(it->first);
      it = borders.erase(it);
    }
    for (const auto& [other, border] : around) {
      const std::pair<int, int> pair{std::min(a, other), std::max(a, other)};
      borders[pair] = border;
      worths[pair] = worth(pair.first, pair.second, border);
    }
  }
  std::vector<int> number(count + 1, 0);
  int next = 0;
  for (int i = 1; i <= count; ++i) {
    int root = i;
    while (parent[root] != root) root = parent[root];
    number[i] = root == i ? ++next : number[root];
  }
  Labels out = pieces;
  for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = number[out.data()[i]];
  return out;
}

}  // namespace hyped::segmentation
