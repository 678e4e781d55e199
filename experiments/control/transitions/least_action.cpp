// Local actions by nested Newton steps, paths by L-BFGS from coarse to fine.
#include "experiments/control/transitions/least_action.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "fitting/networks/smooth_function.hpp"

namespace hyped::control {
namespace {

// min over p of H(p) - lambda v p, p the start and the result; value H at it, hessian factorised.
bool conjugate(const Eigen::MatrixXd& jumps, const Eigen::VectorXd& rates, const Eigen::VectorXd& target, Eigen::VectorXd& p, double& value, Eigen::LLT<Eigen::MatrixXd>& factor) {
  const auto objective = [&](const Eigen::VectorXd& at) { return (rates.array() * ((jumps.transpose() * at).array().exp() - 1)).sum() - target.dot(at); };
  double now = objective(p);
  for (int i = 0; i < 100; ++i) {
    const Eigen::ArrayXd weight = rates.array() * (jumps.transpose() * p).array().exp();
    const Eigen::VectorXd gradient = jumps * weight.matrix() - target;
    factor.compute(jumps * weight.matrix().asDiagonal() * jumps.transpose());
    if (factor.info() != Eigen::Success || !gradient.allFinite()) return false;
    const Eigen::VectorXd step = factor.solve(gradient);
    const double decrement = gradient.dot(step);
    if (decrement < 1e-26 * (1 + weight.sum())) {
      value = now + target.dot(p);
      return true;
    }
    double length = 1;
    for (; length > 1e-10; length /= 2) {
      const Eigen::VectorXd trial = p - length * step;
      const double after = objective(trial);
      if (std::isfinite(after) && after <= now - 0.1 * length * decrement + 1e-15 * (std::abs(now) + weight.sum())) {
        p = trial;
        now = after;
        break;
      }
    }
    if (length <= 1e-10) {
      value = now + target.dot(p);
      return decrement < 1e-12 * weight.sum();
    }
  }
  return false;
}

class PathAction final : public SmoothFunction {
 public:
  PathAction(const DensityNetwork& network, Eigen::VectorXd from, Eigen::VectorXd to, int segments, ActionNoise noise, double stiffness)
      : network_(network), from_(std::move(from)), to_(std::move(to)), segments_(segments), noise_(noise), stiffness_(stiffness) {}
  int size() const override { return (segments_ - 1) * network_.dimension(); }
  Eigen::VectorXd node(const Eigen::VectorXd& theta, int k) const {
    return k == 0 ? from_ : k == segments_ ? to_ : Eigen::VectorXd(theta.segment((k - 1) * network_.dimension(), network_.dimension()));
  }
  // Action of each segment if wanted.
  Outcome evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) const override { return evaluate(theta, value, gradient, nullptr); }
  Outcome evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient, std::vector<double>* parts) const {
    const int dimension = network_.dimension();
    value = 0;
    if (gradient != nullptr) gradient->setZero(size());
    Eigen::VectorXd rates, lengths(segments_);
    Eigen::MatrixXd slopes;
    const auto add = [&](int k, const Eigen::VectorXd& by) {
      if (gradient != nullptr && k > 0 && k < segments_) gradient->segment((k - 1) * dimension, dimension) += by;
    };
    for (int k = 0; k < segments_; ++k) {
      const Eigen::VectorXd left = node(theta, k), right = node(theta, k + 1), v = right - left, middle = 0.5 * (left + right);
      lengths[k] = v.norm();
      if (!network_.rates(middle, rates)) return {Status::not_finite, "a path leaves the densities that are possible"};
      if (lengths[k] == 0) continue;
      const LocalAction local = local_action(network_, rates, v, noise_);
      if (!local.ok) return {Status::not_converged, "no reactions lead along a part of the path"};
      value += local.value;
      if (parts != nullptr) parts->push_back(local.value);
      if (gradient == nullptr) continue;
      Eigen::VectorXd by_place = Eigen::VectorXd::Zero(dimension);
      if (local.lambda * lengths[k] > 1e-13 * rates.sum()) {
        if (!network_.slopes(middle, slopes)) return {Status::not_finite, "rates cannot be differentiated on a path"};
        const Eigen::ArrayXd along = (network_.jumps().transpose() * local.momentum).array();
        const Eigen::ArrayXd weight = noise_ == ActionNoise::jump ? Eigen::ArrayXd(along.exp() - 1) : Eigen::ArrayXd(along + 0.5 * along.square());
        by_place = -(slopes.transpose() * weight.matrix()) / local.lambda;
      }
      add(k, 0.5 * by_place - local.momentum);
      add(k + 1, 0.5 * by_place + local.momentum);
    }
    const double mean = lengths.mean();
    for (int k = 0; k < segments_ && stiffness_ > 0; ++k) {
      const double off = lengths[k] - mean;
      value += stiffness_ * off * off;
      if (gradient == nullptr || lengths[k] == 0) continue;
      const Eigen::VectorXd by = 2 * stiffness_ * off / lengths[k] * (node(theta, k + 1) - node(theta, k));      // the mean's share adds up to 0
      add(k, -by);
      add(k + 1, by);
    }
    return {};
  }

 private:
  const DensityNetwork& network_;
  Eigen::VectorXd from_, to_;
  int segments_;
  ActionNoise noise_;
  double stiffness_;
};

// Nodes at even distances along the line through others.
Eigen::MatrixXd evenly(const Eigen::MatrixXd& nodes, int segments) {
  Eigen::VectorXd at(nodes.rows());
  at[0] = 0;
  for (Eigen::Index k = 1; k < nodes.rows(); ++k) at[k] = at[k - 1] + (nodes.row(k) - nodes.row(k - 1)).norm();
  Eigen::MatrixXd out(segments + 1, nodes.cols());
  Eigen::Index k = 0;
  for (int i = 0; i <= segments; ++i) {
    const double want = at[at.size() - 1] * i / segments;
    while (k + 2 < nodes.rows() && at[k + 1] < want) ++k;
    const double span = at[k + 1] - at[k], share = span > 0 ? std::clamp((want - at[k]) / span, 0.0, 1.0) : 0;
    out.row(i) = (1 - share) * nodes.row(k) + share * nodes.row(k + 1);
  }
  return out;
}

struct Found {
  Eigen::MatrixXd nodes;                  // [N + 1 x K]
  std::vector<double> parts;
  double coarse = 0, fine = std::numeric_limits<double>::infinity();
  Outcome descent;                        // of the two finest levels: where it is not ok, `fine` is an upper bound
  Outcome outcome{Status::not_converged, "no path was found"};
};

Found descend(const DensityNetwork& network, const Eigen::MatrixXd& start, const LeastActionOptions& options) {
  Found found;
  Eigen::MatrixXd nodes = start;
  double stiffness = 0;
  for (int segments = std::max(6, options.segments / 8); segments <= options.segments; segments *= 2) {
    nodes = evenly(nodes, segments);
    const Eigen::VectorXd from = nodes.row(0).transpose(), to = nodes.row(segments).transpose();
    Eigen::VectorXd theta((segments - 1) * network.dimension());
    for (int k = 1; k < segments; ++k) theta.segment((k - 1) * network.dimension(), network.dimension()) = nodes.row(k).transpose();
    const double length = (to - from).norm();
    double value = 0;
    if (const Outcome first = PathAction(network, from, to, segments, options.noise, 0).evaluate(theta, value, nullptr); !first.ok()) {
      found.outcome = first;
      return found;
    }
    stiffness = std::max(1e-3, value) / (length * length) * segments;
    const PathAction action(network, from, to, segments, options.noise, stiffness);
    DescentOptions descent;
    descent.iteration_limit = options.iteration_limit;
    descent.tolerance = 1e-8 * std::max(1e-6, value) / length;
    descent.least_gain = 1e-11;
    descent.memory = 30;
    const DescentResult end = minimise_lbfgs(action, theta, descent);
    for (int k = 1; k < segments; ++k) nodes.row(k) = end.theta.segment((k - 1) * network.dimension(), network.dimension()).transpose();
    found.parts.clear();
    // where no step lowers the action any more and the last ones gained nothing, rounding ends the descent, not the limit
    const auto& course = end.course;
    const bool level = end.outcome.status == Status::step_too_small && course.size() > 10 && course[course.size() - 11] - course.back() < 1e-6 * std::abs(course.back());
    if (2 * segments > options.segments / 2 && found.descent.ok() && !end.outcome.ok() && !level && end.optimality > 1e4 * descent.tolerance) found.descent = {end.outcome.status, fmt::format("{} segments: {}", segments, end.outcome.message)};
    found.coarse = found.fine;
    found.outcome = PathAction(network, from, to, segments, options.noise, 0).evaluate(end.theta, found.fine, nullptr, &found.parts);
    if (!found.outcome.ok()) return found;
  }
  found.nodes = nodes;
  return found;
}

}  // namespace

LocalAction local_action(const DensityNetwork& network, const Eigen::VectorXd& rates, const Eigen::VectorXd& v, ActionNoise noise) {
  LocalAction out;
  const Eigen::MatrixXd& jumps = network.jumps();
  Eigen::LLT<Eigen::MatrixXd> factor;
  if (noise == ActionNoise::langevin) {
    const Eigen::VectorXd force = jumps * rates;
    factor.compute(jumps * rates.asDiagonal() * jumps.transpose());
    if (factor.info() != Eigen::Success) return out;
    const Eigen::VectorXd by_force = factor.solve(force), by_v = factor.solve(v);
    out.lambda = std::sqrt(std::max(0.0, force.dot(by_force)) / v.dot(by_v));
    out.momentum = out.lambda * by_v - by_force;
    out.value = std::max(0.0, out.momentum.dot(v));
    out.ok = true;
    return out;
  }
  // H at its minimum over p - lambda v p rises with lambda, nearly along its square, from min H <= 0
  const double speed = (jumps * rates).norm(), room = rates.sum() * 1e-13;
  Eigen::VectorXd p = Eigen::VectorXd::Zero(v.size());
  double low = 0, high = std::numeric_limits<double>::infinity(), value = 0;
  double lambda = std::max(speed, 1e-9 * rates.sum()) / v.norm();
  for (int i = 0; i < 200; ++i) {
    if (!conjugate(jumps, rates, lambda * v, p, value, factor)) return out;
    if (std::abs(value) <= room || high - low < 1e-14 * high) {
      out.lambda = lambda;
      out.momentum = p;
      out.value = std::max(0.0, p.dot(v));
      out.ok = p.allFinite();
      return out;
    }
    (value > 0 ? high : low) = lambda;
    const double square = lambda * lambda - value / (0.5 * v.dot(factor.solve(v)));
    double next = square > 0 ? std::sqrt(square) : 0;
    if (!(next > low && next < high)) next = std::isfinite(high) ? 0.5 * (low + high) : 2 * lambda;
    lambda = next;
  }
  return out;
}

ActionPath least_action(const DensityNetwork& network, const Eigen::VectorXd& from_density, const Eigen::VectorXd& to_density, const LeastActionOptions& options) {
  ActionPath out;
  const Eigen::VectorXd from = network.coordinates(from_density), to = network.coordinates(to_density);
  if (from_density.size() != to_density.size()) throw InputError("least action", "the ends of the path are not of one size");
  const double scale = std::max(from_density.cwiseAbs().maxCoeff(), to_density.cwiseAbs().maxCoeff());
  if ((network.density(from) - from_density).cwiseAbs().maxCoeff() > 1e-6 * scale || (network.density(to) - to_density).cwiseAbs().maxCoeff() > 1e-6 * scale)
    throw InputError("least action", "the ends of the path differ in what reactions conserve: no path joins them", "give ends with the same totals");
  if ((to - from).norm() < 1e-9 * scale) throw InputError("least action", "both ends of the path are the same state", "give ends in two basins");
  out.method = fmt::format("geometric action, {} noise, {} segments, {} starts", options.noise == ActionNoise::jump ? "jump" : "Langevin", options.segments, options.starts);
  Found best;
  for (int s = 0; s < std::max(1, options.starts); ++s) {
    Eigen::MatrixXd nodes(25, from.size());
    Eigen::VectorXd aside = Eigen::VectorXd::Zero(from.size());
    if (s > 0 && from.size() > 1) {      // bent: across the line, alternately to both sides, along other axes in turn
      aside[((s - 1) / 2) % from.size()] = 1;
      const Eigen::VectorXd along = (to - from).normalized();
      aside -= along * along.dot(aside);
      if (aside.norm() > 1e-9) aside *= (s % 2 == 1 ? 0.25 : -0.25) * (to - from).norm() / aside.norm();
    }
    for (int k = 0; k < 25; ++k) {
      const double share = k / 24.0;
      double bend = 1;
      for (Eigen::VectorXd rate; bend > 1e-3; bend /= 2)      // not out of what is possible
        if (network.rates(from + share * (to - from) + 4 * share * (1 - share) * bend * aside, rate)) break;
      nodes.row(k) = (from + share * (to - from) + 4 * share * (1 - share) * bend * aside).transpose();
    }
    const Found found = descend(network, nodes, options);
    out.by_start.push_back(found.outcome.ok() ? found.fine : std::numeric_limits<double>::quiet_NaN());
    if (s == 0 || (found.outcome.ok() && (!best.outcome.ok() || found.fine < best.fine))) best = found;
    if (from.size() == 1) break;
  }
  out.outcome = best.outcome;
  if (!out.outcome.ok()) return out;
  const auto rows = best.nodes.rows();
  out.density.resize(rows, from_density.size());
  out.action = Eigen::VectorXd::Zero(rows);
  for (Eigen::Index k = 0; k < rows; ++k) {
    out.density.row(k) = network.density(best.nodes.row(k).transpose()).transpose();
    if (k > 0) out.action[k] = out.action[k - 1] + best.parts[static_cast<std::size_t>(k) - 1];
  }
  out.descent = best.descent;
  out.total = std::isfinite(best.coarse) && best.descent.ok() ? best.fine + (best.fine - best.coarse) / 3 : best.fine;      // second order in the spacing
  out.error = std::isfinite(best.coarse) ? std::abs(best.fine - best.coarse) / (best.descent.ok() ? 3 : 1) : 0;
  // the slowest inner node leads to the saddle
  Eigen::Index slowest = 0;
  double least = std::numeric_limits<double>::infinity();
  Eigen::VectorXd force;
  for (Eigen::Index k = rows / 10 + 1; k + rows / 10 + 1 < rows; ++k)
    if (network.drift(best.nodes.row(k).transpose(), force) && force.norm() < least) least = force.norm(), slowest = k;
  Eigen::VectorXd saddle = best.nodes.row(slowest).transpose();
  if (slowest > 0 && network.rest_near(saddle) && network.unstable_directions(saddle) == 1 && (saddle - best.nodes.row(slowest).transpose()).norm() < 0.2 * (to - from).norm()) {
    out.saddle = network.density(saddle);
    out.at_saddle = out.action[slowest];
  }
  return out;
}

}  // namespace hyped::control
