// Permutations as quadratic forms: with the indicator z of one cloud, z'Kz, z'K1 and 1'K1 give all three sums over pairs.
#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/distance/pair_measures.hpp"
#include "libhyped/distance/pair_tiles.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// Column k: 1 for the cells called x in permutation first + k; permutation 0 is the labelling observed.
Eigen::MatrixXd indicators(Eigen::Index n, Eigen::Index m, int first, int count, const CellPermutations& options) {
  const auto all = static_cast<std::size_t>(n + m);
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(n + m, count);
  parallel_for(count, [&](int k) {
    if (first + k == 0) {
      out.col(k).head(n).setOnes();
      return;
    }
    RandomStream random(options.seed, options.comparison, static_cast<std::uint32_t>(first + k));
    std::vector<std::int32_t> cells(all);
    for (std::size_t i = 0; i < all; ++i) cells[i] = static_cast<std::int32_t>(i);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      const auto other = i + static_cast<std::size_t>(random.uniform() * static_cast<double>(all - i));
      std::swap(cells[i], cells[std::min(other, all - 1)]);
      out(cells[i], k) = 1;
    }
  });
  return out;
}

// z'Kz of every column, and K1.
void quadratic_forms(const PairTiles& tiles, const PairMeasure& measure, const Eigen::MatrixXd& z, Eigen::VectorXd& forms, Eigen::VectorXd& rows) {
  const Eigen::Index across = tiles.tiles_x();
  const int parts = static_cast<int>(std::min<Eigen::Index>(64, across));
  std::vector<Eigen::VectorXd> part_forms(static_cast<std::size_t>(parts)), part_rows(static_cast<std::size_t>(parts));
  parallel_for(parts, [&](int p) {
    auto& my_forms = part_forms[static_cast<std::size_t>(p)] = Eigen::VectorXd::Zero(z.cols());
    auto& my_rows = part_rows[static_cast<std::size_t>(p)] = Eigen::VectorXd::Zero(tiles.cells_x());
    PairTiles::Tile tile;
    Eigen::MatrixXd product;
    for (Eigen::Index a = p; a < across; a += parts) {
      product.setZero(std::min<Eigen::Index>(PairTiles::edge, tiles.cells_x() - a * PairTiles::edge), z.cols());
      for (Eigen::Index b = a; b < across; ++b) {
        tiles.squared(a, b, tile);
        apply(measure, tile.squared);
        my_rows.segment(tile.first_x, tile.rows_x) += tile.squared.colwise().sum().matrix().transpose();
        if (a != b) my_rows.segment(tile.first_y, tile.rows_y) += tile.squared.rowwise().sum().matrix();
        if (a == b) tile.squared *= 0.5;      // the rest of the square is the mirror image
        product.noalias() += tile.squared.matrix().transpose() * z.middleRows(tile.first_y, tile.rows_y);
      }
      my_forms += 2 * product.cwiseProduct(z.middleRows(a * PairTiles::edge, product.rows())).colwise().sum().transpose();
    }
  });
  forms = part_forms[0], rows = part_rows[0];
  for (std::size_t p = 1; p < part_forms.size(); ++p) forms += part_forms[p], rows += part_rows[p];
}

}  // namespace

PermutationTest permutation_test(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, const CellPermutations& options) {
  constexpr int at_once = 256;
  if (options.permutations < 1) throw InputError("permutations", "there are none", "give 99 or more");
  PermutationTest out;
  out.permutations = options.permutations;
  two_samples(x.topRows(std::min<Eigen::Index>(2, x.rows())), y.topRows(std::min<Eigen::Index>(2, y.rows())), measure);      // checks
  Eigen::MatrixXd all(x.rows() + y.rows(), x.cols());
  all << x, y;
  if (!all.allFinite()) throw InputError("distance between clouds", "a coordinate is NaN or infinite", "");
  const PairTiles tiles(all);
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows()), self = measure.of_itself();
  const bool unbiased = options.pairs == EnergyPairs::unbiased;
  std::vector<double> values;
  for (int first = 0; first <= options.permutations; first += at_once) {
    const Eigen::MatrixXd z = indicators(x.rows(), y.rows(), first, std::min(at_once, options.permutations + 1 - first), options);
    Eigen::VectorXd forms, rows;
    quadratic_forms(tiles, measure, z, forms, rows);
    const double total = rows.sum();
    const Eigen::VectorXd linear = z.transpose() * rows;
    for (Eigen::Index k = 0; k < z.cols(); ++k) {
      const double xx = forms[k], xy = linear[k] - xx, yy = total - 2 * linear[k] + xx;
      const double within = unbiased ? (xx - self * n) / (n * (n - 1)) + (yy - self * m) / (m * (m - 1)) : xx / (n * n) + yy / (m * m);
      values.push_back(2 * xy / (n * m) - within);
    }
  }
  out.observed = values[0];
  double largest = 0, squares = 0;
  for (const double v : values) largest = std::max(largest, std::abs(v));
  for (std::size_t k = 1; k < values.size(); ++k) {
    out.at_least += values[k] >= out.observed - 1e-12 * largest;
    out.null_mean += values[k] / out.permutations;
  }
  for (std::size_t k = 1; k < values.size(); ++k) squares += (values[k] - out.null_mean) * (values[k] - out.null_mean);
  out.null_sd = out.permutations > 1 ? std::sqrt(squares / (out.permutations - 1)) : 0;
  std::vector<double> null(values.begin() + 1, values.end());
  std::sort(null.begin(), null.end());
  const auto at = [&](double share) { return null[static_cast<std::size_t>(std::lround(share * static_cast<double>(null.size() - 1)))]; };
  out.null_lower = at(0.025), out.null_upper = at(0.975);
  out.p = (1.0 + out.at_least) / (1.0 + out.permutations);
  out.p_error = std::sqrt(out.p * (1 - out.p) / (1.0 + out.permutations));
  return out;
}

}  // namespace hyped
