// The mode, the curvature there, and importance ratios as the check.
#include "fitting/laplace.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "fitting/pareto_tail.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

struct Curvature {
  Eigen::VectorXd scale;            // one over the root of the diagonal [D]
  Eigen::VectorXd values;           // eigenvalues of the scaled Hessian of -log p
  Eigen::MatrixXd vectors;
  bool known = false;
};

// Central differences of the gradient with steps in units of `scale`; a side that fails is replaced by the point itself.
Curvature curvature_at(const LogDensity& density, const Eigen::VectorXd& u, const Eigen::VectorXd& gradient, const Eigen::VectorXd& scale, double step) {
  const auto size = u.size();
  Eigen::MatrixXd hessian(size, size);
  Eigen::VectorXd above(size), below(size), moved = u;
  double unused = 0;
  Curvature out;
  for (Eigen::Index i = 0; i < size; ++i) {
    const double h = step * scale[i];
    moved[i] = u[i] + h;
    const bool up = density_at(density, moved, unused, above).ok();
    moved[i] = u[i] - h;
    const bool down = density_at(density, moved, unused, below).ok();
    moved[i] = u[i];
    if (!up && !down) return out;
    if (!up) above = gradient;
    if (!down) below = gradient;
    hessian.col(i) = (below - above) / ((up && down ? 2 : 1) * h);
  }
  hessian = (0.5 * (hessian + hessian.transpose())).eval();
  out.scale = hessian.diagonal().cwiseAbs().cwiseMax(1e-12).cwiseMin(1e24).cwiseSqrt().cwiseInverse();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(out.scale.asDiagonal() * hessian * out.scale.asDiagonal());
  out.values = solver.eigenvalues();
  out.vectors = solver.eigenvectors();
  out.known = solver.info() == Eigen::Success && out.values.allFinite();
  return out;
}

// Climbs to a maximum: Newton steps with eigenvalues made positive and damped as by Levenberg and Marquardt.
Curvature climb(const LogDensity& density, const LaplaceOptions& options, Laplace& at) {
  const auto size = at.mode.size();
  Eigen::VectorXd gradient(size), trial_gradient(size), trial(size);
  Curvature curvature;
  at.outcome = density_at(density, at.mode, at.log_density, gradient);
  if (!at.outcome.ok()) return curvature;
  Eigen::VectorXd scale = Eigen::VectorXd::Constant(size, 0.1);
  double damping = 1e-3;
  bool renew = true;
  at.outcome = {Status::not_converged, fmt::format("no maximum within {} steps", options.iteration_limit)};
  while (at.iterations < options.iteration_limit) {
    if (renew) {
      curvature = curvature_at(density, at.mode, gradient, scale, options.hessian_step);
      if (!curvature.known) {
        at.outcome = {Status::not_finite, "the curvature is not finite"};
        break;
      }
      scale = curvature.scale.cwiseMin(1.0);
      renew = false;
    }
    at.gradient_norm = gradient.cwiseAbs().maxCoeff();
    const Eigen::VectorXd turned = curvature.vectors.transpose() * curvature.scale.cwiseProduct(gradient);
    const Eigen::ArrayXd stiffness = curvature.values.array().abs().max(1e-10);
    const double left = 0.5 * (turned.array().square() / stiffness).sum();
    if (left < options.gain_tolerance) {
      const bool strict = curvature.values.minCoeff() > 1e-8;
      at.outcome = strict ? Outcome{} : Outcome{Status::singular, "the log density is flat or a saddle at its stationary point"};
      break;
    }
    ++at.iterations;
    const Eigen::VectorXd step = curvature.scale.cwiseProduct(curvature.vectors * (turned.array() / (stiffness + damping)).matrix());
    trial = at.mode + step;
    double value = 0;
    const bool good = density_at(density, trial, value, trial_gradient).ok();
    const double expected = (turned.array().square() * (1 / (stiffness + damping) - 0.5 * stiffness / (stiffness + damping).square())).sum();
    const double rounding = 1e-14 * std::abs(at.log_density);
    if (good && value - at.log_density >= 1e-4 * expected - rounding) {
      damping = std::max(1e-10, damping * (value - at.log_density > 0.5 * expected ? 0.1 : 1.0));
      at.mode = trial;
      at.log_density = value;
      gradient = trial_gradient;
      renew = true;
    } else {
      damping = std::max(1e-6, damping) * 8;
      if (damping > 1e14) {
        at.outcome = left < 1e-5 && curvature.values.minCoeff() > 1e-8 ? Outcome{} : Outcome{Status::not_converged, "no step raises the log density"};
        break;
      }
    }
  }
  return curvature;
}

Eigen::VectorXd standard_normals(std::uint64_t seed, int draw, Eigen::Index size) {
  RandomStream random(seed, static_cast<std::uint32_t>(draw), 0);
  Eigen::VectorXd z(size);
  for (auto& value : z) value = random.normal();
  return z;
}

// The highest of several climbs; on a tie the first.
Curvature best_climb(const LogDensity& density, const LaplaceOptions& options, Laplace& best) {
  const int count = std::max(1, options.starts);
  std::vector<Laplace> ends(static_cast<std::size_t>(count));
  std::vector<Curvature> curvatures(ends.size());
  const Eigen::VectorXd centre = options.start ? *options.start : density.start();
  HYPED_REQUIRE(centre.size() == density.dimension());
  parallel_for(count, [&](int s) {
    RandomStream random(options.seed, static_cast<std::uint32_t>(s), 2);
    Eigen::VectorXd& mode = ends[static_cast<std::size_t>(s)].mode = centre;
    if (s > 0)
      for (auto& value : mode) value += options.start_radius * (2 * random.uniform() - 1);
    curvatures[static_cast<std::size_t>(s)] = climb(density, options, ends[static_cast<std::size_t>(s)]);
  });
  std::size_t highest = 0;
  for (std::size_t s = 1; s < ends.size(); ++s)
    if (ends[s].outcome.ok() && (!ends[highest].outcome.ok() || ends[s].log_density > ends[highest].log_density + 1e-6)) highest = s;
  best = std::move(ends[highest]);
  return std::move(curvatures[highest]);
}

// Draws of the Gaussian weighted by the posterior: k-hat of the weights, and how far each parameter's quantiles move.
void weigh(const LogDensity& density, const LaplaceOptions& options, Laplace& at) {
  const auto size = at.mode.size();
  Eigen::MatrixXd steps(options.check_draws, size);      // from the mode
  Eigen::VectorXd log_ratios(options.check_draws);
  parallel_for(options.check_draws, [&](int k) {
    const Eigen::VectorXd z = standard_normals(options.seed, k, size), step = at.root * z;
    Eigen::VectorXd gradient(size);
    double value = 0;
    density_at(density, at.mode + step, value, gradient);      // a failure is a ratio of zero
    steps.row(k) = step.transpose();
    log_ratios[k] = value - at.log_density + 0.5 * z.squaredNorm();
  });
  at.khat = importance_khat(log_ratios);
  if (!std::isfinite(at.khat)) return;
  const Eigen::VectorXd weights = (log_ratios.array() - log_ratios.maxCoeff()).exp();
  std::vector<int> order(static_cast<std::size_t>(options.check_draws));
  for (Eigen::Index i = 0; i < size; ++i) {
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) { return steps(a, i) < steps(b, i); });
    double below = 0, draws_below = 0, worst = 0;
    std::size_t weighted = 0, plain = 0;
    for (const double probability : summary_probabilities) {      // of the same draws with and without weights
      while (weighted + 1 < order.size() && below + weights[order[weighted]] < probability * weights.sum()) below += weights[order[weighted++]];
      while (plain + 1 < order.size() && draws_below + 1 < probability * options.check_draws) ++draws_below, ++plain;
      const double shift = (steps(order[weighted], i) - steps(order[plain], i)) / std::sqrt(at.covariance(i, i));
      if (std::abs(shift) > std::abs(worst)) worst = shift;
    }
    at.parameters[static_cast<std::size_t>(i)].weighted_shift = worst;
  }
}

}  // namespace

Laplace laplace(const LogDensity& density, const LaplaceOptions& options) {
  Laplace out;
  const Curvature curvature = best_climb(density, options, out);
  if (!out.outcome.ok()) {
    out.khat = std::numeric_limits<double>::infinity();
    out.verdict = "no approximation: " + out.outcome.message;
    return out;
  }
  out.root = curvature.scale.asDiagonal() * curvature.vectors * curvature.values.cwiseSqrt().cwiseInverse().asDiagonal();
  out.covariance = out.root * out.root.transpose();
  const boost::math::normal standard;
  const double half = boost::math::quantile(standard, 0.5 + 0.5 * options.level);
  const auto names = density.names();
  for (int i = 0; i < density.dimension(); ++i) {
    const double sd = std::sqrt(out.covariance(i, i));
    LaplaceParameter p;
    p.name = names[static_cast<std::size_t>(i)];
    p.estimate = density.natural(i, out.mode[i]);
    p.lower = density.natural(i, out.mode[i] - half * sd);
    p.upper = density.natural(i, out.mode[i] + half * sd);
    for (std::size_t q = 0; q < summary_probabilities.size(); ++q)
      p.quantiles[q] = density.natural(i, out.mode[i] + boost::math::quantile(standard, summary_probabilities[q]) * sd);
    out.parameters.push_back(std::move(p));
  }
  weigh(density, options, out);
  for (auto& p : out.parameters)
    p.verdict = fmt::format("{}: quantiles move by {:.2f} sd when weighted by the posterior", std::abs(p.weighted_shift) > options.shift_limit ? "wrong" : "holds", p.weighted_shift);
  const auto furthest = std::max_element(out.parameters.begin(), out.parameters.end(),
                                         [](const auto& a, const auto& b) { return std::abs(a.weighted_shift) < std::abs(b.weighted_shift); });
  const double shift = std::abs(furthest->weighted_shift);
  out.good = out.khat <= options.khat_limit && shift <= options.shift_limit;
  if (out.khat > options.khat_limit)
    out.verdict = fmt::format("wrong: importance ratios have k-hat {:.2f}, above {:.1f}; the posterior is no Gaussian, use chains", out.khat, options.khat_limit);
  else if (!out.good)
    out.verdict = fmt::format("wrong: weighted by the posterior the quantiles of {} move by {:.2f} sd (k-hat {:.2f}); use chains", furthest->name, shift, out.khat);
  else
    out.verdict = fmt::format("a Gaussian describes the posterior (k-hat {:.2f}, quantiles move by up to {:.2f} sd when weighted)", out.khat, shift);
  return out;
}

void compare(Laplace& approximation, const ChainDiagnostics& chains, double tolerance) {
  if (approximation.parameters.empty()) return;
  bool same = chains.parameters.size() == approximation.parameters.size();
  for (std::size_t i = 0; same && i < chains.parameters.size(); ++i) same = chains.parameters[i].name == approximation.parameters[i].name;
  if (!same) throw InputError("comparison with chains", "the parameters are not the same", "take both from one log density");
  std::string bad;
  for (std::size_t i = 0; i < chains.parameters.size(); ++i) {
    const ParameterDiagnostics& sampled = chains.parameters[i];
    LaplaceParameter& p = approximation.parameters[i];
    const double sd = (sampled.quantiles[2] - sampled.quantiles[0]) / 3.29;
    p.worst_shift = 0;
    p.disagrees = false;
    double where = 0;
    for (std::size_t q = 0; q < summary_probabilities.size(); ++q) {
      const double shift = p.quantiles[q] - sampled.quantiles[q];
      if (std::abs(shift) > std::abs(p.worst_shift) * sd) {
        p.worst_shift = shift / sd;
        where = summary_probabilities[q];
      }
      p.disagrees = p.disagrees || (std::abs(shift) > tolerance * sd && std::abs(shift) > 3 * sampled.quantile_errors[q]);
    }
    p.verdict = p.disagrees ? fmt::format("the {:.2f} quantile is {:.2f} sd {} the chains'", where, std::abs(p.worst_shift), p.worst_shift > 0 ? "above" : "below")
                            : "agrees with the chains";
    if (p.disagrees) bad += (bad.empty() ? "" : ", ") + p.name;
  }
  if (bad.empty()) return;
  approximation.good = false;
  approximation.verdict += "; quantiles disagree with the chains': " + bad;
}

std::vector<Eigen::VectorXd> laplace_starts(const Laplace& approximation, int count, std::uint64_t seed, double widening) {
  HYPED_REQUIRE(approximation.outcome.ok());
  std::vector<Eigen::VectorXd> out;
  for (int k = 0; k < count; ++k) out.push_back(approximation.mode + widening * (approximation.root * standard_normals(seed, k, approximation.mode.size())));
  return out;
}

Eigen::MatrixXd laplace_draws(const LogDensity& density, const Laplace& approximation, int count, std::uint64_t seed) {
  HYPED_REQUIRE(approximation.outcome.ok());
  Eigen::MatrixXd out(count, approximation.mode.size());
  parallel_for(count, [&](int k) {
    out.row(k) = density.natural(approximation.mode + approximation.root * standard_normals(seed, k, approximation.mode.size())).transpose();
  });
  return out;
}

}  // namespace hyped
