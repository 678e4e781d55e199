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

// Cells of the plane, each with its points' mean; children follow their parent.
class Quadtree {
 public:
  explicit Quadtree(const PointMatrix& points) : points_(points), order_(static_cast<std::size_t>(points.rows())) {
    std::iota(order_.begin(), order_.end(), 0);
    const Eigen::RowVector2d low = points.colwise().minCoeff(), high = points.colwise().maxCoeff();
    nodes_.reserve(2 * order_.size());
    build(0, static_cast<int>(order_.size()), 0.5 * (low + high), std::max(1e-300, (high - low).maxCoeff()), 0);
  }

  // Sum over the other points of q^2 (y_i - y_j) and of q, q = 1 / (1 + d^2).
  std::array<double, 3> repulsion(int i, double theta_squared) const {
    std::array<double, 3> sum{0, 0, 0};
    const double x = points_(i, 0), y = points_(i, 1);
    for (int at = 0; at < static_cast<int>(nodes_.size());) {
      const Node& node = nodes_[static_cast<std::size_t>(at)];
      const double dx = x - node.x, dy = y - node.y, squared = dx * dx + dy * dy;
      if (node.leaf || node.width * node.width < theta_squared * squared) {
        if (node.leaf && squared == 0) {      // the point itself, and copies of it, which push nowhere
          const bool mine = node.x == x && node.y == y;
          sum[2] += node.count - (mine ? 1 : 0);
        } else {
          const double q = 1 / (1 + squared), push = node.count * q * q;
          sum[0] += push * dx, sum[1] += push * dy, sum[2] += node.count * q;
        }
        at = node.next;
      } else {
        ++at;
      }
    }
    return sum;
  }

 private:
  struct Node {
    double x, y, width;
    int count, next;      // next: where to go on past this cell
    bool leaf;
  };

  void build(int from, int until, const Eigen::RowVector2d& centre, double width, int depth) {
    const std::size_t at = nodes_.size();
    Eigen::RowVector2d mean = Eigen::RowVector2d::Zero();
    bool same = true;
    for (int i = from; i < until; ++i) {
      mean += points_.row(order_[static_cast<std::size_t>(i)]);
      same = same && points_.row(order_[static_cast<std::size_t>(i)]) == points_.row(order_[static_cast<std::size_t>(from)]);
    }
    if (same || depth > 60) mean = points_.row(order_[static_cast<std::size_t>(from)]);
    else mean /= until - from;
    nodes_.push_back({mean[0], mean[1], width, until - from, 0, same || depth > 60});
    if (!nodes_[at].leaf) {
      const auto begin = order_.begin() + from, end = order_.begin() + until;
      const auto middle = std::stable_partition(begin, end, [&](int i) { return points_(i, 0) < centre[0]; });
      const auto upper = [&](int i) { return points_(i, 1) < centre[1]; };
      const auto first = std::stable_partition(begin, middle, upper), last = std::stable_partition(middle, end, upper);
      const std::array<int, 5> edge{from, static_cast<int>(first - order_.begin()), static_cast<int>(middle - order_.begin()), static_cast<int>(last - order_.begin()), until};
      for (int c = 0; c < 4; ++c)
        if (edge[static_cast<std::size_t>(c)] < edge[static_cast<std::size_t>(c) + 1])
          build(edge[static_cast<std::size_t>(c)], edge[static_cast<std::size_t>(c) + 1], centre + 0.25 * width * Eigen::RowVector2d(c < 2 ? -1 : 1, c % 2 == 0 ? -1 : 1), 0.5 * width, depth + 1);
    }
    nodes_[at].next = static_cast<int>(nodes_.size());
  }

  const PointMatrix& points_;
  std::vector<int> order_;
  std::vector<Node> nodes_;
};

}  // namespace

TsneGradient tsne_gradient(const NeighbourGraph& affinities, const PointMatrix& position, double theta, double exaggeration) {
  const int n = affinities.points();
  const Quadtree tree(position);
  PointMatrix pull = PointMatrix::Zero(n, 2), push(n, 3);
  constexpr int block = 128;
  parallel_for((n + block - 1) / block, [&](int b) {
    for (int i = b * block; i < std::min(n, (b + 1) * block); ++i) {
      for (std::int64_t l = affinities.start[static_cast<std::size_t>(i)]; l < affinities.start[static_cast<std::size_t>(i) + 1]; ++l) {
        const int j = affinities.other[static_cast<std::size_t>(l)];
        const double dx = position(i, 0) - position(j, 0), dy = position(i, 1) - position(j, 1), strength = affinities.weight[static_cast<std::size_t>(l)] / (1 + dx * dx + dy * dy);
        pull(i, 0) += strength * dx, pull(i, 1) += strength * dy;
      }
      const auto sum = tree.repulsion(i, theta * theta);
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
