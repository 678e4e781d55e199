// Information of data and priors, split.
#include "fitting/networks/evidence/edge_identifiability.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double two_sided = normal_quantile_of(0.975);

// The function with one more residual that holds the functional at a value.
class Held final : public ResidualFunction {
 public:
  Held(const ResidualFunction& function, const NetworkFunctional& functional, double value, double stiffness) : function_(function), functional_(functional), value_(value), stiffness_(stiffness) {}
  int residual_count() const override { return function_.residual_count() + 1; }
  int parameter_count() const override { return function_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    Eigen::VectorXd inner, gradient;
    Eigen::MatrixXd by;
    Outcome outcome = function_.evaluate(theta, inner, jacobian ? &by : nullptr);
    if (!outcome.ok()) return outcome;
    double value = 0;
    outcome = functional_(theta, value, jacobian ? &gradient : nullptr);
    if (!outcome.ok()) return outcome;
    residuals.resize(inner.size() + 1);
    residuals << inner, stiffness_ * (value - value_);
    if (jacobian) {
      jacobian->resize(by.rows() + 1, by.cols());
      *jacobian << by, stiffness_ * gradient.transpose();
    }
    return {};
  }

 private:
  const ResidualFunction& function_;
  const NetworkFunctional& functional_;
  double value_, stiffness_;
};

// Verdict, and which of its criteria were met and which not.
void judge(EdgeEvidence& out, const EdgeThresholds& thresholds) {
  if (!std::isfinite(out.sd)) {
    out.verdict = EdgeVerdict::prior_only;
    out.why = "neither data nor prior say anything of it";
    return;
  }
  const double most = 1 - thresholds.data_share, share = out.prior_share();
  std::vector<std::string> met, failed;
  const auto sort = [&](bool ok, std::string words) { (ok ? met : failed).push_back(std::move(words)); };
  sort(std::abs(out.z) >= thresholds.z, fmt::format("z {:.1f} (at least {:g})", std::abs(out.z), thresholds.z));
  sort(out.data_share >= thresholds.data_share, fmt::format("prior's share {:.0f} % (at most {:.0f} %)", 100 * share, 100 * most));
  sort(out.null_share <= thresholds.null_share,
       fmt::format("{:.0f} % of it where the prior outweighs the data (at most {:.0f} %)", 100 * out.null_share, 100 * thresholds.null_share));
  const bool prior = out.data_share < thresholds.weak_share;
  out.verdict = prior ? EdgeVerdict::prior_only : failed.empty() ? EdgeVerdict::determined : EdgeVerdict::weakly_determined;
  out.why = failed.empty() ? "" : fmt::format("failed: {}", fmt::join(failed, ", "));
  if (prior) out.why += fmt::format(" (above {:.0f} %: prior only)", 100 * (1 - thresholds.weak_share));
  if (!met.empty()) out.why += fmt::format("{}met: {}", out.why.empty() ? "" : "; ", fmt::join(met, ", "));
}

}  // namespace

const char* to_string(EdgeVerdict verdict) { return verdict == EdgeVerdict::determined ? "determined" : verdict == EdgeVerdict::weakly_determined ? "weakly determined" : "prior only"; }

std::string verdict_rule(const EdgeThresholds& t, const std::string& prior) {
  return fmt::format("Determined: z, the distance from no effect in standard deviations, is {:g} or more, the share of {} (its part of the information: the variance that is left over the prior's) is "
                     "at most {:.0f} %, and at most {:.0f} % of the edge lies in directions where {} outweighs the data. Weakly determined: one of the three fails, and the share of {} is at most {:.0f} %; "
                     "an edge with a large z may fail by that share alone, and its size then rests on {}. Prior only: that share is above {:.0f} %, whatever z is. The column 'why' names what failed.",
                     t.z, prior, 100 * (1 - t.data_share), 100 * t.null_share, prior, prior, 100 * (1 - t.weak_share), prior, 100 * (1 - t.weak_share));
}

NetworkEvidence::NetworkEvidence(const Eigen::VectorXd& theta, const Eigen::MatrixXd& jacobian, int data_rows, const Eigen::VectorXd& prior_sd, std::vector<std::string> names, const Eigen::MatrixXd* residual_covariance) : theta_(theta), prior_sd_(prior_sd), names_(std::move(names)) {
  const Eigen::Index count = theta.size();
  HYPED_REQUIRE(jacobian.cols() == count && prior_sd.size() == count && data_rows <= jacobian.rows());
  // scaled by the prior's width; a parameter without one by its own information, so that no unit matters
  Eigen::VectorXd scale(count);
  const Eigen::MatrixXd data = jacobian.topRows(data_rows);
  const Eigen::MatrixXd information = data.transpose() * data;
  Eigen::VectorXd precision(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const bool prior = std::isfinite(prior_sd[i]);
    scale[i] = prior ? prior_sd[i] : information(i, i) > 0 ? 1 / std::sqrt(information(i, i)) : 1;
    precision[i] = prior ? 1 : 0;
  }
  const Eigen::MatrixXd scaled = scale.asDiagonal() * information * scale.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> of_data(scaled);
  spectrum_.eigenvalues = of_data.eigenvalues().reverse();
  null_share_ = Eigen::VectorXd::Zero(count);
  for (Eigen::Index e = 0; e < count; ++e) {
    if (of_data.eigenvalues()[e] > 1) ++spectrum_.determined;
    else null_share_ += of_data.eigenvectors().col(e).cwiseAbs2();
  }
  const Eigen::MatrixXd both = scaled + Eigen::MatrixXd(precision.asDiagonal());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> of_both(both);
  const double floor = 1e-12 * std::max(1e-300, of_both.eigenvalues().maxCoeff());
  Eigen::VectorXd inverse(count), lost = Eigen::VectorXd::Zero(count);
  for (Eigen::Index e = 0; e < count; ++e) {
    const bool nothing = !(of_both.eigenvalues()[e] > floor);
    inverse[e] = nothing ? 0 : 1 / of_both.eigenvalues()[e];
    if (nothing) lost += of_both.eigenvectors().col(e).cwiseAbs2();
  }
  covariance_ = scale.asDiagonal() * (of_both.eigenvectors() * inverse.asDiagonal() * of_both.eigenvectors().transpose()) * scale.asDiagonal();
  if (residual_covariance) {
    HYPED_REQUIRE(residual_covariance->rows() == data_rows && residual_covariance->cols() == data_rows);
    const Eigen::MatrixXd pulled = data * covariance_, of_prior = precision.cwiseQuotient(scale.cwiseAbs2()).asDiagonal() * covariance_;      // estimates move by covariance J' r
    covariance_ = Eigen::MatrixXd(pulled.transpose() * *residual_covariance * pulled + covariance_ * of_prior);
  }
  free_.resize(static_cast<std::size_t>(count));
  for (Eigen::Index i = 0; i < count; ++i) free_[static_cast<std::size_t>(i)] = lost[i] > 1e-6;
}

double NetworkEvidence::sd(int parameter) const { return is_free(parameter) ? infinity : std::sqrt(std::max(0.0, covariance_(parameter, parameter))); }
double NetworkEvidence::sd_of(const Eigen::VectorXd& gradient) const {
  for (Eigen::Index i = 0; i < gradient.size(); ++i)
    if (free_[static_cast<std::size_t>(i)] && gradient[i] != 0) return infinity;
  return std::sqrt(std::max(0.0, gradient.dot(covariance_ * gradient)));
}

EdgeEvidence NetworkEvidence::edge(int parameter, double no_effect, const EdgeThresholds& thresholds) const {
  EdgeEvidence out;
  out.name = names_[static_cast<std::size_t>(parameter)];
  out.index = parameter;
  out.estimate = theta_[parameter];
  out.sd = sd(parameter);
  out.lower = out.estimate - two_sided * out.sd;
  out.upper = out.estimate + two_sided * out.sd;
  out.prior_sd = prior_sd_[parameter];
  out.z = std::isfinite(out.sd) && out.sd > 0 ? (out.estimate - no_effect) / out.sd : 0;
  out.data_share = is_free(parameter) ? 0 : std::isfinite(out.prior_sd) ? std::clamp(1 - out.sd * out.sd / (out.prior_sd * out.prior_sd), 0.0, 1.0) : 1;
  out.null_share = null_share_[parameter];
  judge(out, thresholds);
  return out;
}

EdgeEvidence with_refits(EdgeEvidence out, const RandomisedRefits& refits, double no_effect, const EdgeThresholds& thresholds) {
  HYPED_REQUIRE(out.index < refits.sd.size());
  out.refitted = true;
  out.estimate = refits.mean[out.index];      // of the same draws as sd, interval and verdict
  out.sd = refits.sd[out.index], out.lower = refits.lower[out.index], out.upper = refits.upper[out.index];
  out.z = out.sd > 0 ? (refits.mean[out.index] - no_effect) / out.sd : 0.0;
  if (std::isfinite(out.prior_sd)) out.data_share = std::clamp(1 - out.sd * out.sd / (out.prior_sd * out.prior_sd), 0.0, 1.0);
  judge(out, thresholds);
  return out;
}

PredictedNumber predicted(const std::string& name, double estimate, const Eigen::VectorXd& gradient, const NetworkEvidence& evidence) {
  PredictedNumber out{name, estimate, evidence.sd_of(gradient), 0, 0, true};
  out.identified = std::isfinite(out.sd);
  if (!out.identified) out.sd = 0;
  out.lower = out.identified ? estimate - two_sided * out.sd : -infinity;
  out.upper = out.identified ? estimate + two_sided * out.sd : infinity;
  return out;
}

FunctionalProfile profile_functional(const ResidualFunction& function, const Eigen::VectorXd& optimum, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const NetworkFunctional& functional, double linear_sd,
                                     const FunctionalProfileOptions& options) {
  FunctionalProfile out;
  Eigen::VectorXd residuals;
  out.outcome = function.evaluate(optimum, residuals, nullptr);
  if (out.outcome.ok()) out.outcome = functional(optimum, out.estimate, nullptr);
  if (!out.outcome.ok()) return out;
  if (!(linear_sd > 0) || !std::isfinite(linear_sd)) {
    out.outcome = {Status::not_identifiable, "the functional has no standard deviation: nothing determines it"};
    return out;
  }
  const double base = residuals.squaredNorm(), stiffness = 300 / linear_sd;
  out.points.emplace_back(out.estimate, 0);
  for (const int side : {-1, 1}) {
    Eigen::VectorXd theta = optimum;
    double value = out.estimate, rise = 0;
    bool closed = false;
    for (int n = 1; n <= options.points_per_side && !closed; ++n) {
      const double target = out.estimate + side * linear_sd * std::min(options.widest, n <= 4 ? 0.65 * n : 2.6 * std::pow(1.3, n - 4));
      const Held held(function, functional, target, stiffness);
      LeastSquaresOptions settings;
      settings.iteration_limit = options.iterations;
      settings.function_tolerance = 1e-9;
      const LeastSquaresResult fit = least_squares(held, theta, lower, upper, {}, settings);
      double reached = 0;
      if (fit.sum_of_squares == infinity || !functional(fit.theta, reached, nullptr).ok() || !function.evaluate(fit.theta, residuals, nullptr).ok()) {
        out.outcome = {Status::not_converged, "a refit of the profile failed"};
        break;
      }
      const double now = residuals.squaredNorm() - base;
      if (now < -0.01 * options.threshold) {
        out.outcome = {Status::not_converged, fmt::format("the fit is not the optimum: with the profiled number held at {:.4g} the sum of squares is lower by {:.3g}", reached, -now)};
        break;
      }
      if (!fit.outcome.ok()) {      // where it stopped is no minimum, and its rise no profile
        out.outcome = {Status::not_converged, fmt::format("a refit of the profile at {:.4g} did not converge: {}", target, fit.outcome.message)};
        break;
      }
      theta = fit.theta;
      out.points.emplace_back(reached, now);
      if (now >= options.threshold) {      // linear in the signed root of the rise
        const double a = std::sqrt(std::max(0.0, rise)), b = std::sqrt(now), share = (std::sqrt(options.threshold) - a) / (b - a);
        (side < 0 ? out.lower : out.upper) = value + share * (reached - value);
        closed = true;
      }
      value = reached, rise = now;
      if (std::abs(target - out.estimate) >= options.widest * linear_sd) break;
    }
    if (!closed) (side < 0 ? out.lower : out.upper) = side * infinity;
    (side < 0 ? out.closed_below : out.closed_above) = closed;
  }
  std::sort(out.points.begin(), out.points.end());
  return out;
}

}  // namespace hyped
