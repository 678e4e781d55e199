// Convex hull of points with whole coordinates (Andrew's monotone chain).
#pragma once
#include <utility>
#include <vector>

namespace hyped {

using GridPoint = std::pair<long, long>;      // row, column

// points: sorted, each once, at least two. Corners in order, the first again at the end; points on an edge are left out.
inline std::vector<GridPoint> convex_hull(const std::vector<GridPoint>& points) {
  const auto turn = [](const GridPoint& o, const GridPoint& a, const GridPoint& b) { return (a.first - o.first) * (b.second - o.second) - (a.second - o.second) * (b.first - o.first); };
  std::vector<GridPoint> hull(2 * points.size());
  std::size_t n = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    while (n >= 2 && turn(hull[n - 2], hull[n - 1], points[i]) <= 0) --n;
    hull[n++] = points[i];
  }
  for (std::size_t i = points.size() - 1, low = n + 1; i-- > 0;) {
    while (n >= low && turn(hull[n - 2], hull[n - 1], points[i]) <= 0) --n;
    hull[n++] = points[i];
  }
  hull.resize(n);
  return hull;
}

}  // namespace hyped
