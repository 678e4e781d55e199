// Distances of blocks of points by matrix products; the k smallest of each point in a heap.
#include "libhyped/expression/embedding/neighbours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

Neighbours nearest_neighbours(const PointMatrix& given, int k) {
  const Eigen::Index n = given.rows();
  if (k < 1 || k >= n) throw InputError("nearest neighbours", fmt::format("{} were asked of {} points", k, n), fmt::format("ask for 1 to {}", n - 1));
  const PointMatrix points = given.rowwise() - given.colwise().mean();      // small norms: products lose fewer digits
  const Eigen::VectorXd norm = points.rowwise().squaredNorm();
  Neighbours out;
  out.index.resize(n, k);
  out.distance.resize(n, k);
  constexpr Eigen::Index queries = 64, others = 1024;
  parallel_for(static_cast<int>((n + queries - 1) / queries), [&](int job) {
    const Eigen::Index from = job * queries, count = std::min(queries, n - from);
    std::vector<std::vector<std::pair<double, int>>> best(static_cast<std::size_t>(count));
    PointMatrix products;
    for (Eigen::Index at = 0; at < n; at += others) {
      const Eigen::Index width = std::min(others, n - at);
      products.noalias() = points.middleRows(from, count) * points.middleRows(at, width).transpose();
      for (Eigen::Index q = 0; q < count; ++q) {
        auto& heap = best[static_cast<std::size_t>(q)];
        const double* product = products.data() + q * width;
        const double mine = norm[from + q];
        double worst = static_cast<int>(heap.size()) == k ? heap.front().first : std::numeric_limits<double>::infinity();
        for (Eigen::Index o = 0; o < width; ++o) {
          const double squared = mine + norm[at + o] - 2 * product[o];
          if (squared >= worst || at + o == from + q) continue;
          if (static_cast<int>(heap.size()) == k) {
            std::pop_heap(heap.begin(), heap.end());
            heap.pop_back();
          }
          heap.emplace_back(squared, static_cast<int>(at + o));
          std::push_heap(heap.begin(), heap.end());
          if (static_cast<int>(heap.size()) == k) worst = heap.front().first;
        }
      }
    }
    for (Eigen::Index q = 0; q < count; ++q) {
      auto& found = best[static_cast<std::size_t>(q)];
      for (auto& [distance, other] : found) distance = (given.row(from + q) - given.row(other)).norm();
      std::sort(found.begin(), found.end());
      for (int i = 0; i < k; ++i) out.distance(from + q, i) = found[static_cast<std::size_t>(i)].first, out.index(from + q, i) = found[static_cast<std::size_t>(i)].second;
    }
  });
  return out;
}

}  // namespace hyped
