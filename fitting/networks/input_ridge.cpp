// Ridge regression on inputs through the singular value decomposition.
#include "fitting/networks/input_ridge.hpp"

#include <fmt/format.h>

#include <Eigen/SVD>
#include <cmath>
#include <limits>

#include "libhyped/counted.hpp"
#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"

namespace hyped {

InputRidge fit_input_ridge(const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& values, const InputRidgeOptions& options) {
  HYPED_REQUIRE(inputs.rows() == values.rows() && options.least_conditions >= 2);
  const Eigen::Index n = inputs.rows(), k = inputs.cols();
  if (n < options.least_conditions) throw InputError("the linear baseline", fmt::format("has {} to learn from", counted(n, "condition")), fmt::format("give at least {}", options.least_conditions));
  InputRidge out;
  out.conditions = static_cast<double>(n);
  out.input_mean = options.intercept ? Eigen::VectorXd(inputs.colwise().mean()) : Eigen::VectorXd::Zero(k);
  const Eigen::RowVectorXd value_mean = options.intercept ? Eigen::RowVectorXd(values.colwise().mean()) : Eigen::RowVectorXd::Zero(values.cols());
  const Eigen::MatrixXd x = inputs.rowwise() - out.input_mean.transpose(), y = values.rowwise() - value_mean;
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::ArrayXd s = svd.singularValues().array();
  if (!(s.size() > 0) || !(s[0] > 0)) throw InputError("the linear baseline", "finds no input that differs between conditions", "check the inputs of the conditions");
  const Eigen::MatrixXd &u = svd.matrixU(), uty = u.transpose() * y;
  const double base = options.intercept ? 1.0 / static_cast<double>(n) : 0.0;
  const auto left_out_at = [&](double penalty, double* trace) {
    const Eigen::ArrayXd shrink = s.square() / (s.square() + penalty);
    const Eigen::MatrixXd fitted = u * shrink.matrix().asDiagonal() * uty;
    const Eigen::ArrayXd hat = (u.array().square().matrix() * shrink.matrix()).array() + base;
    if (trace != nullptr) *trace = hat.sum();
    const Eigen::ArrayXd one_less = 1 - hat;
    Eigen::MatrixXd out_of = y - one_less.max(1e-12).inverse().matrix().asDiagonal() * (y - fitted);
    return out_of;
  };
  out.tried = options.penalties;
  if (out.tried.empty())
    for (int i = -56; i <= 24; ++i) out.tried.push_back(s.square().mean() * std::pow(10.0, i / 8.0));
  double best = std::numeric_limits<double>::infinity();
  for (const double penalty : out.tried) {
    HYPED_REQUIRE(penalty > 0);
    out.left_out_error.push_back((left_out_at(penalty, nullptr) - y).array().square().mean());
    if (out.left_out_error.back() < best) best = out.left_out_error.back(), out.penalty = penalty;
  }
  out.at_end = out.tried.size() > 1 && (out.penalty == out.tried.front() || out.penalty == out.tried.back());
  double trace = 0;
  out.left_out = left_out_at(out.penalty, &trace).rowwise() + value_mean;
  out.coefficients = svd.matrixV() * (s / (s.square() + out.penalty)).matrix().asDiagonal() * uty;
  out.intercept = value_mean.transpose() - out.coefficients.transpose() * out.input_mean;
  out.freedom = std::max(1.0, static_cast<double>(n) - trace);
  out.residual_sd = ((y - x * out.coefficients).array().square().colwise().sum() / out.freedom).sqrt().transpose();
  const Eigen::MatrixXd& v = svd.matrixV();
  out.covariance = (Eigen::MatrixXd::Identity(k, k) - v * v.transpose()) / out.penalty + v * (s.square() + out.penalty).inverse().matrix().asDiagonal() * v.transpose();
  return out;
}

Eigen::MatrixXd InputRidge::predict(const Eigen::MatrixXd& inputs) const { return (inputs * coefficients).rowwise() + intercept.transpose(); }

Eigen::MatrixXd InputRidge::half_width(const Eigen::MatrixXd& inputs, double level) const {
  const double t = student_quantile(0.5 + 0.5 * level, freedom);
  const Eigen::MatrixXd x = inputs.rowwise() - input_mean.transpose();
  Eigen::ArrayXd spread = 1 + (x * covariance).cwiseProduct(x).rowwise().sum().array();
  if (input_mean.squaredNorm() > 0 || intercept.squaredNorm() > 0) spread += 1 / conditions;
  return t * spread.sqrt().matrix() * residual_sd.transpose();
}

}  // namespace hyped
