// Damped diagonal iteration.
#include "fitting/networks/steady_iteration.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hyped {
namespace {

constexpr int window = 15;              // iterations over which the residual has to fall
constexpr double least_step = 1.0 / 32;

// True if a positive vector v has sum_j |J_ij| v_j < |J_ii| v_i in every row, all J_ii < 0: then every eigenvalue lies in the left half plane (generalised diagonal
// dominance; Berman & Plemmons 1994, ch. 6). False: not known.
bool surely_stable(const Eigen::MatrixXd& jacobian) {
  if (!(jacobian.diagonal().maxCoeff() < 0)) return false;
  const Eigen::ArrayXd diagonal = -jacobian.diagonal().array();
  Eigen::MatrixXd others = jacobian.cwiseAbs();
  others.diagonal().setZero();
  Eigen::VectorXd v = Eigen::VectorXd::Ones(jacobian.rows());
  for (int i = 0; i < 30; ++i) {
    const Eigen::ArrayXd ratio = (others * v).array() / diagonal;
    if ((ratio < (1 - 1e-9) * v.array()).all()) return true;
    v = 0.5 * (v.array() + ratio);      // towards the Perron vector; halved with the old one, so that it stays positive
    v /= v.maxCoeff();
  }
  return false;
}

}  // namespace

SteadyIteration::SteadyIteration(const BatchModel& model, Eigen::MatrixXd inputs, Eigen::MatrixXd start, const SteadyIterationOptions& options)
    : model_(model), options_(options), inputs_(std::move(inputs)), state_(std::move(start)), scratch_(model.scratch(static_cast<int>(inputs_.cols()))) {
  HYPED_REQUIRE(state_.rows() == model.state_count() && inputs_.rows() == model.input_count() && state_.cols() == inputs_.cols());
  trial_ = rates_ = inverse_ = bar_ = last_ = Eigen::MatrixXd::Zero(state_.rows(), state_.cols());
  adjoint_ = bar_;
}

void SteadyIteration::refresh_diagonal(std::span<const double> parameters, const Eigen::MatrixXd& state) {
  for (Eigen::Index b = 0; b < state.cols(); ++b) {
    model_.jacobian({state.col(b).data(), static_cast<std::size_t>(state.rows())}, {inputs_.col(b).data(), static_cast<std::size_t>(inputs_.rows())}, parameters, jacobian_);
    const double typical = std::max(1e-12, jacobian_.diagonal().cwiseAbs().mean());
    inverse_.col(b) = (-jacobian_.diagonal()).cwiseMax(0.1 * typical).cwiseInverse();      // a gene that drives itself is damped
  }
}

Outcome SteadyIteration::solve(std::span<const double> parameters) {
  if (needed_ > 2 * window) {
    refresh_diagonal(parameters, state_);
    step_ = std::min(1.0, 2 * step_);
  }
  model_.hold_parameters(parameters, *scratch_);
  trial_ = state_;
  double before = std::numeric_limits<double>::infinity(), moved = before;
  for (int i = 1; i <= options_.limit; ++i) {
    model_.rates(trial_, inputs_, parameters, rates_, *scratch_);
    ++iterations_;
    rates_.array() *= inverse_.array();
    moved = (rates_.array().abs() / trial_.array().abs().max(1.0)).maxCoeff();
    if (!std::isfinite(moved)) break;
    if (moved <= options_.tolerance) {
      needed_ = i;
      state_ = trial_;
      return {};
    }
    trial_ += step_ * rates_;
    if (i % window) continue;
    if (moved > 0.7 * before && step_ > least_step) step_ *= 0.5;
    before = moved;
  }
  needed_ = 1000;
  step_ = 1;
  if (!std::isfinite(moved)) return {Status::not_finite, "the network's states diverge"};
  return {Status::not_converged, fmt::format("no steady state is reached: after {} iterations states still change by {:.2g} of their time scale", options_.limit, moved)};
}

Outcome SteadyIteration::stable(std::span<const double> parameters) const {
  Eigen::MatrixXd jacobian;
  for (Eigen::Index b = 0; b < state_.cols(); ++b) {
    model_.jacobian({state_.col(b).data(), static_cast<std::size_t>(state_.rows())}, {inputs_.col(b).data(), static_cast<std::size_t>(inputs_.rows())}, parameters, jacobian);
    if (surely_stable(jacobian)) continue;
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(jacobian, false);
    Eigen::Index leading = 0;
    if (solver.info() != Eigen::Success) return {Status::not_converged, fmt::format("the eigenvalues of condition {} could not be computed, so its steady state is not known to be stable", b + 1)};
    const double largest = solver.eigenvalues().real().maxCoeff(&leading);
    if (!(largest > 1e-9 * jacobian.cwiseAbs().maxCoeff())) continue;
    const double turn = std::abs(solver.eigenvalues()[leading].imag());
    return {Status::not_converged, fmt::format("the steady state of condition {} exists, but is unstable: its leading eigenvalue is {:+.3g}{} per h", b + 1, largest, turn > 0 ? fmt::format(" +- {:.3g}i (period {:.3g} h)", turn, 2 * std::numbers::pi / turn) : "")};
  }
  return {};
}

Outcome SteadyIteration::pull_back(std::span<const double> parameters, const Eigen::MatrixXd& state_bar, std::span<double> p_bar) {
  const double scale = (state_bar.array() * inverse_.array()).abs().maxCoeff();
  if (!(scale > 0)) return {};
  double before = std::numeric_limits<double>::infinity(), step = step_, moved = before;
  model_.rates(state_, inputs_, parameters, rates_, *scratch_);      // once: the Jacobian stays that of the steady state
  for (int i = 1; i <= options_.limit; ++i) {
    bar_ = state_bar;
    model_.pull_back_after_rates(state_, inputs_, parameters, adjoint_, bar_, {}, *scratch_);
    ++iterations_;
    bar_.array() *= inverse_.array();
    moved = bar_.cwiseAbs().maxCoeff() / scale;
    if (!std::isfinite(moved)) break;
    if (moved <= options_.tolerance) {
      bar_.setZero();
      model_.pull_back_after_rates(state_, inputs_, parameters, adjoint_, bar_, p_bar, *scratch_);
      return {};
    }
    adjoint_ += step * bar_;
    if (i % window) continue;
    if (moved > 0.7 * before && step > least_step) step *= 0.5;
    before = moved;
  }
  adjoint_.setZero();
  return {Status::not_converged, "the steady state is too near to losing its stability for a gradient"};
}

}  // namespace hyped
