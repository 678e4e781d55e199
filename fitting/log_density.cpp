// Bounds by logits, priors, and the guard against values that are not finite.
#include "fitting/log_density.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
double logistic(double x) { return x > 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

}  // namespace

Eigen::VectorXd LogDensity::natural(const Eigen::VectorXd& u) const {
  Eigen::VectorXd values(u.size());
  for (int i = 0; i < u.size(); ++i) values[i] = natural(i, u[i]);
  return values;
}

SpaceDensity::SpaceDensity(ParameterSpace space, const LogLikelihood& function, Priors priors)
    : space_(std::move(space)), lower_(space_.lower()), upper_(space_.upper()), likelihood_(&function), priors_(priors) {
  check(function.parameter_count());
}

SpaceDensity::SpaceDensity(ParameterSpace space, const ResidualFunction& function, Priors priors)
    : space_(std::move(space)), lower_(space_.lower()), upper_(space_.upper()), residuals_(&function), priors_(priors) {
  check(function.parameter_count());
}

void SpaceDensity::check(int parameters) const {
  if (parameters != space_.count())
    throw InputError("log density", fmt::format("the function has {} parameters and the space {}", parameters, space_.count()),
                     "add the parameters that are missing to the space, e.g. the dispersion");
}

double SpaceDensity::search(int i, double u) const {
  const bool below = std::isfinite(lower_[i]), above = std::isfinite(upper_[i]);
  if (below && above) return lower_[i] + (upper_[i] - lower_[i]) * logistic(u);
  if (below) return lower_[i] + std::exp(u);
  return above ? upper_[i] - std::exp(-u) : u;
}

double SpaceDensity::from_search(int i, double theta) const {
  const bool below = std::isfinite(lower_[i]), above = std::isfinite(upper_[i]);
  if (below && above) {
    const double share = std::clamp((theta - lower_[i]) / (upper_[i] - lower_[i]), 1e-3, 1 - 1e-3);
    return std::log(share / (1 - share));
  }
  constexpr double least = 1e-10;
  if (below) return std::log(std::max(theta - lower_[i], least));
  return above ? -std::log(std::max(upper_[i] - theta, least)) : theta;
}

Eigen::VectorXd SpaceDensity::start() const {
  Eigen::VectorXd u = space_.start();
  for (int i = 0; i < dimension(); ++i) u[i] = from_search(i, u[i]);
  return u;
}

Outcome SpaceDensity::evaluate(const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient) const {
  // Kept from call to call, so that a leapfrog step allocates only what the likelihood itself does.
  thread_local Eigen::VectorXd theta, residuals;
  thread_local Eigen::MatrixXd jacobian;
  thread_local LikelihoodValue value;
  theta.resize(u.size());
  for (int i = 0; i < u.size(); ++i) theta[i] = search(i, u[i]);
  if (likelihood_ != nullptr) {
    if (Outcome outcome = likelihood_->evaluate(theta, value, true); !outcome.ok()) return outcome;
    log_density = value.log_likelihood;
    gradient = value.gradient;
  } else {
    residuals.resize(residuals_->residual_count());
    if (Outcome outcome = residuals_->evaluate(theta, residuals, &jacobian); !outcome.ok()) return outcome;
    log_density = -0.5 * residuals.squaredNorm();
    gradient.noalias() = -jacobian.transpose() * residuals;
  }
  for (int i = 0; i < u.size(); ++i) {
    if (const auto& prior = space_[i].prior; prior && priors_ == Priors::add) {
      const auto [z, slope] = prior->row(theta[i]);
      log_density -= 0.5 * z * z;
      gradient[i] -= z * slope;
    }
    const bool below = std::isfinite(lower_[i]), above = std::isfinite(upper_[i]);
    if (below && above) {
      const double width = upper_[i] - lower_[i], share = logistic(u[i]);
      log_density += std::log(width) - softplus(u[i]) - softplus(-u[i]);
      gradient[i] = gradient[i] * width * share * (1 - share) + 1 - 2 * share;
    } else if (below) {
      log_density += u[i];
      gradient[i] = gradient[i] * std::exp(u[i]) + 1;
    } else if (above) {
      log_density -= u[i];
      gradient[i] = gradient[i] * std::exp(-u[i]) - 1;
    }
  }
  return {};
}

Outcome density_at(const LogDensity& density, const Eigen::VectorXd& u, double& log_density, Eigen::VectorXd& gradient) {
  Outcome outcome = density.evaluate(u, log_density, gradient);
  if (outcome.ok() && !(std::isfinite(log_density) && gradient.allFinite()))
    outcome = {Status::not_finite, "the log density or its gradient is not finite"};
  if (!outcome.ok()) log_density = -std::numeric_limits<double>::infinity();
  return outcome;
}

double gradient_error(const LogDensity& density, const Eigen::VectorXd& u, double step) {
  Eigen::VectorXd gradient(u.size()), unused(u.size()), moved = u;
  double at = 0, above = 0, below = 0, worst = 0;
  if (!density_at(density, u, at, gradient).ok()) return std::numeric_limits<double>::infinity();
  const double size = std::max(1.0, gradient.cwiseAbs().maxCoeff());
  for (int i = 0; i < u.size(); ++i) {
    moved[i] = u[i] + step;
    const bool up = density_at(density, moved, above, unused).ok();
    moved[i] = u[i] - step;
    if (!up || !density_at(density, moved, below, unused).ok()) return std::numeric_limits<double>::infinity();
    moved[i] = u[i];
    worst = std::max(worst, std::abs((above - below) / (2 * step) - gradient[i]) / size);
  }
  return worst;
}

}  // namespace hyped
