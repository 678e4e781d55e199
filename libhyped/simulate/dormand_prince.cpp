// Error norms and step control of the explicit method.
#include "libhyped/simulate/dormand_prince.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {

double block_norm(const double* v, const double* y, const double* other, Eigen::Index states, const std::vector<double>& block_scale,
                  double absolute, double relative) {
  double worst = 0, sum = 0;
  for (Eigen::Index i = 0; i < states; ++i) {
    const double part = std::abs(v[i]) / (absolute + relative * std::max(std::abs(y[i]), std::abs(other[i])));
    worst = std::max(worst, part);
    sum += part;
  }
  for (std::size_t b = 0; b < block_scale.size(); ++b) {
    const Eigen::Index from = states * static_cast<Eigen::Index>(b + 1);
    double size = 0, error = 0;
    for (Eigen::Index i = from; i < from + states; ++i) {
      size = std::max({size, std::abs(y[i]), std::abs(other[i])});
      error = std::max(error, std::abs(v[i]));
      sum += v[i];
    }
    worst = std::max(worst, error / (absolute * block_scale[b] + relative * size));
  }
  return std::isfinite(sum) && std::isfinite(worst) ? worst : std::numeric_limits<double>::infinity();
}

DormandPrince::DormandPrince(Eigen::Index states, std::vector<double> block_scale, const OdeOptions& options)
    : options_(options), states_(states), block_scale_(std::move(block_scale)) {
  const Eigen::Index n = states * static_cast<Eigen::Index>(1 + block_scale_.size());
  k_.setZero(n, 7);
  next_.setZero(n);
  error_.setZero(n);
  sixth_.setZero(states);
}

// After an accepted step: the last two stages share a time, so their difference estimates h |lambda| of the dominant eigenvalue
// (Hairer & Wanner II, IV.2). k_.col(0) belongs to the new state y already.
void DormandPrince::note_stiffness(double h, const Eigen::VectorXd& y) {
  const double slopes = (k_.col(0).head(states_) - k_.col(5).head(states_)).squaredNorm();
  const double distance = (y.head(states_) - sixth_).squaredNorm();
  if (!(distance > 0)) return;
  if (h * std::sqrt(slopes / distance) > 2.6) {
    calm_steps_ = 0;
    ++stiff_steps_;
  } else if (++calm_steps_ == 6) {
    stiff_steps_ = calm_steps_ = 0;
  }
}

double DormandPrince::factor(double error) const {
  const double shrink = std::pow(std::max(error, 1e-10), 0.17) / std::pow(previous_error_, 0.04) / 0.9;
  return 1 / std::clamp(shrink, 0.1, 5.0);
}

double DormandPrince::scaled_norm(const Eigen::Ref<const Eigen::VectorXd>& v, const Eigen::VectorXd& y) const {
  return block_norm(v.data(), y.data(), y.data(), states_, block_scale_, options_.absolute_tolerance, options_.relative_tolerance);
}

double DormandPrince::error_norm(double h, const Eigen::VectorXd& y) {
  error_ = h * (71.0 / 57600 * k_.col(0) - 71.0 / 16695 * k_.col(2) + 71.0 / 1920 * k_.col(3) - 17253.0 / 339200 * k_.col(4) +
                22.0 / 525 * k_.col(5) - 1.0 / 40 * k_.col(6));
  return block_norm(error_.data(), y.data(), next_.data(), states_, block_scale_, options_.absolute_tolerance,
                    options_.relative_tolerance);
}

}  // namespace hyped
