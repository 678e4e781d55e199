// Convex hulls of pixel shapes.
#include "libhyped/image/segment/hull.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/image/convex_hull.hpp"

namespace hyped::segmentation {

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

}  // namespace hyped::segmentation
