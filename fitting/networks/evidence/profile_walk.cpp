// Steps of a profile walk.
#include "fitting/networks/evidence/profile_walk.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
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

ProfileWalk::ProfileWalk(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, const WalkOptions& options)
    : optimum_(optimum), lower_(lower), upper_(upper), at_(optimum), inside_(optimum), options_(options), k_(k), base_(there.squares), lowest_(there.squares) {}

ProfileWalk ProfileWalk::to_end(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, int side, double rise, const WalkOptions& options) {
  ProfileWalk out(optimum, there, lower, upper, k, options);
  out.side_ = side, out.wanted_ = rise;
  out.take(there);      // the first step is from the optimum
  return out;
}

ProfileWalk ProfileWalk::to_value(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& from, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, double value, const WalkOptions& options) {
  ProfileWalk out(optimum, there, lower, upper, k, options);
  out.held_ = true;
  out.at_ = out.inside_ = from;
  // as far again along the way that the profile took so far
  const double far = from[k] - optimum[k];
  if (far != 0) out.at_ = (optimum + (value - optimum[k]) / far * (from - optimum)).cwiseMax(lower).cwiseMin(upper);
  out.at_[k] = out.inside_[k] = value;
  out.best_ = std::numeric_limits<double>::infinity();
  return out;
}

void ProfileWalk::stop(double value, double rise, bool closed, bool converged) { value_ = value, rise_ = rise, closed_ = closed, converged_ = converged, done_ = true; }

void ProfileWalk::half_back() { at_ = 0.5 * (at_ + inside_); }

void ProfileWalk::failed() {
  if (++evaluations_ >= options_.evaluation_limit) return stop(inside_[k_], wanted_, false, false);
  half_back();
}

void ProfileWalk::take(const LocalSquares& here) {
  ++evaluations_;
  lowest_ = std::min(lowest_, here.squares);
  if (held_) take_value(here);
  else take_end(here);
}

Eigen::VectorXd ProfileWalk::end_step(const LocalSquares& here, bool& too_high) const {
  const std::vector<int> free = movable(at_, here.gradient, lower_, upper_, k_, false);
  const Reduced local = reduced(here, free);
  const auto place = static_cast<Eigen::Index>(std::find(free.begin(), free.end(), k_) - free.begin());
  const Eigen::VectorXd down = -local.matrix.solve(local.gradient), along = local.matrix.solve(Eigen::VectorXd::Unit(local.gradient.size(), place));
  const double room = base_ + wanted_ - here.squares - local.gradient.dot(down);      // to the least squares of the local quadratic
  too_high = !(room > 0) || !(along[place] > 0);
  Eigen::VectorXd step = Eigen::VectorXd::Zero(at_.size());
  if (too_high) return step;
  Eigen::VectorXd small = down + side_ * std::sqrt(room / along[place]) * along;
  // no longer than one and a half times the way to the end of a quadratic
  Eigen::VectorXd scaled(small.size());
  for (Eigen::Index a = 0; a < small.size(); ++a) step[free[static_cast<std::size_t>(a)]] = small[a];
  const double length = std::sqrt(std::max(0.0, step.dot(here.matrix * step))), most = 1.5 * std::sqrt(wanted_);
  if (length > most) step *= most / length;
  return step;
}

void ProfileWalk::take_end(const LocalSquares& here) {
  const double rise = here.squares - base_;
  bool too_high = rise > 4 * wanted_;
  Eigen::VectorXd step;
  if (!too_high) step = end_step(here, too_high);
  if (evaluations_ >= options_.evaluation_limit) {
    const double reached = too_high ? inside_[k_] : at_[k_];
    return stop(reached, rise, false, false);
  }
  if (too_high) return half_back();
  const Eigen::VectorXd next = (at_ + step).cwiseMax(lower_).cwiseMin(upper_);
  const Eigen::VectorXd moved = next - at_;
  const double length = std::sqrt(std::max(0.0, moved.dot(here.matrix * moved)));
  const bool settled = evaluations_ > 1 && length <= 0.3 * std::sqrt(wanted_) && std::abs(rise - wanted_) <= 0.3 * wanted_ && std::abs(moved[k_]) <= options_.tolerance * std::abs(next[k_] - optimum_[k_]);
  const bool at_bound = side_ < 0 ? next[k_] <= lower_[k_] : next[k_] >= upper_[k_];
  inside_ = at_;
  at_ = next;
  if (settled) return stop(next[k_], wanted_, !at_bound, true);
  if (at_bound && length <= 0.05 * std::sqrt(wanted_)) return stop(next[k_], rise, false, true);      // all else has settled there
}

void ProfileWalk::take_value(const LocalSquares& here) {
  if (here.squares > best_ && evaluations_ < options_.evaluation_limit && (at_ - inside_).norm() > 0) return half_back();
  best_ = here.squares;
  const std::vector<int> free = movable(at_, here.gradient, lower_, upper_, k_, true);
  const Reduced local = reduced(here, free);
  const Eigen::VectorXd small = -local.matrix.solve(local.gradient);
  const double gain = -local.gradient.dot(small), rise = here.squares - base_;
  if (gain <= 0.02 * std::max(1.0, rise) || evaluations_ >= options_.evaluation_limit) return stop(at_[k_], std::max(0.0, rise - std::max(0.0, gain)), true, evaluations_ < options_.evaluation_limit);
  inside_ = at_;
  for (std::size_t a = 0; a < free.size(); ++a) at_[free[a]] += small[static_cast<Eigen::Index>(a)];
  at_ = at_.cwiseMax(lower_).cwiseMin(upper_);
}

}  // namespace hyped
