// Gramians inverted where they have weight.
#include "experiments/control/linear/minimum_energy.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

namespace hyped::control {

Steering steer_by_gramian(const HorizonGramian& horizon, const Eigen::VectorXd& start, const Eigen::VectorXd& target, const SteeringOptions& options) {
  const Eigen::Index n = horizon.gramian.rows();
  const Eigen::MatrixXd outputs = options.outputs.size() > 0 ? options.outputs : Eigen::MatrixXd(Eigen::MatrixXd::Identity(n, n));
  if (outputs.cols() != n || start.size() != n || target.size() != outputs.rows())
    throw InputError("steering", fmt::format("has {} states, a start of {}, outputs of {} states and a target of {} for {} outputs", n, start.size(), outputs.cols(), target.size(), outputs.rows()), "");
  const Eigen::VectorXd drift = outputs * (horizon.transition * start), wanted = target - drift;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(outputs * horizon.gramian * outputs.transpose());
  Steering out;
  Eigen::VectorXd multiplier = Eigen::VectorXd::Zero(wanted.size());
  const double largest = std::max(0.0, eigen.eigenvalues().maxCoeff());
  for (Eigen::Index d = 0; d < wanted.size(); ++d) {
    const double value = eigen.eigenvalues()[d];
    if (!(value > options.tolerance * largest)) continue;
    ++out.rank;
    const double part = eigen.eigenvectors().col(d).dot(wanted) / value;
    multiplier += part * eigen.eigenvectors().col(d);
    out.energy += part * part * value;
  }
  out.costate = outputs.transpose() * multiplier;
  out.reached = drift + outputs * (horizon.gramian * out.costate);
  out.missed = (target - out.reached).norm();
  const double scale = std::max({1e-300, wanted.norm(), target.norm()});
  if (out.missed > 1e-6 * scale)
    out.outcome = {Status::singular, fmt::format("the target is out of reach: inputs move {} of {} directions; the nearest reachable point is {:.4g} away (of {:.4g} to go)", out.rank, wanted.size(), out.missed, wanted.norm())};
  return out;
}

Steering steer(const std::vector<Eigen::MatrixXd>& a, const std::vector<Eigen::MatrixXd>& b, const Eigen::VectorXd& start, const Eigen::VectorXd& target, const SteeringOptions& options) {
  Steering out = steer_by_gramian(controllability_gramian(a, b), start, target, options);
  out.inputs.resize(a.size());
  Eigen::VectorXd costate = out.costate;
  for (std::size_t k = a.size(); k-- > 0;) {
    out.inputs[k] = b[k].transpose() * costate;
    costate = (a[k].transpose() * costate).eval();
  }
  return out;
}

Steering steer(const std::vector<HeldPiece>& pieces, const Eigen::VectorXd& start, const Eigen::VectorXd& target, const SteeringOptions& options) {
  return steer_by_gramian(controllability_gramian(pieces), start, target, options);
}

Eigen::VectorXd input_at(const std::vector<HeldPiece>& pieces, const Eigen::VectorXd& costate, double t) {
  double end = 0;
  for (const auto& piece : pieces) end += piece.duration_h;
  if (!(t >= 0 && t <= end)) throw InputError("input", fmt::format("is asked for at {:g} h; the horizon is 0 to {:g} h", t, end), "");
  Eigen::VectorXd p = costate;
  for (std::size_t k = pieces.size(); k-- > 0;) {
    const auto& piece = pieces[k];
    const double begin = end - piece.duration_h;
    const bool here = t >= begin || k == 0;
    p = ((piece.a.transpose() * (here ? end - t : piece.duration_h)).exp() * p).eval();
    if (here) return piece.b.transpose() * p;
    end = begin;
  }
  return {};
}

InputReach reach_of(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& change, int steps, double tolerance) {
  HYPED_REQUIRE(steps >= 1 && a.rows() == b.size() && change.size() == b.size());
  Eigen::MatrixXd effects(b.size(), steps);
  effects.col(0) = b;
  for (int k = 1; k < steps; ++k) effects.col(k) = a * effects.col(k - 1);
  InputReach out;
  out.average = effects.squaredNorm();
  const double whole = change.squaredNorm();
  if (!(out.average > 0) || !(whole > 0)) return out;
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(effects, Eigen::ComputeThinU);
  double made = 0;
  for (Eigen::Index d = 0; d < svd.singularValues().size(); ++d) {
    const double s = svd.singularValues()[d];
    if (!(s > tolerance * svd.singularValues()[0])) break;
    const double part = svd.matrixU().col(d).dot(change);
    made += part * part;
    out.energy += part * part / (s * s);
  }
  out.share = std::min(1.0, made / whole);
  return out;
}

}  // namespace hyped::control
