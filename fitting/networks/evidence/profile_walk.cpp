// Steps of a profile walk.
#include "fitting/networks/evidence/profile_walk.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <vector>

namespace hyped {
namespace {

// Parameters that a step may move: not k if it is held, and not those that their gradient keeps at a bound.
std::vector<int> movable(const Eigen::VectorXd& at, const Eigen::VectorXd& gradient, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, bool held) {
  std::vector<int> out;
  for (int i = 0; i < at.size(); ++i) {
    const bool stuck = (at[i] <= lower[i] && gradient[i] > 0) || (at[i] >= upper[i] && gradient[i] < 0);
    if (i == k ? !held : !stuck) out.push_back(i);
  }
  return out;
}

struct Reduced {
  Eigen::LDLT<Eigen::MatrixXd> matrix;
  Eigen::VectorXd gradient;
};

Reduced reduced(const LocalSquares& here, const std::vector<int>& free) {
  const auto n = static_cast<Eigen::Index>(free.size());
  Eigen::MatrixXd matrix(n, n);
  Reduced out;
  out.gradient.resize(n);
  for (Eigen::Index a = 0; a < n; ++a) {
    out.gradient[a] = here.gradient[free[static_cast<std::size_t>(a)]];
    for (Eigen::Index b = 0; b < n; ++b) matrix(a, b) = here.matrix(free[static_cast<std::size_t>(a)], free[static_cast<std::size_t>(b)]);
    matrix(a, a) += 1e-10 * std::max(1e-12, matrix(a, a));
  }
  out.matrix.compute(matrix);
  return out;
}

}  // namespace

Eigen::VectorXd ProfileWalk::held_step(const LocalSquares& here) const {
  const std::vector<int> free = movable(at_, here.gradient, lower_, upper_, k_, true);
  if (free.empty()) return Eigen::VectorXd::Zero(at_.size());
  const Reduced local = reduced(here, free);
  const Eigen::VectorXd small = -local.matrix.solve(local.gradient);
  Eigen::VectorXd step = Eigen::VectorXd::Zero(at_.size());
  for (std::size_t a = 0; a < free.size(); ++a) step[free[a]] = small[static_cast<Eigen::Index>(a)];
  return step;
}

Eigen::VectorXd ProfileWalk::tangent(const LocalSquares& here, double& variance) const {
  const std::vector<int> free = movable(at_, here.gradient, lower_, upper_, k_, false);
  const Reduced local = reduced(here, free);
  const auto place = static_cast<Eigen::Index>(std::find(free.begin(), free.end(), k_) - free.begin());
  const Eigen::VectorXd along = local.matrix.solve(Eigen::VectorXd::Unit(local.gradient.size(), place));
  Eigen::VectorXd out = Eigen::VectorXd::Zero(at_.size());
  variance = std::max(1e-300, along[place]);
  for (std::size_t a = 0; a < free.size(); ++a) out[free[a]] = along[static_cast<Eigen::Index>(a)] / variance;
  out[k_] = 1;
  return out;
}

ProfileWalk::ProfileWalk(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, const WalkOptions& options)
    : optimum_(optimum), lower_(lower), upper_(upper), at_(optimum), inside_(optimum), options_(options), k_(k), base_(there.squares), lowest_(there.squares) {}

ProfileWalk ProfileWalk::to_end(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, int side, double rise, const WalkOptions& options) {
  ProfileWalk out(optimum, there, lower, upper, k, options);
  out.side_ = side, out.wanted_ = rise;
  double variance = 0;
  const Eigen::VectorXd direction = out.tangent(there, variance);
  out.advance(side * std::sqrt(rise * variance), direction);
  return out;
}

ProfileWalk ProfileWalk::to_value(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& from, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, double value, const WalkOptions& options) {
  ProfileWalk out(optimum, there, lower, upper, k, options);
  out.held_ = true;
  out.at_ = from;
  // as far again along the way that the profile took so far
  const double far = from[k] - optimum[k];
  if (far != 0) out.at_ = (optimum + (value - optimum[k]) / far * (from - optimum)).cwiseMax(lower).cwiseMin(upper);
  out.at_[k] = value;
  return out;
}

void ProfileWalk::stop(double value, double rise, bool closed, bool converged) { value_ = value, rise_ = rise, closed_ = closed, converged_ = converged, done_ = true; }

// A new value of parameter k; all else goes along `direction`.
void ProfileWalk::advance(double by, const Eigen::VectorXd& direction) {
  const double bound = side_ < 0 ? lower_[k_] : upper_[k_], target = at_[k_] + by;
  at_bound_ = side_ * (target - bound) >= 0;
  if (at_bound_) by = bound - at_[k_];
  at_ = (at_ + by * direction).cwiseMax(lower_).cwiseMin(upper_);
  fitting_ = false;
}

void ProfileWalk::failed() {
  if (++evaluations_ >= options_.evaluation_limit) return stop(inside_[k_], wanted_, false, false);
  at_ = fitting_ ? Eigen::VectorXd(0.5 * (at_ + before_)) : Eigen::VectorXd(0.5 * (at_ + inside_));
  at_bound_ = at_bound_ && fitting_;
}

void ProfileWalk::take(const LocalSquares& here) {
  ++evaluations_;
  lowest_ = std::min(lowest_, here.squares);
  const double rise = here.squares - base_;
  if (evaluations_ >= options_.evaluation_limit) return stop(held_ ? at_[k_] : inside_[k_], rise, false, false);
  if (fitting_ && here.squares > before_squares_) {      // a step of the others that made it worse
    at_ = 0.5 * (at_ + before_);
    return;
  }
  if (!held_ && !fitting_ && rise > options_.too_far * wanted_) {      // the tangent led off the profile
    at_ = 0.5 * (at_ + inside_), at_bound_ = false;
    return;
  }
  const Eigen::VectorXd step = held_step(here);
  const double gain = -here.gradient.dot(step);
  if (gain > 0.05 * (held_ ? std::max(1.0, rise) : std::max(wanted_, std::min(rise, 4 * wanted_)))) {
    fitting_ = true, before_ = at_, before_squares_ = here.squares;
    at_ = (at_ + step).cwiseMax(lower_).cwiseMin(upper_);
    return;
  }
  at_ = (at_ + step).cwiseMax(lower_).cwiseMin(upper_);
  if (held_) return stop(at_[k_], std::max(0.0, rise - std::max(0.0, gain)), true, true);
  on_profile(here, std::max(0.0, rise - std::max(0.0, gain)));
}

void ProfileWalk::on_profile(const LocalSquares& here, double rise) {
  const double root = std::sqrt(rise), target = std::sqrt(wanted_), value = at_[k_], last = inside_[k_];
  double variance = 0;
  const Eigen::VectorXd direction = tangent(here, variance);
  const double slope = here.gradient.dot(direction) / std::max(root, 1e-9);      // of the root by the parameter
  const bool rises = side_ * slope > 0;
  if (root <= target) {
    inside_ = at_, inside_root_ = root;
    if (at_bound_) return stop(value, rise, false, true);
  } else {
    outside_ = at_, outside_root_ = root;
  }
  const double to_go = rises ? (target - root) / slope : side_ * std::sqrt(wanted_ * variance);
  if (std::abs(root - target) <= 0.1 * target && rises && std::abs(to_go) <= options_.tolerance * std::abs(value + to_go - optimum_[k_])) return stop(value + to_go, wanted_, true, true);
  fitting_ = false, at_bound_ = false;
  if (outside_.size() > 0) {      // between the two
    const double share = std::clamp((target - inside_root_) / (outside_root_ - inside_root_), 0.1, 0.9);
    at_ = inside_ + share * (outside_ - inside_);
    return;
  }
  const double most = std::min(2 * std::sqrt(wanted_ * variance), 2.5 * std::abs(value - last));
  advance(side_ * std::min(std::abs(to_go), most), direction);
}

}  // namespace hyped
