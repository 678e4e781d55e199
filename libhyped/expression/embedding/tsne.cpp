// Attraction along links, repulsion through a quadtree, gradient descent with momentum and gains.
#include "libhyped/expression/embedding/tsne.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// Cells of the plane, each with its points' mean; children follow their parent, and points lie in the order of the cells.
class Quadtree {
 public:
  explicit Quadtree(const PointMatrix& points) : order_(static_cast<std::size_t>(points.rows())), place_(points) {
    std::iota(order_.begin(), order_.end(), 0);
    const double left = points.col(0).minCoeff(), low = points.col(1).minCoeff();
    const double width = std::max({1e-300, points.col(0).maxCoeff() - left, points.col(1).maxCoeff() - low});
    nodes_.reserve(order_.size());
    build(points, 0, static_cast<int>(order_.size()), left + 0.5 * width, low + 0.5 * width, width, 0);
  }

  int point(int rank) const { return order_[static_cast<std::size_t>(rank)]; }

  // Of the point of that rank: sums over the others of q^2 (y_i - y_j) and of q, q = 1 / (1 + d^2).
  std::array<double, 3> repulsion(int rank, double theta_squared) const {
    std::array<double, 3> sum{0, 0, -1};      // itself counts 1
    const double x = place_(rank, 0), y = place_(rank, 1);
    const auto add = [&](double dx, double dy, double squared, int count) {
      const double q = 1 / (1 + squared), push = count * q * q;
      sum[0] += push * dx, sum[1] += push * dy, sum[2] += count * q;
    };
    for (int at = 0; at < static_cast<int>(nodes_.size());) {
      const Node& node = nodes_[static_cast<std::size_t>(at)];
      const double dx = x - node.x, dy = y - node.y, squared = dx * dx + dy * dy;
      if (node.width * node.width < theta_squared * squared) {
        add(dx, dy, squared, node.until - node.from);
        at = node.next;
      } else {
        if (node.leaf)
          for (int other = node.from; other < node.until; ++other) {
            const double ox = x - place_(other, 0), oy = y - place_(other, 1);
            add(ox, oy, ox * ox + oy * oy, 1);
          }
        ++at;
      }
    }
    return sum;
  }

 private:
  static constexpr int leaf_points = 8, deepest = 50;      // copies of one point end in a leaf of their own
  struct Node {
    double x, y, width;
    int from, until, next;      // points; where to go on past this cell
    bool leaf;
  };

  void build(const PointMatrix& points, int from, int until, double x, double y, double width, int depth) {
    const std::size_t at = nodes_.size();
    double sum_x = 0, sum_y = 0;
    for (int i = from; i < until; ++i) sum_x += points(point(i), 0), sum_y += points(point(i), 1);
    nodes_.push_back({sum_x / (until - from), sum_y / (until - from), width, from, until, 0, until - from <= leaf_points || depth == deepest});
    if (nodes_[at].leaf) {
      for (int i = from; i < until; ++i) place_(i, 0) = points(point(i), 0), place_(i, 1) = points(point(i), 1);
    } else {
      const auto begin = order_.begin() + from, end = order_.begin() + until;
      const auto below = [&](int i) { return points(i, 1) < y; };
      const auto middle = std::partition(begin, end, [&](int i) { return points(i, 0) < x; });
      const auto first = std::partition(begin, middle, below), last = std::partition(middle, end, below);
      const std::array<int, 5> edge{from, static_cast<int>(first - order_.begin()), static_cast<int>(middle - order_.begin()), static_cast<int>(last - order_.begin()), until};
      for (std::size_t c = 0; c < 4; ++c)
        if (edge[c] < edge[c + 1]) build(points, edge[c], edge[c + 1], x + (c < 2 ? -0.25 : 0.25) * width, y + (c % 2 == 0 ? -0.25 : 0.25) * width, 0.5 * width, depth + 1);
    }
    nodes_[at].next = static_cast<int>(nodes_.size());
  }

  std::vector<int> order_;      // [N] points by rank
  PointMatrix place_;           // [N x 2] by rank
  std::vector<Node> nodes_;
};

}  // namespace

TsneGradient tsne_gradient(const NeighbourGraph& affinities, const PointMatrix& position, double theta, double exaggeration) {
  const int n = affinities.points();
  const Quadtree tree(position);
  PointMatrix pull = PointMatrix::Zero(n, 2), push(n, 3);
  constexpr int block = 128;
  parallel_for((n + block - 1) / block, [&](int b) {
    for (int rank = b * block; rank < std::min(n, (b + 1) * block); ++rank) {
      const int i = tree.point(rank);
      for (std::int64_t l = affinities.start[static_cast<std::size_t>(i)]; l < affinities.start[static_cast<std::size_t>(i) + 1]; ++l) {
        const int j = affinities.other[static_cast<std::size_t>(l)];
        const double dx = position(i, 0) - position(j, 0), dy = position(i, 1) - position(j, 1), strength = affinities.weight[static_cast<std::size_t>(l)] / (1 + dx * dx + dy * dy);
        pull(i, 0) += strength * dx, pull(i, 1) += strength * dy;
      }
      const auto sum = tree.repulsion(rank, theta * theta);
      for (int d = 0; d < 3; ++d) push(i, d) = sum[static_cast<std::size_t>(d)];
    }
  });
  TsneGradient out;
  for (int i = 0; i < n; ++i) out.normalisation += push(i, 2);
  out.value = 4 * (exaggeration * pull - push.leftCols(2) / out.normalisation);
  return out;
}

PointMatrix tsne(const NeighbourGraph& affinities, const PointMatrix& start, const TsneOptions& options) {
  const int n = affinities.points();
  HYPED_REQUIRE(start.rows() == n && start.cols() >= 2);
  PointMatrix position = start.leftCols(2).rowwise() - start.leftCols(2).colwise().mean();
  if (const double deviation = std::sqrt(position.col(0).squaredNorm() / n); deviation > 0) position *= 1e-4 / deviation;
  PointMatrix velocity = PointMatrix::Zero(n, 2), gain = PointMatrix::Ones(n, 2);
  for (int step = 0; step < options.early_iterations + options.iterations; ++step) {
    const bool early = step < options.early_iterations;
    const double rate = std::max(50.0, n / options.exaggeration), momentum = early ? 0.5 : 0.8;
    const TsneGradient gradient = tsne_gradient(affinities, position, options.theta, early ? options.exaggeration : 1);
    gain = ((gradient.value.array() > 0) != (velocity.array() > 0)).select(gain.array() + 0.2, (gain.array() * 0.8).max(0.01)).matrix();
    velocity = momentum * velocity - rate * gain.cwiseProduct(gradient.value);
    position += velocity;
    position.rowwise() -= position.colwise().mean().eval();
  }
  return position;
}

}  // namespace hyped
