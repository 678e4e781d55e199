// Stochastic pulls along links and pushes from random points, in turns that threads cannot reorder.
#include "libhyped/expression/embedding/umap.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {

std::pair<double, double> umap_curve(double min_distance, double spread) {
  constexpr int count = 300;
  const auto residuals = [&](double a, double b, Eigen::VectorXd& r, Eigen::MatrixXd* jacobian) {
    for (int i = 0; i < count; ++i) {
      const double x = 3 * spread * i / (count - 1), wanted = x < min_distance ? 1 : std::exp(-(x - min_distance) / spread);
      const double power = x > 0 ? std::pow(x, 2 * b) : 0, value = 1 / (1 + a * power);
      r[i] = value - wanted;
      if (jacobian) jacobian->row(i) << -value * value * power, -value * value * a * power * (x > 0 ? 2 * std::log(x) : 0);
    }
    return r.squaredNorm();
  };
  double a = 1, b = 1, damping = 1e-3;
  Eigen::VectorXd r(count), next_r(count);
  Eigen::MatrixXd jacobian(count, 2);
  double cost = residuals(a, b, r, &jacobian);
  for (int step = 0; step < 500; ++step) {      // Levenberg-Marquardt
    const Eigen::Vector2d gradient = jacobian.transpose() * r;
    Eigen::Matrix2d normal = jacobian.transpose() * jacobian;
    normal.diagonal() *= 1 + damping;
    const Eigen::Vector2d move = -normal.inverse() * gradient;
    const double next = a + move[0] > 0 && b + move[1] > 0 ? residuals(a + move[0], b + move[1], next_r, nullptr) : cost + 1;
    if (next <= cost) {
      a += move[0], b += move[1], damping = std::max(1e-12, damping / 10);
      cost = residuals(a, b, r, &jacobian);
      if (move.norm() < 1e-12) break;
    } else {
      damping *= 10;
      if (damping > 1e12) break;
    }
  }
  return {a, b};
}

namespace {

constexpr int turns = 8;
constexpr double steepest = 4;      // a move is at most this times the rate

// Powers in single precision: four times as fast, and a step of a random walk needs no more.
struct Force {
  double a, b;
  double power(double squared) const { return std::pow(static_cast<float>(squared), static_cast<float>(b)); }
  double pull(double squared) const {
    if (!(squared > 0)) return 0;
    const double raised = power(squared);
    return -2 * a * b * raised / (squared * (1 + a * raised));
  }
  double push(double squared) const { return 2 * b / ((0.001 + squared) * (1 + a * power(squared))); }
};

double clipped(double move) { return std::clamp(move, -steepest, steepest); }

}  // namespace

PointMatrix umap(const NeighbourGraph& graph, const PointMatrix& start, const UmapOptions& options) {
  const int n = graph.points();
  HYPED_REQUIRE(start.rows() == n && start.cols() >= 2);
  const int epochs = options.epochs > 0 ? options.epochs : n <= 10000 ? 500 : 200;
  const auto [a, b] = umap_curve(options.min_distance, options.spread);
  const Force force{a, b};
  PointMatrix position = start.leftCols(2);
  if (const double size = position.cwiseAbs().maxCoeff(); size > 0) position *= 10 / size;
  for (int i = 0; i < n; ++i) {
    RandomStream random(options.seed, 0xffffffffU, static_cast<std::uint32_t>(i));
    position(i, 0) += 1e-4 * random.normal();
    position(i, 1) += 1e-4 * random.normal();
  }
  for (int d = 0; d < 2; ++d) {      // to [0, 10], as umap-learn begins
    const double low = position.col(d).minCoeff(), high = position.col(d).maxCoeff();
    position.col(d) = 10 * (position.col(d).array() - low) / (high > low ? high - low : 1);
  }
  const double heaviest = graph.weight.empty() ? 1 : *std::max_element(graph.weight.begin(), graph.weight.end());
  PointMatrix moved = position;
  constexpr int block = 512;      // points of a turn per job
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const double rate = 1 - static_cast<double>(epoch) / epochs;
    for (int turn = 0; turn < turns; ++turn) {
      const int members = (n - turn + turns - 1) / turns, jobs = (members + block - 1) / block;
      const auto each = [&](int job, const auto& body) {
        for (int m = job * block; m < std::min(members, (job + 1) * block); ++m) body(turn + m * turns);
      };
      parallel_for(jobs, [&](int job) {
        each(job, [&](int i) {
          RandomStream random(options.seed, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(i));
          double x = position(i, 0), y = position(i, 1);
          const auto go = [&](double dx, double dy, double coefficient) { x += rate * clipped(coefficient * dx), y += rate * clipped(coefficient * dy); };
          for (std::int64_t l = graph.start[static_cast<std::size_t>(i)]; l < graph.start[static_cast<std::size_t>(i) + 1]; ++l) {
            const double share = graph.weight[static_cast<std::size_t>(l)] / heaviest;
            if (share * epochs < 1 || std::floor((epoch + 1) * share) == std::floor(epoch * share)) continue;      // not drawn now
            const int j = graph.other[static_cast<std::size_t>(l)];
            for (int end = 0; end < 2; ++end) {      // once as the head of the link, once as its tail
              const double dx = x - position(j, 0), dy = y - position(j, 1);
              go(dx, dy, force.pull(dx * dx + dy * dy));
            }
            for (int k = 0; k < options.negatives; ++k) {
              const int other = static_cast<int>((static_cast<std::uint64_t>(random()) * static_cast<std::uint64_t>(n)) >> 32);
              if (other == i) continue;
              const double dx = x - position(other, 0), dy = y - position(other, 1), squared = dx * dx + dy * dy;
              if (squared > 0) go(dx, dy, force.push(squared));
            }
          }
          moved(i, 0) = x, moved(i, 1) = y;
        });
      });
      for (int i = turn; i < n; i += turns) position(i, 0) = moved(i, 0), position(i, 1) = moved(i, 1);
    }
  }
  return position;
}

}  // namespace hyped
