// Refits from the point to which the linear model says each draw goes.
#include "fitting/networks/evidence/randomised_refits.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

class ShiftedResiduals : public ResidualFunction {
 public:
  ShiftedResiduals(const ResidualFunction& function, Eigen::VectorXd shift) : function_(function), shift_(std::move(shift)) {}
  int residual_count() const override { return function_.residual_count(); }
  int parameter_count() const override { return function_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    Outcome outcome = function_.evaluate(theta, residuals, jacobian);
    if (outcome.ok()) residuals -= shift_;
    return outcome;
  }

 private:
  const ResidualFunction& function_;
  Eigen::VectorXd shift_;
};

}  // namespace

RandomisedRefits randomised_refits(const ResidualFunction& function, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const Eigen::MatrixXd& data_covariance, const RefitOptions& options) {
  HYPED_REQUIRE(options.draws >= 2 && data_covariance.rows() == data_covariance.cols() && data_covariance.rows() <= function.residual_count());
  RandomisedRefits out;
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  out.outcome = function.evaluate(optimum, residuals, &jacobian);
  if (!out.outcome.ok()) return out;
  Eigen::MatrixXd information = jacobian.transpose() * jacobian;
  information.diagonal().array() += 1e-9;      // a parameter that nobody determines stays
  const Eigen::LDLT<Eigen::MatrixXd> solver(information);
  // by eigenvectors: errors that are wholly shared have directions without any
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(data_covariance);
  if (eigen.info() != Eigen::Success || eigen.eigenvalues().minCoeff() < -1e-8 * eigen.eigenvalues().maxCoeff()) {
    out.outcome = {Status::not_finite, "the covariance of the data's residuals is not that of any errors: it has a negative variance"};
    return out;
  }
  const Eigen::MatrixXd root = eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal();
  const Eigen::Index data = data_covariance.rows(), all = function.residual_count();
  std::vector<LeastSquaresResult> ends(static_cast<std::size_t>(options.draws));
  parallel_for(options.draws, [&](int n) {
    RandomStream random(options.seed, 0x72656669, static_cast<std::uint32_t>(n));
    Eigen::VectorXd shift(all);
    for (double& v : shift) v = random.normal();
    shift.head(data) = root * shift.head(data).eval();
    const Eigen::VectorXd start = (optimum + solver.solve(jacobian.transpose() * shift)).cwiseMax(lower).cwiseMin(upper);
    const ShiftedResiduals shifted(function, shift);
    auto& end = ends[static_cast<std::size_t>(n)];
    end = least_squares(shifted, start, lower, upper, {}, options.descent);
    if (!end.theta.allFinite() || !std::isfinite(end.sum_of_squares)) end = least_squares(shifted, optimum, lower, upper, {}, options.descent);      // the linear step led out of the model
  });
  out.theta.resize(options.draws, optimum.size());
  Eigen::Index kept = 0;
  for (const auto& end : ends) {
    if (end.theta.size() == optimum.size() && end.theta.allFinite() && std::isfinite(end.sum_of_squares)) out.theta.row(kept++) = end.theta.transpose();
    else ++out.failed;
  }
  out.theta.conservativeResize(kept, Eigen::NoChange);
  if (kept < 2 || 2 * kept < options.draws) {
    out.outcome = {Status::not_converged, fmt::format("{} of {} refits could not be made", out.failed, options.draws)};
    return out;
  }
  const double n = static_cast<double>(kept);
  out.mean = out.theta.colwise().mean().transpose();
  out.sd = ((out.theta.rowwise() - out.mean.transpose()).colwise().squaredNorm() / (n - 1)).cwiseSqrt().transpose();
  const Eigen::VectorXd half = out.sd * (student_quantile(0.975, n - 1) * std::sqrt(1 + 1 / n));
  out.lower = (out.mean - half).cwiseMax(lower), out.upper = (out.mean + half).cwiseMin(upper);
  return out;
}

}  // namespace hyped
