// Gene by gene on a line, and covariances without the noise of sampling.
#include <algorithm>
#include <cmath>

#include "libhyped/distance/line_distance.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/cells/cell_scores.hpp"

namespace hyped {
namespace {

// Unbiased tr(Sigma^2) from tr S^2, (tr S)^2 and sum |x - mean|^4, for n >= 4 (Himeno & Yamada 2014).
double unbiased_square(double n, double trace_of_square, double square_of_trace, double fourth_sum) {
  return (n - 1) / (n * (n - 2) * (n - 3)) * ((n - 1) * (n - 2) * trace_of_square + square_of_trace - n / (n - 1) * fourth_sum);
}

// Mid-ranks over cells, (rank - 1/2) / cells, column by column.
Eigen::MatrixXd ranked(const Eigen::MatrixXd& x) {
  Eigen::MatrixXd out(x.rows(), x.cols());
  parallel_for(static_cast<int>(x.cols()), [&](int k) {
    std::vector<Eigen::Index> order(static_cast<std::size_t>(x.rows()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Eigen::Index>(i);
    std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return x(a, k) < x(b, k); });
    for (std::size_t from = 0, until = 0; from < order.size(); from = until) {
      while (until < order.size() && x(order[until], k) == x(order[from], k)) ++until;
      for (std::size_t i = from; i < until; ++i) out(order[i], k) = 0.5 * static_cast<double>(from + until) / static_cast<double>(order.size());
    }
  });
  return out;
}

Eigen::MatrixXd every_other(const Eigen::MatrixXd& x, Eigen::Index first) {
  return x(Eigen::seq(first, Eigen::last, 2), Eigen::all);
}

// Ranks of two cells of one cloud differ in every coordinate, those of two clouds need not: the U-statistic of ranks is too low by b_x / N + b_y / M.
// Halves have twice of it, so twice the whole less the mean of the halves has none of that order (Quenouille 1949; halves are every other cell).
double rank_energy(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  const auto energy = [](const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
    return pair_means(ranked(a), ranked(b), {}, EnergyPairs::unbiased).distance();
  };
  return 2 * energy(x, y) - 0.5 * (energy(every_other(x, 0), every_other(y, 0)) + energy(every_other(x, 1), every_other(y, 1)));
}

}  // namespace

DifferenceParts difference_parts(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  if (x.rows() < 4 || y.rows() < 4) throw InputError("parts of a difference", "a cloud has fewer than four cells", "");
  DifferenceParts out;
  out.mean = 0.5 * two_samples(x, y, {PairMeasure::Kind::squared_euclidean, {}}).statistic;      // checks both clouds
  const double n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows());
  const Eigen::MatrixXd cx = x.rowwise() - x.colwise().mean(), cy = y.rowwise() - y.colwise().mean();
  const auto square = [](const Eigen::MatrixXd& c, double cells) {      // tr S^2 by the smaller of the two products
    const Eigen::MatrixXd product = c.rows() < c.cols() ? Eigen::MatrixXd(c * c.transpose()) : Eigen::MatrixXd(c.transpose() * c);
    return product.squaredNorm() / ((cells - 1) * (cells - 1));
  };
  const auto whole = [&](const Eigen::MatrixXd& c, double cells) { return unbiased_square(cells, square(c, cells), std::pow(c.squaredNorm() / (cells - 1), 2), c.rowwise().squaredNorm().squaredNorm()); };
  const double cross = (cx * cy.transpose()).squaredNorm() / ((n - 1) * (m - 1));      // tr Sx Sy
  const double all = whole(cx, n) + whole(cy, m) - 2 * cross;
  for (Eigen::Index k = 0; k < x.cols(); ++k) {
    const double vx = cx.col(k).squaredNorm() / (n - 1), vy = cy.col(k).squaredNorm() / (m - 1);
    out.variance += unbiased_square(n, vx * vx, vx * vx, cx.col(k).array().pow(4).sum()) + unbiased_square(m, vy * vy, vy * vy, cy.col(k).array().pow(4).sum()) - 2 * vx * vy;
  }
  out.covariance = all - out.variance;
  std::vector<double> marginal(static_cast<std::size_t>(x.cols()));
  parallel_for(static_cast<int>(x.cols()), [&](int k) {
    // moved to the middle first: places are floats
    const double middle = 0.5 * (x.col(k).mean() + y.col(k).mean());
    const auto sorted = [&](const Eigen::MatrixXd& c) {
      std::vector<float> v;
      for (Eigen::Index i = 0; i < c.rows(); ++i) v.push_back(static_cast<float>(c(i, k) - middle));
      std::sort(v.begin(), v.end());
      return v;
    };
    const std::vector<float> a = sorted(x), b = sorted(y);
    marginal[static_cast<std::size_t>(k)] = line_distance({a, x.rows()}, {b, y.rows()}).unbiased_energy(x.rows(), y.rows());
  });
  for (const double v : marginal) out.marginal_energy += v;
  out.rank_energy = rank_energy(x, y);
  return out;
}

GeneDistances gene_distances(const SparseRows& x, const SparseRows& y) {
  if (x.columns != y.columns) throw InputError("distances of genes", "the two sets of cells have different genes", "");
  if (x.rows < 2 || y.rows < 2) throw InputError("distances of genes", "a set has fewer than two cells", "");
  const SparseRows gx = transposed(x), gy = transposed(y);
  constexpr int parts = 32;
  const double genes = static_cast<double>(x.columns);
  GeneDistances out;
  out.energy.resize(x.columns), out.w1.resize(x.columns);
  struct Influence {
    Eigen::VectorXd energy_x, energy_y, w1_x, w1_y;
  };
  std::vector<Influence> part(parts);
  parallel_for(parts, [&](int p) {
    Influence& mine = part[static_cast<std::size_t>(p)];
    mine.energy_x = mine.w1_x = Eigen::VectorXd::Zero(x.rows), mine.energy_y = mine.w1_y = Eigen::VectorXd::Zero(y.rows);
    LineInfluence at;
    std::vector<std::pair<float, std::int32_t>> order_x, order_y;
    std::vector<float> sorted_x, sorted_y;
    const auto sort = [](const SparseRows& rows, int g, auto& order, auto& sorted) {
      order.clear(), sorted.clear();
      for (std::size_t i = 0; i < rows.columns_of(g).size(); ++i) order.emplace_back(rows.values_of(g)[i], rows.columns_of(g)[i]);
      std::sort(order.begin(), order.end());
      for (const auto& [value, cell] : order) sorted.push_back(value);
    };
    for (int g = p; g < x.columns; g += parts) {
      sort(gx, g, order_x, sorted_x), sort(gy, g, order_y, sorted_y);
      const LineDistance d = line_distance({sorted_x, x.rows}, {sorted_y, y.rows}, &at);
      out.energy[g] = d.unbiased_energy(x.rows, y.rows), out.w1[g] = d.w1;
      // a cell whose value is 0 keeps a constant, which centring takes away
      for (std::size_t i = 0; i < order_x.size(); ++i) mine.energy_x[order_x[i].second] += (at.energy_x[i] - at.energy_zero) / genes, mine.w1_x[order_x[i].second] += (at.w1_x[i] - at.w1_zero) / genes;
      for (std::size_t i = 0; i < order_y.size(); ++i) mine.energy_y[order_y[i].second] += (at.energy_y[i] + at.energy_zero) / genes, mine.w1_y[order_y[i].second] += (at.w1_y[i] + at.w1_zero) / genes;
    }
  });
  const auto sum = [&](Eigen::VectorXd Influence::*which) {
    Eigen::VectorXd all = part[0].*which;
    for (std::size_t p = 1; p < part.size(); ++p) all += part[p].*which;
    return Eigen::VectorXd(all.array() - all.mean());
  };
  out.energy_x = sum(&Influence::energy_x), out.energy_y = sum(&Influence::energy_y), out.w1_x = sum(&Influence::w1_x), out.w1_y = sum(&Influence::w1_y);
  out.mean_energy = out.energy.mean(), out.mean_w1 = out.w1.mean();
  out.energy_se = std::sqrt(influence_variance(out.energy_x) + influence_variance(out.energy_y));
  out.w1_se = std::sqrt(influence_variance(out.w1_x) + influence_variance(out.w1_y));
  return out;
}

}  // namespace hyped
