// Multiplicative and vertex-exchange steps until the equivalence theorem holds.
#include "experiments/control/next_experiment/continuous_design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hyped::control {

ContinuousDesign continuous_design(const DesignProblem& problem, const ContinuousOptions& options) {
  problem.check();
  if (!(options.budget > 0)) throw InputError("design", "the budget is not positive");
  const auto count = static_cast<Eigen::Index>(problem.candidates.size());
  Eigen::VectorXd worth(count);      // amount bought by the whole budget
  for (Eigen::Index i = 0; i < count; ++i) worth[i] = options.budget / problem.candidates[static_cast<std::size_t>(i)].cost;
  const auto information = [&](const Eigen::VectorXd& share) { return total_information(problem, share.cwiseProduct(worth)); };
  ContinuousDesign out;
  out.share = Eigen::VectorXd::Constant(count, 1.0 / static_cast<double>(count));
  out.value = criterion(problem, information(out.share));
  if (!std::isfinite(out.value)) {
    out.outcome = {Status::not_identifiable, "not even all candidates together determine the quantity: add other experiments, or a prior"};
    out.sensitivity = Eigen::VectorXd::Zero(count);
    return out;
  }
  double power = 1;
  out.outcome = {Status::not_converged, fmt::format("the gap is above the tolerance after {} iterations", options.iteration_limit)};
  for (;; ++out.iterations) {
    out.sensitivity = sensitivities(problem, information(out.share)).cwiseProduct(worth);
    const double mean = out.share.dot(out.sensitivity);
    Eigen::Index best = 0, worst = -1;
    out.gap = std::max(0.0, out.sensitivity.maxCoeff(&best) - mean);
    out.bound = out.value - out.gap;
    const double scale = problem.kind == CriterionKind::d_optimal ? 1 : std::abs(out.value);
    if (out.gap <= options.tolerance * scale) out.outcome = {};
    if (out.outcome.ok() || out.iterations >= options.iteration_limit) break;
    // shares that can no longer matter, by what the gap leaves them, go
    Eigen::VectorXd trial = out.share;
    for (Eigen::Index i = 0; i < count; ++i) trial[i] *= std::pow(std::max(out.sensitivity[i], 0.0) / mean, power);
    trial /= trial.sum();
    const double after = criterion(problem, information(trial));
    if (after <= out.value) {
      out.share = trial;
      out.value = after;
      power = std::min(1.0, 1.2 * power);
    } else {
      power = std::max(0.05, power / 2);
    }
    out.sensitivity = sensitivities(problem, information(out.share)).cwiseProduct(worth);
    out.sensitivity.maxCoeff(&best);
    for (Eigen::Index i = 0; i < count; ++i)
      if (out.share[i] > 0 && (worst < 0 || out.sensitivity[i] < out.sensitivity[worst])) worst = i;
    if (best == worst) continue;
    // the criterion is convex along the exchange: golden section
    const double room = out.share[worst];
    const auto moved = [&](double by) {
      Eigen::VectorXd share = out.share;
      share[best] += by;
      share[worst] = by >= room ? 0 : room - by;
      return share;
    };
    const auto value = [&](double by) { return criterion(problem, information(moved(by))); };
    double length = room, at_end = value(room);
    double low = 0, high = room;
    constexpr double golden = 0.6180339887498949;
    double a = high - golden * (high - low), b = low + golden * (high - low), at_a = value(a), at_b = value(b);
    for (int k = 0; k < 40 && high - low > 1e-12; ++k) {
      if (at_a <= at_b) high = b, b = a, at_b = at_a, a = high - golden * (high - low), at_a = value(a);
      else low = a, a = b, at_a = at_b, b = low + golden * (high - low), at_b = value(b);
    }
    double least = std::min(at_a, at_b);
    length = at_a <= at_b ? a : b;
    if (at_end <= least) length = room, least = at_end;
    if (least < out.value) {
      out.share = moved(length);
      out.value = least;
    }
  }
  return out;
}

}  // namespace hyped::control
