// One linear solve a step.
#include "libhyped/simulate/batch/root_finder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

double relative_size(const Eigen::VectorXd& f, const Eigen::VectorXd& x) {
  const double out = (f.array().abs() / x.array().abs().max(1.0)).maxCoeff();
  return f.allFinite() ? out : infinite;
}

}  // namespace

RootFinder::RootFinder(const BatchModel& model, std::span<const double> parameters) : model_(model), p_(parameters), scratch_(model.scratch(1)), f_(model.state_count()) { model.hold_parameters(parameters, *scratch_); }

double RootFinder::size(const Eigen::VectorXd& x, const Eigen::VectorXd& inputs) {
  model_.rates(x, inputs, p_, f_, *scratch_);
  return relative_size(f_, x);
}

double RootFinder::shortest_time_h(const Eigen::VectorXd& x, const Eigen::VectorXd& inputs) {
  model_.jacobian(view(x), view(inputs), p_, jacobian_);
  const double steepest = jacobian_.diagonal().cwiseAbs().maxCoeff();
  return steepest > 0 && std::isfinite(steepest) ? 1 / steepest : 1;
}

RootFinder::Found RootFinder::find(Eigen::VectorXd& x, const Eigen::VectorXd& inputs, double tolerance, int limit, double first_delta_h) {
  Found out;
  double delta = first_delta_h, safe = 1;
  bool factored = false;
  out.size = size(x, inputs);
  if (!std::isfinite(out.size)) return out;
  while (out.size > tolerance) {
    if (out.steps >= limit) return out;
    if (!factored) {
      model_.jacobian(view(x), view(inputs), p_, jacobian_);
      const double steepest = jacobian_.diagonal().cwiseAbs().maxCoeff();
      if (!std::isfinite(steepest)) return out;
      safe = steepest > 0 ? 1 / steepest : 1;
      if (std::isfinite(delta)) jacobian_.diagonal().array() -= 1 / delta;
      lu_.compute(jacobian_);
      factored = true;
    }
    ++out.steps;
    step_ = lu_.solve(f_);
    trial_ = x - step_;
    kept_ = f_;
    const double after = size(trial_, inputs);
    if (std::isinf(delta)) {      // Newton: must come closer
      if (!(after < out.size)) {
        delta = safe;
        factored = false;
        f_ = kept_;
        continue;
      }
      factored = after < 0.1 * out.size;
    } else {
      factored = false;
      if (!(after < 4 * out.size)) {      // too long a step
        delta /= 8;
        f_ = kept_;
        if (delta < 1e-9 * safe) return out;
        continue;
      }
      delta *= std::clamp(out.size / std::max(after, 1e-300), 0.1, 10.0);
      if (delta > 1e7 * safe) delta = infinite;
    }
    x.swap(trial_);
    out.size = after;
  }
  out.converged = true;
  if (out.steps == 0 || std::isfinite(delta)) {
    model_.jacobian(view(x), view(inputs), p_, jacobian_);
    lu_.compute(jacobian_);
  }
  if (out.steps == 0) {      // the start is a root
    out.surely_unstable = surely_unstable();
    return out;
  }
  // One step more, down to rounding. A long one says that the rates vanish only because they are compared with a state that runs away.
  step_ = lu_.solve(f_);
  if (!(step_.cwiseAbs().maxCoeff() <= 1e-3 * std::max(1.0, x.cwiseAbs().maxCoeff()))) {
    out.converged = false;
    return out;
  }
  trial_ = x - step_;
  kept_ = f_;
  if (const double after = size(trial_, inputs); after < out.size) {
    x.swap(trial_);
    out.size = after;
  } else {
    f_ = kept_;
  }
  out.surely_unstable = surely_unstable();
  return out;
}

bool RootFinder::surely_unstable() const {
  double sign = lu_.permutationP().determinant();      // of det(-J): positive where stable
  for (const double pivot : lu_.matrixLU().diagonal()) sign *= pivot < 0 ? 1 : pivot > 0 ? -1 : 0;
  return sign < 0;
}

}  // namespace hyped
