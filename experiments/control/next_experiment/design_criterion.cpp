// Criteria by Cholesky factors of the scaled information.
#include "experiments/control/next_experiment/design_criterion.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

namespace hyped::control {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// inverse(M) K [P x q]; false where K is not estimable. Scaled to a unit diagonal first, so that no unit of a parameter matters; a
// singular M is inverted on its range, into which K must fall.
bool solve(const Eigen::MatrixXd& information, const Eigen::MatrixXd& contrast, Eigen::MatrixXd& out) {
  const Eigen::VectorXd diagonal = information.diagonal();
  Eigen::VectorXd scale(diagonal.size());
  for (Eigen::Index i = 0; i < scale.size(); ++i) scale[i] = diagonal[i] > 0 ? 1 / std::sqrt(diagonal[i]) : 0;
  for (Eigen::Index i = 0; i < scale.size(); ++i)
    if (scale[i] == 0 && contrast.row(i).cwiseAbs().maxCoeff() > 0) return false;
  const Eigen::MatrixXd scaled = scale.asDiagonal() * information * scale.asDiagonal(), right = scale.asDiagonal() * contrast;
  const Eigen::LLT<Eigen::MatrixXd> factor(scaled);
  if (factor.info() == Eigen::Success && factor.rcond() > 1e-13) {
    out = scale.asDiagonal() * factor.solve(right);
    return out.allFinite();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> values(scaled);
  const double least = 1e-13 * values.eigenvalues().maxCoeff();
  Eigen::MatrixXd weights = values.eigenvectors().transpose() * right;
  for (Eigen::Index i = 0; i < weights.rows(); ++i) {
    if (values.eigenvalues()[i] > least) {
      weights.row(i) /= values.eigenvalues()[i];
    } else {
      if (weights.row(i).norm() > 1e-6 * right.norm()) return false;
      weights.row(i).setZero();
    }
  }
  out = scale.asDiagonal() * (values.eigenvectors() * weights);
  return out.allFinite();
}

}  // namespace

void DesignProblem::check() const {
  if (candidates.empty()) throw InputError("design", "there are no candidate experiments");
  if (contrasts.empty() || known.size() != contrasts.size()) throw InputError("design", "the known information and the contrasts are not of the same draws");
  const Eigen::Index size = known.front().rows(), width = contrasts.front().cols();
  for (std::size_t s = 0; s < known.size(); ++s)
    if (known[s].rows() != size || known[s].cols() != size || contrasts[s].rows() != size || contrasts[s].cols() != width || width < 1) throw InputError("design", "information and contrasts are not of one size");
  for (const auto& candidate : candidates) {
    if (!(candidate.cost > 0)) throw InputError("design", "the cost of '" + candidate.name + "' is not positive", "give positive costs");
    if (candidate.information.size() != known.size()) throw InputError("design", "'" + candidate.name + "' has not the information of every draw");
    for (const auto& matrix : candidate.information)
      if (matrix.rows() != size || matrix.cols() != size || !matrix.allFinite()) throw InputError("design", "the information of '" + candidate.name + "' is of another size or not finite");
  }
}

double criterion(const DesignProblem& problem, const std::vector<Eigen::MatrixXd>& information) {
  double sum = 0;
  Eigen::MatrixXd solved;
  for (int s = 0; s < problem.draws(); ++s) {
    const Eigen::MatrixXd& contrast = problem.contrasts[static_cast<std::size_t>(s)];
    if (!solve(information[static_cast<std::size_t>(s)], contrast, solved)) return infinity;
    const Eigen::MatrixXd covariance = contrast.transpose() * solved;
    if (problem.kind == CriterionKind::a_optimal) {
      sum += covariance.trace();
    } else {
      const Eigen::LLT<Eigen::MatrixXd> factor(covariance);
      if (factor.info() != Eigen::Success) return infinity;
      sum += 2 * factor.matrixLLT().diagonal().array().log().sum() / static_cast<double>(covariance.rows());
    }
  }
  return sum / problem.draws();
}

Eigen::VectorXd sensitivities(const DesignProblem& problem, const std::vector<Eigen::MatrixXd>& information) {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(problem.candidates.size()));
  Eigen::MatrixXd solved;
  for (int s = 0; s < problem.draws(); ++s) {
    const Eigen::MatrixXd& contrast = problem.contrasts[static_cast<std::size_t>(s)];
    HYPED_REQUIRE(solve(information[static_cast<std::size_t>(s)], contrast, solved));
    Eigen::MatrixXd middle = Eigen::MatrixXd::Identity(contrast.cols(), contrast.cols());
    if (problem.kind == CriterionKind::d_optimal) middle = (contrast.transpose() * solved).llt().solve(middle) / static_cast<double>(contrast.cols());
    const Eigen::MatrixXd gradient = solved * middle * solved.transpose();
    for (Eigen::Index i = 0; i < out.size(); ++i) out[i] += gradient.cwiseProduct(problem.candidates[static_cast<std::size_t>(i)].information[static_cast<std::size_t>(s)]).sum();
  }
  return out / problem.draws();
}

std::vector<Eigen::MatrixXd> total_information(const DesignProblem& problem, const Eigen::VectorXd& amount) {
  std::vector<Eigen::MatrixXd> out = problem.known;
  for (Eigen::Index i = 0; i < amount.size(); ++i)
    if (amount[i] != 0)
      for (std::size_t s = 0; s < out.size(); ++s) out[s] += amount[i] * problem.candidates[static_cast<std::size_t>(i)].information[s];
  return out;
}

Eigen::MatrixXd contrast_variances(const DesignProblem& problem, const std::vector<Eigen::MatrixXd>& information) {
  const Eigen::Index width = problem.contrasts.front().cols();
  Eigen::MatrixXd out = Eigen::MatrixXd::Constant(problem.draws(), width, infinity), solved;
  for (int s = 0; s < problem.draws(); ++s)
    for (Eigen::Index q = 0; q < width; ++q) {
      const Eigen::MatrixXd one = problem.contrasts[static_cast<std::size_t>(s)].col(q);
      if (solve(information[static_cast<std::size_t>(s)], one, solved)) out(s, q) = one.col(0).dot(solved.col(0));
    }
  return out;
}

}  // namespace hyped::control
