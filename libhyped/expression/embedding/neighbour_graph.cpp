// Weights of links from distances, made symmetric.
#include "libhyped/expression/embedding/neighbour_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// Joins the weights [N x k] of i's neighbours with those in the other direction.
template <class Join>
NeighbourGraph symmetric(const Neighbours& neighbours, const PointMatrix& weight, const Join& join) {
  const auto n = static_cast<std::size_t>(weight.rows());
  struct Half {
    int other;
    bool from_me;
    double weight;
  };
  std::vector<std::vector<Half>> halves(n);
  for (std::size_t i = 0; i < n; ++i)
    for (Eigen::Index k = 0; k < weight.cols(); ++k) {
      const auto row = static_cast<Eigen::Index>(i);
      const int j = neighbours.index(row, k);
      halves[i].push_back({j, true, weight(row, k)});
      halves[static_cast<std::size_t>(j)].push_back({static_cast<int>(i), false, weight(row, k)});
    }
  NeighbourGraph out;
  for (auto& list : halves) {
    std::sort(list.begin(), list.end(), [](const Half& a, const Half& b) { return a.other != b.other ? a.other < b.other : a.from_me > b.from_me; });
    for (std::size_t i = 0; i < list.size();) {
      const bool both = i + 1 < list.size() && list[i + 1].other == list[i].other;
      const double value = join(list[i].weight, both ? list[i + 1].weight : 0.0);
      if (value > 0) out.other.push_back(list[i].other), out.weight.push_back(value);
      i += both ? 2 : 1;
    }
    out.start.push_back(static_cast<std::int64_t>(out.other.size()));
  }
  return out;
}

}  // namespace

NeighbourGraph fuzzy_neighbour_graph(const Neighbours& neighbours) {
  const Eigen::Index n = neighbours.distance.rows(), k = neighbours.distance.cols();
  const double target = std::log2(static_cast<double>(k + 1)), least_share = 1e-3;      // of the mean distance: the narrowest sigma
  const double all_mean = neighbours.distance.sum() / static_cast<double>(n * (k + 1));
  PointMatrix weight(n, k);
  constexpr Eigen::Index block = 256;
  parallel_for(static_cast<int>((n + block - 1) / block), [&](int b) {
    for (Eigen::Index i = b * block; i < std::min(n, (b + 1) * block); ++i) {
      const auto distance = neighbours.distance.row(i);
      double rho = 0;
      for (Eigen::Index j = k; j-- > 0;)
        if (distance[j] > 0) rho = distance[j];
      double low = 0, high = std::numeric_limits<double>::infinity(), sigma = 1;
      for (int step = 0; step < 200; ++step) {
        double sum = 0;
        for (Eigen::Index j = 0; j < k; ++j) sum += distance[j] > rho ? std::exp(-(distance[j] - rho) / sigma) : 1;
        if (std::abs(sum - target) < 1e-10 || high - low < 1e-12 * high) break;
        (sum > target ? high : low) = sigma;
        sigma = std::isinf(high) ? 2 * sigma : 0.5 * (low + high);
        if (sigma > 1e12 * (rho + 1) || sigma < 1e-12 * rho) break;      // all at one distance: no sigma reaches the target
      }
      sigma = std::max(sigma, least_share * (rho > 0 ? distance.sum() / static_cast<double>(k + 1) : all_mean));
      for (Eigen::Index j = 0; j < k; ++j) weight(i, j) = distance[j] > rho && sigma > 0 ? std::exp(-(distance[j] - rho) / sigma) : 1;
    }
  });
  return symmetric(neighbours, weight, [](double a, double b) { return a + b - a * b; });
}

NeighbourGraph perplexity_graph(const Neighbours& neighbours, double perplexity) {
  const Eigen::Index n = neighbours.distance.rows(), k = neighbours.distance.cols();
  if (!(perplexity > 1 && perplexity < static_cast<double>(k))) throw InputError("perplexity", fmt::format("{:g} does not lie between 1 and the {} neighbours", perplexity, k), "take a smaller one");
  const double target = std::log(perplexity);
  PointMatrix weight(n, k);
  constexpr Eigen::Index block = 256;
  parallel_for(static_cast<int>((n + block - 1) / block), [&](int b) {
    for (Eigen::Index i = b * block; i < std::min(n, (b + 1) * block); ++i) {
      const Eigen::RowVectorXd squared = neighbours.distance.row(i).cwiseAbs2().array() - neighbours.distance(i, 0) * neighbours.distance(i, 0);
      double low = 0, high = std::numeric_limits<double>::infinity(), beta = squared.mean() > 0 ? 1 / squared.mean() : 1;
      for (int step = 0; step < 200; ++step) {
        const Eigen::RowVectorXd p = (-beta * squared.array()).exp().matrix();
        const double sum = p.sum(), entropy = std::log(sum) + beta * p.dot(squared) / sum;
        weight.row(i) = p / sum;
        if (std::abs(entropy - target) < 1e-10) break;
        (entropy > target ? low : high) = beta;
        beta = std::isinf(high) ? 2 * beta : 0.5 * (low + high);
        if (!(beta < 1e300)) break;
      }
    }
  });
  return symmetric(neighbours, weight, [&](double a, double b) { return (a + b) / (2 * static_cast<double>(n)); });
}

}  // namespace hyped
