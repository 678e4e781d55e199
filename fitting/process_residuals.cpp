// Whitened residuals with the wells' scales solved inside.
#include <Eigen/Cholesky>
#include <cmath>

#include "fitting/process_fit.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {

ProcessResiduals::ProcessResiduals(const CycleProblem& problem, std::vector<Eigen::MatrixXd> lower, Eigen::MatrixXd effects,
                                   std::vector<Eigen::VectorXd> offset)
    : problem_(problem), lower_(std::move(lower)), effects_(std::move(effects)), offset_(std::move(offset)) {
  for (const Well& well : problem.wells()) count_ += static_cast<int>(well.blocks.size());
  for (int i = 0; i < problem.space().count(); ++i) priors_ += problem.space()[i].prior ? 1 : 0;
}

Outcome ProcessResiduals::well_courses(const Eigen::VectorXd& theta, bool derivatives, std::vector<Eigen::VectorXd>& mean,
                                       std::vector<Eigen::MatrixXd>& slope) const {
  const auto& wells = problem_.wells();
  const bool own = effects_.size() > 0 && !effects_.isZero(0);
  const auto means = own ? problem_.well_means(theta, effects_, derivatives) : problem_.unit_means(theta, derivatives);
  mean.resize(wells.size());
  slope.resize(wells.size());
  for (std::size_t w = 0; w < wells.size(); ++w) {
    const UnitMean& course = own ? means[w] : means[wells[w].unit];
    if (!course.outcome.ok()) return course.outcome;
    mean[w] = problem_.block_average(wells[w].unit, course.mean);
    if (derivatives) slope[w] = problem_.block_average(wells[w].unit, course.by_theta);
  }
  return {};
}

Eigen::VectorXd ProcessResiduals::data_of(int well) const {
  return offset_.empty() ? problem_.wells()[well].blocks : Eigen::VectorXd(problem_.wells()[well].blocks + offset_[well]);
}

int ProcessResiduals::residual_count() const { return count_ + priors_; }

Outcome ProcessResiduals::evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const {
  std::vector<Eigen::VectorXd> mean;
  std::vector<Eigen::MatrixXd> slope;
  if (const Outcome outcome = well_courses(theta, jacobian != nullptr, mean, slope); !outcome.ok()) return outcome;
  residuals.resize(residual_count());
  if (jacobian != nullptr) jacobian->setZero(residual_count(), theta.size());
  const auto& wells = problem_.wells();
  std::vector<int> first(wells.size() + 1, 0);
  for (std::size_t w = 0; w < wells.size(); ++w) first[w + 1] = first[w] + static_cast<int>(wells[w].blocks.size());
  parallel_for(static_cast<int>(wells.size()), [&](int w) {
    const auto factor = lower_[w].triangularView<Eigen::Lower>();
    const Eigen::VectorXd y = factor.solve(data_of(w)), m = factor.solve(mean[w]);
    const auto size = y.size();
    if (!problem_.has_scale()) {
      residuals.segment(first[w], size) = y - m;
      if (jacobian != nullptr) jacobian->middleRows(first[w], size) = -factor.solve(slope[w]);
      return;
    }
    const double norm = m.squaredNorm(), scale = m.dot(y) / norm;
    residuals.segment(first[w], size) = y - scale * m;
    if (jacobian == nullptr) return;
    // r = y - s m with s = m'y / m'm: dr = -s dm - m ds, ds = dm'(y - 2 s m) / m'm
    const Eigen::MatrixXd dm = factor.solve(slope[w]);
    const Eigen::RowVectorXd ds = (dm.transpose() * (y - 2 * scale * m)).transpose() / norm;
    jacobian->middleRows(first[w], size) = -scale * dm - m * ds;
  });
  int row = count_;
  for (int i = 0; i < problem_.space().count(); ++i)
    if (const auto& prior = problem_.space()[i].prior) {
      const PriorRow known = prior->row(theta[i]);
      residuals[row] = known.value;
      if (jacobian != nullptr) (*jacobian)(row, i) = known.slope;
      ++row;
    }
  return {};
}

std::vector<double> ProcessResiduals::scales(const Eigen::VectorXd& theta) const {
  std::vector<double> scales(problem_.wells().size(), 1.0);
  if (!problem_.has_scale()) return scales;
  std::vector<Eigen::VectorXd> mean;
  std::vector<Eigen::MatrixXd> slope;
  if (!well_courses(theta, false, mean, slope).ok()) return scales;
  for (std::size_t w = 0; w < scales.size(); ++w) {
    const auto factor = lower_[w].triangularView<Eigen::Lower>();
    const Eigen::VectorXd y = factor.solve(data_of(static_cast<int>(w))), m = factor.solve(mean[w]);
    scales[w] = m.dot(y) / m.squaredNorm();
  }
  return scales;
}

}  // namespace hyped
