// Sets of responses on the Gram matrix of their coordinates.
#include "experiments/control/factors/other_scores/superposition.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/control/factors/nonnegative_least_squares.hpp"
#include "fitting/networks/series/linear_dynamics.hpp"

namespace hyped::control {

Eigen::MatrixXd state_metric(const Eigen::MatrixXd& states, int rank, double whiten) {
  const Eigen::MatrixXd centred = states.colwise() - states.rowwise().mean();
  if (!(centred.squaredNorm() > 0)) throw InputError("reference states", "do not differ", "give states of different kinds or times");
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(centred, Eigen::ComputeThinU);
  const Eigen::VectorXd& values = svd.singularValues();
  int there = 0;
  while (there < values.size() && values[there] > 1e-10 * values[0]) ++there;
  const int used = std::min(there, rank == 0 ? hard_threshold_rank(centred) : rank);
  Eigen::MatrixXd out = svd.matrixU().leftCols(used);
  const double scale = 1 / std::sqrt(std::max(1.0, static_cast<double>(states.cols() - 1)));
  for (int d = 0; d < used; ++d) out.col(d) /= std::pow(values[d] * scale, whiten);
  return out;
}

Superposition superpose(const Eigen::VectorXd& start, const Eigen::VectorXd& target, const Eigen::MatrixXd& responses, const Eigen::MatrixXd& metric, const SuperpositionOptions& options) {
  HYPED_REQUIRE(options.most >= 1 && options.most <= 3 && responses.rows() == start.size() && target.size() == start.size());
  const bool all_genes = metric.size() == 0;
  const Eigen::VectorXd way = all_genes ? Eigen::VectorXd(target - start) : Eigen::VectorXd(metric.transpose() * (target - start));
  const Eigen::MatrixXd moved = all_genes ? responses : Eigen::MatrixXd(metric.transpose() * responses);
  const Eigen::MatrixXd gram = moved.transpose() * moved;
  const Eigen::VectorXd match = moved.transpose() * way;
  const double whole = way.squaredNorm();
  Superposition out;
  out.distance = std::sqrt(whole);
  const auto evaluate = [&](const std::vector<int>& set) {
    const auto size = static_cast<Eigen::Index>(set.size());
    Eigen::MatrixXd part(size, size);
    Eigen::VectorXd right(size);
    for (Eigen::Index a = 0; a < size; ++a) {
      right[a] = match[set[static_cast<std::size_t>(a)]];
      for (Eigen::Index b = 0; b < size; ++b) part(a, b) = gram(set[static_cast<std::size_t>(a)], set[static_cast<std::size_t>(b)]);
    }
    SuperpositionSet one{set, std::vector<double>(set.size(), 1.0), 0};
    double gain = 2 * right.sum() - part.sum();
    if (options.amounts == SuperpositionAmounts::nonnegative) {
      const NonnegativeSolution found = nonnegative_least_squares(part, right);
      one.amounts.assign(found.u.begin(), found.u.end());
      gain = found.gain;
    }
    one.distance = std::sqrt(std::max(0.0, whole - gain));
    return one;
  };
  const int count = static_cast<int>(responses.cols());
  std::vector<int> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  const auto before = [](const SuperpositionSet& a, const SuperpositionSet& b) { return a.distance != b.distance ? a.distance < b.distance : a.responses < b.responses; };
  const auto offer = [&](SuperpositionSet one) {
    if (std::any_of(one.amounts.begin(), one.amounts.end(), [](double a) { return !(a > 0); })) return;      // a smaller set does as well
    out.best.insert(std::upper_bound(out.best.begin(), out.best.end(), one, before), std::move(one));
    if (out.best.size() > static_cast<std::size_t>(options.listed)) out.best.pop_back();
  };
  for (int p = 0; p < count; ++p) {
    SuperpositionSet one = evaluate({p});
    out.alone.push_back(one.distance);
    offer(std::move(one));
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return out.alone[static_cast<std::size_t>(a)] < out.alone[static_cast<std::size_t>(b)]; });
  if (options.pool > 0) order.resize(static_cast<std::size_t>(std::min(count, options.pool)));
  std::sort(order.begin(), order.end());
  for (std::size_t a = 0; a < order.size() && options.most > 1; ++a)
    for (std::size_t b = a + 1; b < order.size(); ++b) {
      offer(evaluate({order[a], order[b]}));
      for (std::size_t c = b + 1; c < order.size() && options.most > 2; ++c) offer(evaluate({order[a], order[b], order[c]}));
    }
  if (options.amounts == SuperpositionAmounts::nonnegative) {
    const NonnegativeSolution found = nonnegative_least_squares(gram, match);
    out.outcome = found.outcome;
    for (int p = 0; p < count; ++p)
      if (found.u[p] > 0) out.all.responses.push_back(p), out.all.amounts.push_back(found.u[p]);
    out.all.distance = std::sqrt(std::max(0.0, whole - found.gain));
  }
  return out;
}

}  // namespace hyped::control
