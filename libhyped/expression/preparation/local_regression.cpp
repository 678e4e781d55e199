// Loess in one dimension: vertices of the k-d tree, weighted quadratic fits at them, Hermite cubics between.
#include "libhyped/expression/preparation/local_regression.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// Where the cell of points [low, high] is cut: after the middle point, moved away from ties, to the right and left in turn. As in the
// original, a cell whose points are all alike is cut at its middle all the same.
int cut_of(const std::vector<double>& x, int low, int high) {
  const int middle = (low + high + 2) / 2 - 1;      // its indices count from 1
  for (int offset = 0; middle + offset < high && middle + offset >= low;) {
    if (x[static_cast<std::size_t>(middle + offset)] != x[static_cast<std::size_t>(middle + offset) + 1]) return middle + offset;
    offset = -offset;
    if (offset >= 0) ++offset;
  }
  return middle;
}

void add_vertices(const std::vector<double>& x, int low, int high, double left, double right, int most, std::vector<double>& vertices) {
  if (high - low + 1 <= most) return;
  const int cut = cut_of(x, low, high);
  const double at = x[static_cast<std::size_t>(cut)];
  if (at == left || at == right) return;
  vertices.push_back(at);
  add_vertices(x, low, cut, left, at, most, vertices);
  add_vertices(x, cut + 1, high, at, right, most, vertices);
}

// Value and slope at q of the quadratic through the `seen` nearest of the ascending x. False if they are all at one distance 0.
bool fit_at(double q, const std::vector<double>& x, const std::vector<double>& y, int seen, double& value, double& slope) {
  const int n = static_cast<int>(x.size());
  int from = 0;      // the window of nearest points: smallest start whose next step does not come nearer
  int low = 0, high = n - seen;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (q - x[static_cast<std::size_t>(middle)] > x[static_cast<std::size_t>(middle + seen)] - q) low = middle + 1;
    else high = middle;
  }
  from = low;
  const double radius = std::max(std::abs(q - x[static_cast<std::size_t>(from)]), std::abs(x[static_cast<std::size_t>(from + seen - 1)] - q));
  if (!(radius > 0)) return false;
  Eigen::MatrixXd design(seen, 3);
  Eigen::VectorXd target(seen);
  for (int i = 0; i < seen; ++i) {
    const double offset = x[static_cast<std::size_t>(from + i)] - q, u = std::abs(offset) / radius;
    const double cube = 1 - u * u * u, weight = cube > 0 ? std::sqrt(cube * cube * cube) : 0;
    design.row(i) << weight, weight * offset, weight * offset * offset;
    target[i] = weight * y[static_cast<std::size_t>(from + i)];
  }
  Eigen::Vector3d norm = design.colwise().norm().transpose();
  for (double& one : norm)
    if (!(one > 0)) one = 1;
  design *= norm.cwiseInverse().asDiagonal();
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(design);
  const Eigen::Vector3d rotated = (qr.householderQ().adjoint() * target).head(3);
  const Eigen::Matrix3d upper = qr.matrixQR().topRows(3).triangularView<Eigen::Upper>();
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(upper, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::Vector3d size = svd.singularValues();
  Eigen::Vector3d along = svd.matrixU().transpose() * rotated;
  for (int i = 0; i < 3; ++i) along[i] = size[i] > 100 * std::numeric_limits<double>::epsilon() * size[0] ? along[i] / size[i] : 0;      // pseudo-inverse where the points do not carry a quadratic
  const Eigen::Vector3d solved = (svd.matrixV() * along).cwiseQuotient(norm);
  value = solved[0];
  slope = solved[1];
  return true;
}

}  // namespace

LocalRegression local_quadratic_regression(std::span<const double> x_given, std::span<const double> y_given, const LocalRegressionOptions& options) {
  HYPED_REQUIRE(x_given.size() == y_given.size());
  const int n = static_cast<int>(x_given.size());
  const int seen = std::min(n, static_cast<int>(std::floor(n * options.span + 1e-5)));
  if (seen < 8) throw InputError("local regression", fmt::format("{} points at a span of {:g} leave {} to a local fit", n, options.span, seen), "give more genes or a larger span");
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return x_given[static_cast<std::size_t>(a)] < x_given[static_cast<std::size_t>(b)]; });
  std::vector<double> x, y;
  for (const int i : order) x.push_back(x_given[static_cast<std::size_t>(i)]), y.push_back(y_given[static_cast<std::size_t>(i)]);

  LocalRegression out;
  const double margin = 0.005 * std::max(x.back() - x.front(), 1e-10 * std::max(std::abs(x.front()), std::abs(x.back())) + 1e-30);
  out.vertex = {x.front() - margin, x.back() + margin};
  add_vertices(x, 0, n - 1, out.vertex[0], out.vertex[1], static_cast<int>(std::floor(n * (options.span * options.cell))), out.vertex);
  std::sort(out.vertex.begin(), out.vertex.end());
  out.vertex.erase(std::unique(out.vertex.begin(), out.vertex.end()), out.vertex.end());
  const std::size_t vertices = out.vertex.size();
  out.value.assign(vertices, 0);
  out.slope.assign(vertices, 0);
  std::vector<char> good(vertices, 1);
  parallel_for(static_cast<int>(vertices), [&](int v) {
    const auto at = static_cast<std::size_t>(v);
    good[at] = fit_at(out.vertex[at], x, y, seen, out.value[at], out.slope[at]);
  });
  if (const auto bad = std::find(good.begin(), good.end(), 0); bad != good.end()) {
    out.outcome = {Status::singular, fmt::format("{} or more points have the same x ({:.6g}): a local fit of {} points sees no others; take a larger span", seen, out.vertex[static_cast<std::size_t>(bad - good.begin())], seen)};
    return out;
  }
  out.fitted.resize(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    const double z = x[static_cast<std::size_t>(i)];
    const auto right = static_cast<std::size_t>(std::lower_bound(out.vertex.begin() + 1, out.vertex.end() - 1, z) - out.vertex.begin()), left = right - 1;
    const double width = out.vertex[right] - out.vertex[left], h = (z - out.vertex[left]) / width;
    out.fitted[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] =
        (1 - h) * (1 - h) * (1 + 2 * h) * out.value[left] + h * h * (3 - 2 * h) * out.value[right] + (h * (1 - h) * (1 - h) * out.slope[left] + h * h * (h - 1) * out.slope[right]) * width;
  }
  return out;
}

}  // namespace hyped
