// Ranks, autocovariances and Geyer's sequence.
#include "fitting/mixing.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

// Halves of chains as chains of their own; a middle draw is left out.
Eigen::MatrixXd halves(const Eigen::MatrixXd& draws) {
  const auto half = draws.rows() / 2;
  Eigen::MatrixXd out(half, 2 * draws.cols());
  out << draws.topRows(half), draws.bottomRows(half);
  return out;
}

// Normal scores of the ranks over all chains; ties share their mean rank.
Eigen::MatrixXd normal_scores(const Eigen::MatrixXd& draws) {
  const auto size = static_cast<std::size_t>(draws.size());
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const double* values = draws.data();
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  Eigen::MatrixXd out(draws.rows(), draws.cols());
  const boost::math::normal standard;
  for (std::size_t from = 0; from < size;) {
    std::size_t to = from;
    while (to < size && values[order[to]] == values[order[from]]) ++to;
    const double rank = 0.5 * static_cast<double>(from + 1 + to);
    const double score = boost::math::quantile(standard, (rank - 0.375) / (static_cast<double>(size) + 0.25));
    for (std::size_t k = from; k < to; ++k) out.data()[order[k]] = score;
    from = to;
  }
  return out;
}

bool constant(const Eigen::MatrixXd& draws) { return draws.maxCoeff() - draws.minCoeff() <= 0; }

// sqrt(variance over / within) of chains [K x C]; infinity if chains stand still at different values.
double plain_rhat(const Eigen::MatrixXd& x) {
  const double n = static_cast<double>(x.rows());
  const Eigen::RowVectorXd means = x.colwise().mean();
  const double within = (x.rowwise() - means).squaredNorm() / ((n - 1) * static_cast<double>(x.cols()));
  const double between = (means.array() - means.mean()).square().sum() / static_cast<double>(x.cols() - 1);
  if (between <= 0) return std::sqrt((n - 1) / n);
  return within > 1e-20 * between ? std::sqrt(((n - 1) / n * within + between) / within) : std::numeric_limits<double>::infinity();
}

// Effective number of draws of chains [K x C], by Geyer's initial monotone sequence over the chains' mean autocovariance.
double ess(const Eigen::MatrixXd& x) {
  const auto n = x.rows(), chains = x.cols();
  const double size = static_cast<double>(n), all = static_cast<double>(x.size());
  if (constant(x)) return all;
  const Eigen::RowVectorXd means = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - means;
  const auto covariance = [&](Eigen::Index lag) {
    return centred.topRows(n - lag).cwiseProduct(centred.bottomRows(n - lag)).sum() / (size * static_cast<double>(chains));
  };
  const double within = covariance(0) * size / (size - 1);
  double total = within * (size - 1) / size;
  if (chains > 1) total += (means.array() - means.mean()).square().sum() / static_cast<double>(chains - 1);
  const auto correlation = [&](Eigen::Index lag) { return 1 - (within - covariance(lag)) / total; };
  std::vector<double> rho{1, correlation(1)};      // grows by pairs
  double even = 1, odd = rho[1];
  Eigen::Index lag = 1;
  for (; lag < n - 3 && even + odd > 0; lag += 2) {
    even = correlation(lag + 1);
    odd = correlation(lag + 2);
    rho.push_back(even + odd >= 0 ? even : 0);
    rho.push_back(even + odd >= 0 ? odd : 0);
  }
  const Eigen::Index last = lag - 2;
  rho.resize(static_cast<std::size_t>(std::max<Eigen::Index>(last + 2, 2)), 0.0);
  if (even > 0) rho[last + 1] = even;
  for (Eigen::Index t = 1; t <= last - 2; t += 2)
    if (rho[t + 1] + rho[t + 2] > rho[t - 1] + rho[t]) rho[t + 1] = rho[t + 2] = 0.5 * (rho[t - 1] + rho[t]);
  double time = -1;
  for (Eigen::Index t = 0; t <= last; ++t) time += 2 * rho[t];
  time += rho[last + 1];
  return all / std::max(time, 1 / std::log10(all));
}

}  // namespace

Rhat rank_rhat(const Eigen::MatrixXd& draws) {
  HYPED_REQUIRE(draws.rows() >= 4 && draws.cols() >= 1);
  const Eigen::MatrixXd split = halves(draws);
  if (constant(split)) return {};
  const double middle = draw_quantile(split, 0.5);
  return {plain_rhat(normal_scores(split)), plain_rhat(normal_scores((split.array() - middle).abs()))};
}

double ess_bulk(const Eigen::MatrixXd& draws) { return ess(normal_scores(halves(draws))); }
double ess_mean(const Eigen::MatrixXd& draws) { return ess(halves(draws)); }
double ess_tail(const Eigen::MatrixXd& draws) { return std::min(ess_quantile(draws, 0.05), ess_quantile(draws, 0.95)); }
double ess_quantile(const Eigen::MatrixXd& draws, double probability) {
  const double at = draw_quantile(draws, probability);
  return ess(halves((draws.array() <= at).cast<double>()));
}

double mcse_mean(const Eigen::MatrixXd& draws) {
  const double variance = (draws.array() - draws.mean()).square().sum() / static_cast<double>(draws.size() - 1);
  return std::sqrt(variance / ess_mean(draws));
}

double mcse_quantile(const Eigen::MatrixXd& draws, double probability) {
  const double effective = ess_quantile(draws, probability), size = static_cast<double>(draws.size());
  const boost::math::beta_distribution<> share(effective * probability + 1, effective * (1 - probability) + 1);
  Eigen::VectorXd sorted = draws.reshaped();
  std::sort(sorted.begin(), sorted.end());
  const auto low = static_cast<Eigen::Index>(std::floor(std::max(0.0, boost::math::quantile(share, 0.1586553) * size - 1)));
  const auto high = static_cast<Eigen::Index>(std::ceil(std::min(size - 1, boost::math::quantile(share, 0.8413447) * size - 1)));
  return 0.5 * (sorted[high] - sorted[low]);
}

double draw_quantile(const Eigen::MatrixXd& draws, double probability) {
  Eigen::VectorXd values = draws.reshaped();
  const double place = probability * static_cast<double>(values.size() - 1);
  const auto below = static_cast<Eigen::Index>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[below];
  if (below + 1 >= values.size()) return low;
  const double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

double e_bfmi(const Eigen::VectorXd& energy) {
  const auto n = energy.size();
  const double spread = (energy.array() - energy.mean()).square().sum();
  return spread > 0 ? (energy.tail(n - 1) - energy.head(n - 1)).squaredNorm() / spread : 0;
}

}  // namespace hyped
