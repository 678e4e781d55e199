// Quantile functions of sorted samples, merged.
#include "libhyped/distance/sliced_wasserstein.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

std::vector<int> sorted_order(std::span<const double> values) {
  std::vector<int> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return values[static_cast<std::size_t>(a)] < values[static_cast<std::size_t>(b)]; });
  return order;
}

}  // namespace

double wasserstein2_squared(std::span<const double> x, std::span<const double> y, std::span<double> by_x) {
  if (x.empty() || y.empty()) throw InputError("Wasserstein distance", "a sample is empty", "");
  const std::vector<int> of_x = sorted_order(x), of_y = sorted_order(y);
  const auto n = static_cast<std::int64_t>(x.size()), m = static_cast<std::int64_t>(y.size());
  std::fill(by_x.begin(), by_x.end(), 0.0);
  double sum = 0;
  std::int64_t at = 0;      // of the probability, in units of 1 / (n m)
  for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    const std::int64_t end_x = static_cast<std::int64_t>(i + 1) * m, end_y = static_cast<std::int64_t>(j + 1) * n, next = std::min(end_x, end_y);
    const auto a = static_cast<std::size_t>(of_x[i]), b = static_cast<std::size_t>(of_y[j]);
    const double share = static_cast<double>(next - at) / (static_cast<double>(n) * static_cast<double>(m)), difference = x[a] - y[b];
    sum += share * difference * difference;
    if (!by_x.empty()) by_x[a] += 2 * share * difference;
    at = next;
    if (end_x == next) ++i;
    if (end_y == next) ++j;
  }
  return sum;
}

Eigen::MatrixXd slicing_directions(int dimension, int count, std::uint64_t seed) {
  Eigen::MatrixXd out(dimension, count);
  for (int l = 0; l < count; ++l) {
    RandomStream random(seed, 0x736c6963, static_cast<std::uint32_t>(l));
    double square = 0;
    for (int d = 0; d < dimension; ++d) out(d, l) = random.normal(), square += out(d, l) * out(d, l);
    out.col(l) /= std::sqrt(square);
  }
  return out;
}

double sliced_wasserstein2_squared(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const Eigen::MatrixXd& directions, Eigen::MatrixXd* by_x) {
  if (x.cols() != y.cols() || directions.rows() != x.cols()) throw InputError("sliced Wasserstein distance", "the clouds and directions differ in their number of genes", "");
  const int count = static_cast<int>(directions.cols());
  std::vector<double> values(static_cast<std::size_t>(count));
  Eigen::MatrixXd slopes(by_x ? x.rows() : 0, by_x ? count : 0);
  parallel_for(count, [&](int l) {
    const Eigen::VectorXd a = x * directions.col(l), b = y * directions.col(l);
    std::vector<double> by(by_x ? static_cast<std::size_t>(a.size()) : 0);
    values[static_cast<std::size_t>(l)] = wasserstein2_squared({a.data(), static_cast<std::size_t>(a.size())}, {b.data(), static_cast<std::size_t>(b.size())}, by);
    if (by_x) slopes.col(l) = Eigen::Map<const Eigen::VectorXd>(by.data(), a.size());
  });
  if (by_x) *by_x = slopes * directions.transpose() / count;
  return std::accumulate(values.begin(), values.end(), 0.0) / count;
}

}  // namespace hyped
