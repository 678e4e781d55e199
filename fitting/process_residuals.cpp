// Whitened residuals with the wells' scales solved inside.
#include <Eigen/Cholesky>
#include <cmath>

#include "fitting/process_fit.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

ProcessResiduals::ProcessResiduals(const CycleProblem& problem, std::vector<Eigen::MatrixXd> lower)
    : problem_(problem), lower_(std::move(lower)) {
  for (const Well& well : problem.wells()) count_ += static_cast<int>(well.blocks.size());
  for (int i = 0; i < problem.space().count(); ++i) priors_ += problem.space()[i].prior ? 1 : 0;
}

int ProcessResiduals::residual_count() const { return count_ + priors_; }

Outcome ProcessResiduals::evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const {
  const auto means = problem_.unit_means(theta, jacobian != nullptr);
  for (const auto& mean : means)
    if (!mean.outcome.ok()) return mean.outcome;
  residuals.resize(residual_count());
  if (jacobian != nullptr) jacobian->setZero(residual_count(), theta.size());
  std::vector<Eigen::VectorXd> block_mean(means.size());
  std::vector<Eigen::MatrixXd> block_slope(means.size());
  for (std::size_t u = 0; u < means.size(); ++u) {
    block_mean[u] = problem_.block_average(static_cast<int>(u), means[u].mean);
    if (jacobian != nullptr) block_slope[u] = problem_.block_average(static_cast<int>(u), means[u].by_theta);
  }
  const auto& wells = problem_.wells();
  std::vector<int> first(wells.size() + 1, 0);
  for (std::size_t w = 0; w < wells.size(); ++w) first[w + 1] = first[w] + static_cast<int>(wells[w].blocks.size());
  parallel_for(static_cast<int>(wells.size()), [&](int w) {
    const Well& well = wells[w];
    const auto factor = lower_[w].triangularView<Eigen::Lower>();
    const Eigen::VectorXd y = factor.solve(well.blocks), m = factor.solve(block_mean[well.unit]);
    const auto size = y.size();
    if (problem_.density()) {
      residuals.segment(first[w], size) = y - m;
      if (jacobian != nullptr) jacobian->middleRows(first[w], size) = -factor.solve(block_slope[well.unit]);
      return;
    }
    const double norm = m.squaredNorm(), scale = m.dot(y) / norm;
    residuals.segment(first[w], size) = y - scale * m;
    if (jacobian == nullptr) return;
    // r = y - s m with s = m'y / m'm: dr = -s dm - m ds, ds = dm'(y - 2 s m) / m'm
    const Eigen::MatrixXd dm = factor.solve(block_slope[well.unit]);
    const Eigen::RowVectorXd ds = (dm.transpose() * (y - 2 * scale * m)).transpose() / norm;
    jacobian->middleRows(first[w], size) = -scale * dm - m * ds;
  });
  int row = count_;
  for (int i = 0; i < problem_.space().count(); ++i)
    if (const auto& prior = problem_.space()[i].prior) {
      residuals[row] = (theta[i] - prior->mean) / prior->sd;
      if (jacobian != nullptr) (*jacobian)(row, i) = 1 / prior->sd;
      ++row;
    }
  return {};
}

std::vector<double> ProcessResiduals::scales(const Eigen::VectorXd& theta) const {
  std::vector<double> scales(problem_.wells().size(), 1.0);
  if (problem_.density()) return scales;
  const auto means = problem_.unit_means(theta, false);
  for (std::size_t w = 0; w < scales.size(); ++w) {
    const Well& well = problem_.wells()[w];
    const Eigen::VectorXd block_mean = problem_.block_average(well.unit, means[well.unit].mean);
    const auto factor = lower_[w].triangularView<Eigen::Lower>();
    const Eigen::VectorXd y = factor.solve(well.blocks), m = factor.solve(block_mean);
    scales[w] = m.dot(y) / m.squaredNorm();
  }
  return scales;
}

}  // namespace hyped
