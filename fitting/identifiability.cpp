// Eigen-analysis of the information.
#include "fitting/identifiability.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

namespace hyped {
namespace {

// Takes a unit vector (search scale over width) among the null directions and marks whom it touches.
void add_null(Identifiability& out, double eigenvalue, const Eigen::VectorXd& unit, const ParameterSpace& space) {
  NullDirection direction{eigenvalue, unit, ""};
  std::vector<int> order(static_cast<std::size_t>(unit.size()));
  for (int i = 0; i < unit.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](int a, int b) { return std::abs(unit[a]) > std::abs(unit[b]); });
  for (const int i : order) {
    const double weight = unit[i];
    if (std::abs(weight) < 0.05) break;
    out.identified[i] = false;
    direction.text += fmt::format("{}{:.2f} {}{}", direction.text.empty() ? (weight < 0 ? "-" : "") : (weight < 0 ? " - " : " + "), std::abs(weight),
                                  space[i].scale == SearchScale::log10 ? "log10 " : "", space[i].name);
  }
  out.null.push_back(std::move(direction));
}

void clear_unidentified(Identifiability& out) {
  for (int i = 0; i < out.covariance.rows(); ++i)
    if (!out.identified[i]) {
      out.covariance.row(i).setZero();
      out.covariance.col(i).setZero();
    }
}

}  // namespace

Identifiability identifiability_of(const Eigen::MatrixXd& information, const ParameterSpace& space, double relative, double widths) {
  Identifiability out;
  const int count = static_cast<int>(information.rows());
  const Eigen::VectorXd width = space.upper() - space.lower();
  const Eigen::MatrixXd scaled = width.asDiagonal() * information * width.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(scaled);
  out.eigenvalues = eigen.eigenvalues();
  out.identified.assign(static_cast<std::size_t>(count), true);
  const double floor = std::max(relative * std::max(0.0, out.eigenvalues.maxCoeff()), 1 / (widths * widths));
  Eigen::VectorXd inverse(count);
  for (int e = 0; e < count; ++e) {
    const bool null = !(out.eigenvalues[e] > floor);
    inverse[e] = null ? 0.0 : 1 / out.eigenvalues[e];
    if (null) add_null(out, out.eigenvalues[e], eigen.eigenvectors().col(e), space);
  }
  const Eigen::MatrixXd unscaled = eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
  out.covariance = width.asDiagonal() * unscaled * width.asDiagonal();
  clear_unidentified(out);
  return out;
}

Identifiability identifiability_of_jacobian(const Eigen::MatrixXd& jacobian, const ParameterSpace& space, double relative, double widths) {
  Identifiability out;
  const int count = static_cast<int>(jacobian.cols());
  const Eigen::VectorXd width = space.upper() - space.lower();
  out.identified.assign(static_cast<std::size_t>(count), true);
  Eigen::MatrixXd padded = Eigen::MatrixXd::Zero(std::max<Eigen::Index>(jacobian.rows(), count), count);      // fewer data than parameters
  padded.topRows(jacobian.rows()) = jacobian;
  out.eigenvalues = Eigen::JacobiSVD<Eigen::MatrixXd>(padded * width.asDiagonal()).singularValues().array().square().reverse();
  Eigen::VectorXd length(count);
  for (int i = 0; i < count; ++i) {
    length[i] = padded.col(i).norm();
    if (length[i] > 0) padded.col(i) /= length[i];
    else length[i] = 1;
  }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(padded, Eigen::ComputeThinV);
  const Eigen::VectorXd& values = svd.singularValues();
  int rank = 0;
  while (rank < count && values[rank] > relative * values[0] && values[0] > 0) ++rank;
  const Eigen::MatrixXd natural = (length.cwiseProduct(width)).cwiseInverse().asDiagonal() * svd.matrixV();      // columns: directions over widths
  if (rank < count) {
    const Eigen::MatrixXd span = natural.rightCols(count - rank);
    const Eigen::MatrixXd basis = Eigen::HouseholderQR<Eigen::MatrixXd>(span * span.colwise().norm().cwiseInverse().asDiagonal()).householderQ() *
                                  Eigen::MatrixXd::Identity(count, count - rank);
    for (int k = 0; k < basis.cols(); ++k) add_null(out, 0, basis.col(k), space);
  }
  out.covariance = Eigen::MatrixXd::Zero(count, count);
  if (rank == 0) return out;
  // What is determined, but looser than `widths` times its bounds.
  const Eigen::MatrixXd factor = natural.leftCols(rank) * values.head(rank).cwiseInverse().asDiagonal();      // covariance = factor factor'
  const Eigen::JacobiSVD<Eigen::MatrixXd> loose(factor, Eigen::ComputeThinU);
  for (int k = 0; k < loose.singularValues().size() && loose.singularValues()[k] > widths; ++k)
    add_null(out, 1 / (loose.singularValues()[k] * loose.singularValues()[k]), loose.matrixU().col(k), space);
  out.covariance = width.asDiagonal() * (factor * factor.transpose()) * width.asDiagonal();
  clear_unidentified(out);
  return out;
}

}  // namespace hyped
