// Alternating soft minima of costs minus potentials, with epsilon lowered step by step.
#include "libhyped/distance/sinkhorn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/distance/pair_tiles.hpp"
#include "libhyped/distance/two_samples.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using Costs = Eigen::ArrayXXd;      // [to x from]: a column for each cell that a potential is computed of

Costs costs_of(const PairTiles& tiles, PairDistance cost) {
  Costs out(tiles.cells_y(), tiles.cells_x());
  parallel_for(static_cast<int>(tiles.tiles_x()), [&](int a) {
    PairTiles::Tile tile;
    for (Eigen::Index b = 0; b < tiles.tiles_y(); ++b) {
      tiles.squared(a, b, tile);
      if (cost == PairDistance::euclidean) tile.squared = tile.squared.sqrt();
      out.block(tile.first_y, tile.first_x, tile.rows_y, tile.rows_x) = tile.squared;
    }
  });
  return out;
}

// f_i = -epsilon log of the mean over j of exp((g_j - c_ji) / epsilon)
void soft_minimum(const Costs& costs, const Eigen::ArrayXd& g, double epsilon, Eigen::ArrayXd& f) {
  constexpr Eigen::Index block = 32;
  f.resize(costs.cols());
  const double log_count = std::log(static_cast<double>(costs.rows()));
  parallel_for(static_cast<int>((costs.cols() + block - 1) / block), [&](int b) {
    Eigen::ArrayXd exponent(costs.rows());
    for (Eigen::Index i = b * block; i < std::min<Eigen::Index>(costs.cols(), (b + 1) * block); ++i) {
      exponent = (g - costs.col(i)) * (1 / epsilon);
      const double largest = exponent.maxCoeff();
      f[i] = -epsilon * (largest + std::log((exponent - largest).exp().sum()) - log_count);
    }
  });
}

struct Solved {
  Eigen::ArrayXd f, g;
  double value = 0, residual = 0;
  int iterations = 0;
};

// Sum over cells of the marginal that f gives, away from the uniform one: f_exact is what it would have to be.
double violation(const Eigen::ArrayXd& f, const Eigen::ArrayXd& f_exact, double epsilon) { return ((f - f_exact) / epsilon).exp().unaryExpr([](double v) { return std::abs(v - 1); }).mean(); }

Solved solve(const Costs& to_y, const Costs& to_x, double epsilon, const SinkhornOptions& options) {
  Solved out;
  out.f = Eigen::ArrayXd::Zero(to_y.cols()), out.g = Eigen::ArrayXd::Zero(to_x.cols());
  Eigen::ArrayXd next;
  double now = std::max(epsilon, to_y.maxCoeff());
  for (out.iterations = 1; out.iterations <= options.most_iterations; ++out.iterations) {
    soft_minimum(to_y, out.g, now, next);
    out.residual = now > epsilon ? 2 : violation(out.f, next, epsilon);
    out.f = next;
    if (out.residual < options.tolerance) break;      // f and g: one marginal exact, the other to the tolerance
    soft_minimum(to_x, out.f, now, out.g);
    now = std::max(epsilon, 0.5 * now);
  }
  out.iterations = std::min(out.iterations, options.most_iterations);
  out.value = out.f.mean() + out.g.mean();
  return out;
}

// One cloud with itself: one potential, half a step at a time (Feydy et al. 2019).
Solved solve_own(const Costs& costs, double epsilon, const SinkhornOptions& options) {
  Solved out;
  out.f = Eigen::ArrayXd::Zero(costs.cols());
  double now = std::max(epsilon, costs.maxCoeff());
  for (out.iterations = 1; out.iterations <= options.most_iterations; ++out.iterations) {
    soft_minimum(costs, out.f, now, out.g);
    out.residual = now > epsilon ? 2 : violation(out.f, out.g, epsilon);
    if (out.residual < options.tolerance) break;
    out.f = 0.5 * (out.f + out.g);
    now = std::max(epsilon, 0.5 * now);
  }
  out.iterations = std::min(out.iterations, options.most_iterations);
  out.value = out.f.mean() + out.g.mean();
  return out;
}

double median_of(const Costs& costs) {
  std::vector<double> all(costs.data(), costs.data() + costs.size());
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return all.size() % 2 == 1 ? *middle : 0.5 * (*middle + *std::max_element(all.begin(), middle));
}

}  // namespace

SinkhornDivergence sinkhorn_divergence(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const SinkhornOptions& options) {
  const double pairs = static_cast<double>(x.rows()) * static_cast<double>(y.rows());
  if (x.cols() != y.cols()) throw InputError("Sinkhorn divergence", fmt::format("one cloud has {} coordinates, the other {}", x.cols(), y.cols()), "give both in the same space");
  if (x.rows() < 1 || y.rows() < 1) throw InputError("Sinkhorn divergence", "a cloud has no cells", "");
  const double largest_side = static_cast<double>(std::max(x.rows(), y.rows()));
  if (std::max(pairs, largest_side * largest_side) > 2e8) throw InputError("Sinkhorn divergence", fmt::format("{} x {} cells are too many pairs", x.rows(), y.rows()), "take at most 14,000 cells of each");
  if (!x.allFinite() || !y.allFinite()) throw InputError("Sinkhorn divergence", "a coordinate is NaN or infinite", "");
  SinkhornDivergence out;
  Solved cross;
  {
    const Costs to_y = costs_of(PairTiles(x, y), options.cost), to_x = to_y.transpose();
    out.median_cost = median_of(to_y);
    if (options.epsilon <= 0 && !(out.median_cost > 0)) throw InputError("Sinkhorn divergence", "more than half of the pairs of cells coincide, so the median cost gives no epsilon", "give epsilon");
    out.epsilon = options.epsilon > 0 ? options.epsilon : options.relative_epsilon * out.median_cost;
    cross = solve(to_y, to_x, out.epsilon, options);
  }
  const Solved own_x = solve_own(costs_of(PairTiles(x), options.cost), out.epsilon, options), own_y = solve_own(costs_of(PairTiles(y), options.cost), out.epsilon, options);
  out.between = cross.value, out.within_x = own_x.value, out.within_y = own_y.value;
  out.divergence = out.between - 0.5 * (out.within_x + out.within_y);
  out.residual = std::max({cross.residual, own_x.residual, own_y.residual});
  out.iterations = std::max({cross.iterations, own_x.iterations, own_y.iterations});
  const auto centred = [](const Eigen::ArrayXd& v) { return Eigen::VectorXd(v - v.mean()); };
  out.influence_x = centred(cross.f - own_x.g), out.influence_y = centred(cross.g - own_y.g);
  out.se = std::sqrt(influence_variance(out.influence_x) + influence_variance(out.influence_y));
  if (!(out.residual < options.tolerance))
    out.outcome = {Status::not_converged, fmt::format("Sinkhorn: after {} iterations the marginals are off by {:.2g} in sum (asked for {:.2g}) at epsilon {:.4g}; a larger epsilon or more iterations are needed", out.iterations, out.residual, options.tolerance, out.epsilon)};
  return out;
}

}  // namespace hyped
