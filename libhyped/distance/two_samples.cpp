// Sums over tiles in a fixed number of parts, so that no result depends on threads.
#include "libhyped/distance/two_samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/distance/pair_measures.hpp"
#include "libhyped/distance/pair_tiles.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// Sums over pairs, of each x over all y and of each y over all x. Own pairs: both orders of a pair and the pair with itself, in `of_x` alone.
struct PairSums {
  Eigen::VectorXd of_x, of_y;
};

PairSums sums_of(const PairTiles& tiles, const PairMeasure& measure) {
  const Eigen::Index across = tiles.tiles_x();
  const int parts = static_cast<int>(std::min<Eigen::Index>(64, across));
  std::vector<PairSums> part(static_cast<std::size_t>(parts));
  parallel_for(parts, [&](int p) {
    PairSums& mine = part[static_cast<std::size_t>(p)];
    mine.of_x = Eigen::VectorXd::Zero(tiles.cells_x());
    mine.of_y = Eigen::VectorXd::Zero(tiles.own() ? 0 : tiles.cells_y());
    PairTiles::Tile tile;
    for (Eigen::Index a = p; a < across; a += parts)
      for (Eigen::Index b = tiles.own() ? a : 0; b < tiles.tiles_y(); ++b) {
        tiles.squared(a, b, tile);
        apply(measure, tile.squared);
        mine.of_x.segment(tile.first_x, tile.rows_x) += tile.squared.colwise().sum().matrix().transpose();
        if (tiles.own() && a == b) continue;
        (tiles.own() ? mine.of_x : mine.of_y).segment(tile.first_y, tile.rows_y) += tile.squared.rowwise().sum().matrix();
      }
  });
  PairSums out = part[0];
  for (std::size_t p = 1; p < part.size(); ++p) out.of_x += part[p].of_x, out.of_y += part[p].of_y;
  return out;
}

struct AllSums {
  Eigen::VectorXd x_to_y, y_to_x, within_x, within_y;      // sums over the other cells, the cell itself among them
};

// In closed form: sum over j of |x_i - y_j|^2 = M |x_i - mean|^2 + sum |y_j - mean|^2.
Eigen::VectorXd squared_sums(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  const Eigen::RowVectorXd mean = y.colwise().mean();
  const double spread = (y.rowwise() - mean).squaredNorm();
  return (x.rowwise() - mean).rowwise().squaredNorm().array() * static_cast<double>(y.rows()) + spread;
}

AllSums all_sums(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure) {
  if (measure.kind == PairMeasure::Kind::squared_euclidean) return {squared_sums(x, y), squared_sums(y, x), squared_sums(x, x), squared_sums(y, y)};
  PairSums between = sums_of(PairTiles(x, y), measure);
  return {std::move(between.of_x), std::move(between.of_y), sums_of(PairTiles(x), measure).of_x, sums_of(PairTiles(y), measure).of_x};
}

void check_clouds(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, Eigen::Index least) {
  if (x.cols() != y.cols()) throw InputError("distance between clouds", fmt::format("one cloud has {} coordinates, the other {}", x.cols(), y.cols()), "give both in the same space");
  if (x.rows() < least || y.rows() < least) throw InputError("distance between clouds", fmt::format("a cloud has fewer than {} cells", least), "");
  if (!x.allFinite() || !y.allFinite()) throw InputError("distance between clouds", "a coordinate is NaN or infinite", "");
  if (measure.kind != PairMeasure::Kind::gaussian) return;
  if (measure.gamma.empty()) throw InputError("MMD", "a Gaussian kernel has no width", "give one gamma or more, or take it from control cells");
  for (const double g : measure.gamma)
    if (!(g > 0) || !std::isfinite(g)) throw InputError("MMD", "a gamma is not positive");
}

}  // namespace

void apply(const PairMeasure& measure, Eigen::ArrayXXd& squared) {
  switch (measure.kind) {
    case PairMeasure::Kind::euclidean: squared = squared.sqrt(); return;
    case PairMeasure::Kind::squared_euclidean: return;
    case PairMeasure::Kind::gaussian: break;
  }
  Eigen::ArrayXXd sum = (-measure.gamma[0] * squared).exp();
  for (std::size_t k = 1; k < measure.gamma.size(); ++k) sum += (-measure.gamma[k] * squared).exp();
  squared = sum * (-1.0 / static_cast<double>(measure.gamma.size()));
}

std::string PairMeasure::words() const {
  switch (kind) {
    case Kind::euclidean: return "energy distance, Euclidean";
    case Kind::squared_euclidean: return "energy distance, squared Euclidean (sees means only)";
    case Kind::gaussian: break;
  }
  return gamma.size() == 1 ? fmt::format("squared MMD, Gaussian, gamma {:.4g}", gamma[0]) : fmt::format("squared MMD, Gaussian, mean of {} widths, gamma {:.4g} to {:.4g}", gamma.size(), gamma.front(), gamma.back());
}

EnergyParts pair_means(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, EnergyPairs pairs) {
  const bool unbiased = pairs == EnergyPairs::unbiased;
  check_clouds(x, y, measure, unbiased ? 2 : 1);
  const AllSums sums = all_sums(x, y, measure);
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows()), self = measure.of_itself();
  const auto within = [&](const Eigen::VectorXd& of, double count) { return unbiased ? (of.sum() - self * count) / (count * (count - 1)) : of.sum() / (count * count); };
  return {sums.x_to_y.sum() / (n * m), within(sums.within_x, n), within(sums.within_y, m)};
}

TwoSamples two_samples(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, EnergyPairs pairs) {
  check_clouds(x, y, measure, 2);
  const bool unbiased = pairs == EnergyPairs::unbiased;
  const AllSums sums = all_sums(x, y, measure);
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows()), self = measure.of_itself();
  const auto within = [&](const Eigen::VectorXd& of, double count) { return unbiased ? (of.sum() - self * count) / (count * (count - 1)) : of.sum() / (count * count); };
  TwoSamples out;
  out.between = sums.x_to_y.sum() / (n * m);
  out.within_x = within(sums.within_x, n), out.within_y = within(sums.within_y, m);
  out.statistic = 2 * out.between - out.within_x - out.within_y;
  const auto influence = [](const Eigen::VectorXd& across, double others, const Eigen::VectorXd& inside, double count) {
    const Eigen::VectorXd value = 2 * across / others - 2 * inside / (count - 1);
    return Eigen::VectorXd(value.array() - value.mean());
  };
  out.influence_x = influence(sums.x_to_y, m, sums.within_x, n);
  out.influence_y = influence(sums.y_to_x, n, sums.within_y, m);
  out.se = std::sqrt(influence_variance(out.influence_x) + influence_variance(out.influence_y));
  return out;
}

double influence_variance(const Eigen::VectorXd& influence) {
  const double n = static_cast<double>(influence.size());
  return n < 2 ? 0 : (influence.array() - influence.mean()).square().sum() / ((n - 1) * n);
}

std::vector<double> holm_sidak(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> out(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, -std::expm1(static_cast<double>(p.size() - rank) * std::log1p(-p[order[rank]])));
    out[order[rank]] = std::min(1.0, largest);
  }
  return out;
}

}  // namespace hyped
