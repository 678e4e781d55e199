// Newton's method for the negative binomial regression of one gene.
#include "libhyped/expression/replicates/negative_binomial.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

namespace hyped {
namespace {

constexpr double poisson_below = 1e-12, smallest_mean = 1e-4;

double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

// lgamma(x) minus Stirling's main terms, x >= 15
double stirling_rest(double x) {
  const double u = 1 / (x * x);
  return (1.0 / 12 - u * (1.0 / 360 - u * (1.0 / 1260 - u * (1.0 / 1680 - u / 1188)))) / x;
}

// lgamma(r + y) - lgamma(r) - y log r, without cancellation for large r
double log_rising(double r, double y) {
  if (r < 15) return log_gamma(r + y) - log_gamma(r) - y * std::log(r);
  return (r + y - 0.5) * std::log1p(y / r) - y + stirling_rest(r + y) - stirling_rest(r);
}

// the part of the log-likelihood that depends on the mean
double kernel(double y, double eta, double mean, double dispersion) {
  return y * eta - (dispersion < poisson_below ? mean : (y + 1 / dispersion) * std::log1p(dispersion * mean));
}

}  // namespace

double log_negative_binomial(double y, double mean, double dispersion) {
  if (mean <= 0) return y == 0 ? 0 : -std::numeric_limits<double>::infinity();
  const double constant = (dispersion < poisson_below ? 0 : log_rising(1 / dispersion, y)) - log_gamma(y + 1);
  return constant + kernel(y, std::log(mean), mean, dispersion);
}

double negative_binomial_deviance(double y, double mean, double dispersion) {
  const double fit = y > 0 ? y * std::log(y / mean) : 0;
  if (dispersion < poisson_below) return 2 * (fit - (y - mean));
  return std::max(0.0, 2 * (fit - (y + 1 / dispersion) * std::log1p(dispersion * (y - mean) / (1 + dispersion * mean))));
}

double NegativeBinomialFit::se(int coefficient) const {
  const Eigen::VectorXd unit = Eigen::VectorXd::Unit(information.rows(), coefficient);
  const double variance = information.ldlt().solve(unit)[coefficient];
  return variance > 0 ? std::sqrt(variance) : std::numeric_limits<double>::infinity();
}

NegativeBinomialGlm::NegativeBinomialGlm(Eigen::MatrixXd design) : design_(std::move(design)) {
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(design_);
  HYPED_REQUIRE(qr.rank() == design_.cols());
  start_ = qr.solve(Eigen::MatrixXd::Identity(design_.rows(), design_.rows()));
}

void NegativeBinomialGlm::fit(const Eigen::Ref<const Eigen::VectorXd>& y, const Eigen::VectorXd& log_exposure, double dispersion, NegativeBinomialFit& f, bool warm) const {
  const Eigen::Index samples = design_.rows(), p = design_.cols();
  f.outcome = {};
  if (!warm || f.beta.size() != p) f.beta.noalias() = start_ * ((y.array() + 0.5).log().matrix() - log_exposure);
  f.weight.resize(samples), f.trial.resize(p), f.gradient.resize(p), f.mean.resize(samples), f.weighted.resize(samples, p), f.hessian.resize(p, p);
  // means follow beta; returns the mean's part of the log-likelihood
  const auto predict = [&](const Eigen::VectorXd& beta) {
    f.eta.noalias() = design_ * beta;
    f.eta += log_exposure;
    double sum = 0;
    for (Eigen::Index s = 0; s < samples; ++s) {
      f.eta[s] = std::clamp(f.eta[s], -60.0, 60.0);
      f.mean[s] = std::exp(f.eta[s]);
      sum += kernel(y[s], f.eta[s], f.mean[s], dispersion);
    }
    return sum;
  };
  double value = predict(f.beta);
  bool settled = false;
  for (f.iterations = 0; f.iterations < 200 && !settled; ++f.iterations) {
    for (Eigen::Index s = 0; s < samples; ++s) f.weight[s] = (y[s] - f.mean[s]) / (1 + dispersion * f.mean[s]);
    f.gradient.noalias() = design_.transpose() * f.weight;
    for (Eigen::Index s = 0; s < samples; ++s) {
      const double d = 1 + dispersion * f.mean[s];
      f.weight[s] = f.mean[s] * (1 + dispersion * y[s]) / (d * d);
    }
    f.weighted.noalias() = f.weight.asDiagonal() * design_;
    f.hessian.noalias() = design_.transpose() * f.weighted;
    f.hessian.diagonal().array() += 1e-14 * f.hessian.diagonal().maxCoeff();      // a group without counts has no curvature left
    f.factor.compute(f.hessian);
    f.step = f.factor.solve(f.gradient);
    const double rise = 0.5 * f.gradient.dot(f.step);      // expected of this step
    if (!std::isfinite(rise)) {
      f.outcome = {Status::not_finite, "the regression of a gene left the numbers"};
      return;
    }
    settled = rise < 1e-10;
    double share = std::min(1.0, 8 / std::max(8.0, f.step.cwiseAbs().maxCoeff()));
    for (int half = 0; half < 40; ++half, share *= 0.5) {
      f.trial = f.beta + share * f.step;
      const double next = predict(f.trial);
      if (next >= value - 1e-12 * (1 + std::abs(value))) {
        value = next;
        break;
      }
    }
    f.beta.swap(f.trial);
  }
  if (!settled) f.outcome = {Status::not_converged, "the regression of a gene did not settle in 200 steps"};
  f.log_likelihood = f.deviance = 0;
  for (Eigen::Index s = 0; s < samples; ++s) {
    f.log_likelihood += log_negative_binomial(y[s], f.mean[s], dispersion);
    f.deviance += negative_binomial_deviance(y[s], f.mean[s], dispersion);
    const double m = std::max(f.mean[s], smallest_mean);
    f.weight[s] = m / (1 + dispersion * m);
  }
  f.weighted.noalias() = f.weight.asDiagonal() * design_;
  f.hessian.noalias() = design_.transpose() * f.weighted;
  f.factor.compute(f.hessian);
  f.log_determinant = f.factor.vectorD().array().abs().log().sum();
  for (Eigen::Index s = 0; s < samples; ++s) f.weight[s] = f.mean[s] / (1 + dispersion * f.mean[s]);
  f.weighted.noalias() = f.weight.asDiagonal() * design_;
  f.information.noalias() = design_.transpose() * f.weighted;
}

}  // namespace hyped
