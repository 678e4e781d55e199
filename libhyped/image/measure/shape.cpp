// Moments, perimeter and convex hull of a mask, as skimage's regionprops defines them.
#include "libhyped/image/measure/shape.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/image/convex_hull.hpp"

namespace hyped::measurement {
namespace {

using segmentation::Mask;

// Benkrid & Crookes 2000: each border pixel adds by the pattern of border pixels around it.
double perimeter_of(const Mask& mask) {
  const Eigen::Index rows = mask.rows() + 2, cols = mask.cols() + 2;
  Mask wide = Mask::Zero(rows, cols), border = Mask::Zero(rows, cols);
  wide.block(1, 1, mask.rows(), mask.cols()) = mask;
  for (Eigen::Index r = 1; r + 1 < rows; ++r)
    for (Eigen::Index c = 1; c + 1 < cols; ++c) border(r, c) = wide(r, c) && !(wide(r - 1, c) && wide(r + 1, c) && wide(r, c - 1) && wide(r, c + 1));
  long straight = 0, diagonal = 0, between = 0;      // counted, so that the sum does not depend on an order
  for (Eigen::Index r = 1; r + 1 < rows; ++r)
    for (Eigen::Index c = 1; c + 1 < cols; ++c) {
      if (!border(r, c)) continue;
      const int code = 1 + 2 * (border(r - 1, c) + border(r + 1, c) + border(r, c - 1) + border(r, c + 1)) + 10 * (border(r - 1, c - 1) + border(r - 1, c + 1) + border(r + 1, c - 1) + border(r + 1, c + 1));
      if (code == 5 || code == 7 || code == 15 || code == 17 || code == 25 || code == 27) ++straight;
      else if (code == 21 || code == 33) ++diagonal;
      else if (code == 13 || code == 23) ++between;
    }
  return straight + diagonal * M_SQRT2 + between * (1 + M_SQRT2) / 2;
}

// Pixels whose centre is in the hull of the midpoints of all pixel edges; coordinates doubled.
long hull_pixels(const Mask& mask) {
  std::vector<GridPoint> points;
  for (long r = 0; r < mask.rows(); ++r) {
    long left = -1, right = -1;
    for (long c = 0; c < mask.cols(); ++c)
      if (mask(r, c)) right = c, left = left < 0 ? c : left;
    if (left < 0) continue;
    points.insert(points.end(), {{2 * r, 2 * left - 1}, {2 * r, 2 * right + 1}});
    for (const long c : {left, right}) points.insert(points.end(), {{2 * r - 1, 2 * c}, {2 * r + 1, 2 * c}});
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  const std::vector<GridPoint> hull = convex_hull(points);
  long inside = 0;
  for (long r = 0; r < mask.rows(); ++r) {
    double from = 1e30, to = -1e30;      // where the hull cuts this row of centres
    for (std::size_t i = 0; i + 1 < hull.size(); ++i) {
      const auto [y0, x0] = hull[i];
      const auto [y1, x1] = hull[i + 1];
      if (std::min(y0, y1) > 2 * r || std::max(y0, y1) < 2 * r) continue;
      if (y0 == y1) {
        from = std::min({from, double(x0), double(x1)}), to = std::max({to, double(x0), double(x1)});
        continue;
      }
      const double x = x0 + double(x1 - x0) * (2 * r - y0) / (y1 - y0);
      from = std::min(from, x), to = std::max(to, x);
    }
    if (to < from) continue;
    inside += std::max(0L, static_cast<long>(std::floor(to / 2 + 1e-9)) - static_cast<long>(std::ceil(from / 2 - 1e-9)) + 1);
  }
  return inside;
}

}  // namespace

void measure_shape(const Mask& mask, Nucleus& nucleus) {
  double n = 0, y = 0, x = 0;
  for (Eigen::Index r = 0; r < mask.rows(); ++r)
    for (Eigen::Index c = 0; c < mask.cols(); ++c)
      if (mask(r, c)) n += 1, y += r, x += c;
  y /= n, x /= n;
  double down = 0, across = 0, both = 0;
  for (Eigen::Index r = 0; r < mask.rows(); ++r)
    for (Eigen::Index c = 0; c < mask.cols(); ++c)
      if (mask(r, c)) down += (r - y) * (r - y), across += (c - x) * (c - x), both += (r - y) * (c - x);
  down /= n, across /= n, both /= n;
  const double middle = (down + across) / 2, apart = std::hypot((down - across) / 2, both);
  const double longer = std::max(0.0, middle + apart), shorter = std::max(0.0, middle - apart);
  nucleus.area = n;
  nucleus.row = nucleus.first_row + y, nucleus.column = nucleus.first_column + x;
  nucleus.major_axis = 4 * std::sqrt(longer), nucleus.minor_axis = 4 * std::sqrt(shorter);
  nucleus.eccentricity = longer > 0 ? std::sqrt(1 - shorter / longer) : 0;
  nucleus.orientation = down == across ? (both > 0 ? M_PI / 4 : -M_PI / 4) : 0.5 * std::atan2(2 * both, down - across);
  nucleus.perimeter = perimeter_of(mask);
  nucleus.solidity = n / static_cast<double>(hull_pixels(mask));
}

}  // namespace hyped::measurement
