// Fixed-point iterations of two robust fits.
#include "libhyped/image/phases/robust_line.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

// Weighted least squares; columns in `held` keep a coefficient of 0.
Eigen::VectorXd solve(const Eigen::MatrixXd& design, const Eigen::VectorXd& values, const Eigen::VectorXd& weights, const std::vector<char>& held) {
  std::vector<int> free;
  for (int j = 0; j < design.cols(); ++j)
    if (held.empty() || held[static_cast<std::size_t>(j)] == 0) free.push_back(j);
  Eigen::MatrixXd some(design.rows(), static_cast<Eigen::Index>(free.size()));
  const Eigen::VectorXd root = weights.cwiseSqrt();
  for (std::size_t k = 0; k < free.size(); ++k) some.col(static_cast<Eigen::Index>(k)) = design.col(free[k]).cwiseProduct(root);
  const Eigen::VectorXd found = some.colPivHouseholderQr().solve(values.cwiseProduct(root));
  Eigen::VectorXd out = Eigen::VectorXd::Zero(design.cols());
  for (std::size_t k = 0; k < free.size(); ++k) out[free[k]] = found[static_cast<Eigen::Index>(k)];
  return out;
}

double quantile(std::vector<double> values, double q) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

double middle_value(std::vector<double> values) { return values.empty() ? std::numeric_limits<double>::quiet_NaN() : quantile(std::move(values), 0.5); }

DarkPlane fit_dark_plane(const Eigen::VectorXd& values, const Eigen::MatrixXd& regressors) {
  DarkPlane out;
  const Eigen::Index n = values.size();
  out.coefficients = Eigen::VectorXd::Zero(1 + regressors.cols());
  if (n < 20) {
    out.outcome = {Status::singular, "fewer than 20 nuclei"};
    return out;
  }
  Eigen::MatrixXd design(n, 1 + regressors.cols());
  design.col(0).setOnes();
  design.rightCols(regressors.cols()) = regressors;
  const std::vector<double> all(values.begin(), values.end());
  out.coefficients[0] = quantile(all, 0.1);
  out.noise = std::max(1e-9, (quantile(all, 0.1) - quantile(all, 0.01)) / 1.05);
  std::vector<char> held(static_cast<std::size_t>(design.cols()), 0);
  for (int round = 0; round < 100; ++round) {
    const Eigen::VectorXd residual = values - design * out.coefficients;
    Eigen::VectorXd weight = Eigen::VectorXd::Zero(n);
    for (Eigen::Index i = 0; i < n; ++i) weight[i] = std::abs(residual[i]) <= 2.5 * out.noise ? 1 : 0;
    out.nuclei = static_cast<int>(weight.sum());
    if (out.nuclei < 10) {
      out.noise *= 1.5;
      continue;
    }
    const Eigen::VectorXd before = out.coefficients;
    // slopes may move only once the intercept has found the dark ones
    std::vector<char> now = held;
    if (round < 8) std::fill(now.begin() + 1, now.end(), 1);
    out.coefficients = solve(design, values, weight, now);
    for (Eigen::Index j = 1; j < design.cols(); ++j)
      if (out.coefficients[j] < 0) held[static_cast<std::size_t>(j)] = 1, out.coefficients[j] = 0;
    const Eigen::VectorXd fitted = values - design * out.coefficients;
    std::vector<double> below;
    for (Eigen::Index i = 0; i < n; ++i)
      if (fitted[i] < 0 && fitted[i] > -4 * out.noise) below.push_back(-fitted[i]);
    if (below.size() > 10) out.noise = std::max(1e-9, middle_value(below) / 0.6745);
    if (round > 12 && (out.coefficients - before).cwiseAbs().maxCoeff() < 1e-6 * (1 + before.cwiseAbs().maxCoeff())) break;
  }
  if (out.nuclei < 10) out.outcome = {Status::singular, "fewer than 10 nuclei are dark"};
  return out;
}

Eigen::VectorXd biweight_fit(const Eigen::VectorXd& values, const Eigen::MatrixXd& design) {
  Eigen::VectorXd weight = Eigen::VectorXd::Ones(values.size()), out = solve(design, values, weight, {});
  for (int round = 0; round < 50; ++round) {
    const Eigen::VectorXd residual = (values - design * out).cwiseAbs();
    const double scale = std::max(1e-12, middle_value({residual.begin(), residual.end()}) / 0.6745);
    for (Eigen::Index i = 0; i < values.size(); ++i) {
      const double u = residual[i] / (4.685 * scale);
      weight[i] = u < 1 ? (1 - u * u) * (1 - u * u) : 0;
    }
    const Eigen::VectorXd next = solve(design, values, weight, {});
    const bool still = (next - out).cwiseAbs().maxCoeff() < 1e-9 * (1 + out.cwiseAbs().maxCoeff());
    out = next;
    if (still) break;
  }
  return out;
}

}  // namespace hyped
