// Counts, moments and clouds, with their slopes.
#include "fitting/networks/cells/cell_losses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/distance/energy.hpp"
#include "libhyped/distance/sliced_wasserstein.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/observe/noise.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

struct GeneLoss {
  double value = 0, by_dispersion = 0;
};

// Of one gene over all cells; by_level [B] is added to if not empty.
GeneLoss gene_loss(const CellCounts& cells, Eigen::Index g, const Eigen::MatrixXd& level, double dispersion, Eigen::VectorXd* by_level) {
  const auto n = static_cast<std::size_t>(cells.counts.cols());
  std::vector<double> observed(n), expected(n), slope(by_level ? n : 0);
  for (std::size_t c = 0; c < n; ++c) {
    const auto at = static_cast<Eigen::Index>(c);
    observed[c] = cells.counts(g, at);
    expected[c] = cells.capture[g] * cells.size[at] * level(g, cells.column[c]);
    if (!(expected[c] > 0)) return {std::numeric_limits<double>::infinity(), 0};
  }
  const NoiseDensity density = log_density(NegativeBinomial{dispersion}, observed, expected, slope);
  if (by_level)
    for (std::size_t c = 0; c < n; ++c) (*by_level)[cells.column[c]] -= slope[c] * cells.capture[g] * cells.size[static_cast<Eigen::Index>(c)];
  return {-density.value, -density.by_dispersion};
}

}  // namespace

double negative_binomial_loss(const CellCounts& cells, const Eigen::MatrixXd& level, BatchMatrix level_bar, Eigen::VectorXd* by_dispersion) {
  const Eigen::Index genes = cells.counts.rows();
  HYPED_REQUIRE(level.rows() >= genes && cells.size.size() == cells.counts.cols() && cells.capture.size() == genes && cells.dispersion.size() == genes);
  std::vector<GeneLoss> by_gene(static_cast<std::size_t>(genes));
  std::vector<Eigen::VectorXd> slopes(static_cast<std::size_t>(genes));
  parallel_for(static_cast<int>(genes), [&](int g) {
    const auto at = static_cast<std::size_t>(g);
    slopes[at] = Eigen::VectorXd::Zero(level.cols());
    by_gene[at] = gene_loss(cells, g, level, cells.dispersion[g], &slopes[at]);
  });
  double loss = 0;
  for (Eigen::Index g = 0; g < genes; ++g) {
    const auto at = static_cast<std::size_t>(g);
    loss += by_gene[at].value;
    level_bar.row(g) += slopes[at].transpose();
    if (by_dispersion) (*by_dispersion)[g] += by_gene[at].by_dispersion;
  }
  return loss;
}

Eigen::VectorXd fitted_dispersion(const CellCounts& cells, const Eigen::MatrixXd& level) {
  Eigen::VectorXd out(cells.counts.rows());
  parallel_for(static_cast<int>(out.size()), [&](int g) {
    // the slope by log dispersion falls through zero at the maximum: bisection, safe where the likelihood is flat
    double low = std::log(1e-6), high = std::log(1e3);
    const auto slope = [&](double log) { return gene_loss(cells, g, level, std::exp(log), nullptr).by_dispersion; };
    if (slope(low) >= 0) out[g] = 1e-6;      // the loss rises from the start: no more than Poisson
    else if (slope(high) <= 0) out[g] = 1e3;
    else {
      for (int n = 0; n < 60; ++n) (slope(0.5 * (low + high)) < 0 ? low : high) = 0.5 * (low + high);
      out[g] = std::exp(0.5 * (low + high));
    }
  });
  return out;
}

CellMoments moments_of(const Eigen::MatrixXd& cells) {
  const double n = static_cast<double>(cells.rows());
  if (cells.rows() < 3) throw InputError("moments of cells", "need at least three cells", "");
  CellMoments out;
  out.mean = cells.colwise().mean().transpose();
  const Eigen::MatrixXd centred = cells.rowwise() - out.mean.transpose();
  out.covariance = centred.transpose() * centred / (n - 1);
  out.mean_se = (out.covariance.diagonal() / n).cwiseSqrt();
  const Eigen::MatrixXd squares = centred.cwiseAbs2();
  const Eigen::MatrixXd fourth = squares.transpose() * squares / n;      // mean of (x_i x_j)^2
  const double missing = std::numeric_limits<double>::quiet_NaN();
  std::vector<char> still(static_cast<std::size_t>(cells.cols()));
  for (Eigen::Index i = 0; i < cells.cols(); ++i) still[static_cast<std::size_t>(i)] = cells.col(i).maxCoeff() == cells.col(i).minCoeff();
  out.covariance_se.resize(cells.cols(), cells.cols());
  long means = 0, covariances = 0;
  for (Eigen::Index i = 0; i < cells.cols(); ++i) {
    if (still[static_cast<std::size_t>(i)]) out.mean_se[i] = missing, ++means;
    for (Eigen::Index j = 0; j <= i; ++j) {
      const double variance = fourth(i, j) - out.covariance(i, j) * out.covariance(i, j);
      const bool known = !still[static_cast<std::size_t>(i)] && !still[static_cast<std::size_t>(j)] && variance > 1e-12 * fourth(i, j);
      out.covariance_se(i, j) = out.covariance_se(j, i) = known ? std::sqrt(variance / n) : missing;
      covariances += known ? 0 : 1;
    }
  }
  if (means + covariances > 0) out.words = fmt::format("{} means and {} covariances have no standard error (genes that do not vary, or vary between two values alone) and are not used", means, covariances);
  return out;
}

double moment_loss(const CellMoments& measured, const Eigen::MatrixXd& state, BatchMatrix state_bar) {
  const double n = static_cast<double>(state.cols());
  const Eigen::VectorXd mean = state.rowwise().mean();
  const Eigen::MatrixXd centred = state.colwise() - mean;
  const Eigen::MatrixXd covariance = centred * centred.transpose() / (n - 1);
  double loss = 0;
  Eigen::VectorXd by_mean = Eigen::VectorXd::Zero(mean.size());
  Eigen::MatrixXd by_covariance = Eigen::MatrixXd::Zero(mean.size(), mean.size());
  for (Eigen::Index i = 0; i < mean.size(); ++i) {
    if (const double se = measured.mean_se[i]; std::isfinite(se) && se > 0) {
      const double z = (mean[i] - measured.mean[i]) / se;
      loss += 0.5 * z * z;
      by_mean[i] = z / se;
    }
    for (Eigen::Index j = 0; j <= i; ++j)
      if (const double se = measured.covariance_se(i, j); std::isfinite(se) && se > 0) {
        const double z = (covariance(i, j) - measured.covariance(i, j)) / se;
        loss += 0.5 * z * z;
        by_covariance(i, j) += 0.5 * z / se;      // symmetric in i and j: twice this times the centred states
        by_covariance(j, i) += 0.5 * z / se;
      }
  }
  state_bar.colwise() += by_mean / n;
  state_bar += 2 / (n - 1) * (by_covariance * centred);      // the mean's own share vanishes: centred sums to zero
  return loss;
}

CloudLoss::CloudLoss(Eigen::MatrixXd cells, CloudOptions options) : cells_(std::move(cells)), options_(options) {
  if (cells_.rows() < 2) throw InputError("measured cells", "are fewer than two", "");
  const Eigen::RowVectorXd mean = cells_.colwise().mean();
  scale_ = ((cells_.rowwise() - mean).cwiseAbs2().colwise().sum() / static_cast<double>(cells_.rows() - 1)).cwiseSqrt();
  for (Eigen::Index g = 0; g < scale_.size(); ++g)
    if (!(scale_[g] > 0)) throw InputError("measured cells", "gene " + std::to_string(g) + " does not vary between them: its scale is zero", "leave zero-variance genes out");
  cells_ = cells_.array().rowwise() / scale_.array();
  if (options_.distance == CloudDistance::sliced_wasserstein) directions_ = slicing_directions(static_cast<int>(cells_.cols()), options_.directions, options_.seed);
}

double CloudLoss::operator()(const Eigen::MatrixXd& state, BatchMatrix state_bar) const {
  const Eigen::MatrixXd simulated = state.transpose().array().rowwise() / scale_.array();
  Eigen::MatrixXd by;
  const double loss = options_.distance == CloudDistance::energy ? energy_distance(simulated, cells_, &by) : sliced_wasserstein2_squared(simulated, cells_, directions_, &by);
  by = by.array().rowwise() / scale_.array();
  state_bar += by.transpose();
  return loss;
}

SampleLoss counts_at(int sample, CellCounts cells) {
  return [sample, cells = std::move(cells)](int at, const Eigen::MatrixXd& state, BatchMatrix bar, std::span<double>) { return at == sample ? negative_binomial_loss(cells, state, bar) : 0.0; };
}
SampleLoss moments_at(int sample, CellMoments measured) {
  return [sample, measured = std::move(measured)](int at, const Eigen::MatrixXd& state, BatchMatrix bar, std::span<double>) { return at == sample ? moment_loss(measured, state, bar) : 0.0; };
}
SampleLoss cloud_at(int sample, Eigen::MatrixXd cells, CloudOptions options) {
  return [sample, loss = CloudLoss(std::move(cells), options)](int at, const Eigen::MatrixXd& state, BatchMatrix bar, std::span<double>) { return at == sample ? loss(state, bar) : 0.0; };
}

}  // namespace hyped
