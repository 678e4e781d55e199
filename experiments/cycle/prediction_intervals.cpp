// How far the training arms let the predicted totals of a held-out arm go.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/cycle/predict.hpp"
#include "fitting/variance_components.hpp"

namespace hyped {

std::vector<PredictionInterval> prediction_intervals(const CycleFit& fitted, const AnchoredWell& well, const PredictSettings& settings, const Records& records, Outcome& outcome) {
  const CycleProblem& problem = *fitted.problem;
  const ProcessFit& fit = fitted.fit;
  const int last = static_cast<int>(well.times_h().size()) - 1, count = std::min(settings.interval_times, last);
  if (count < 1 || problem.quantity() == Quantity::fraction) return {};      // fractions have no totals
  const AnchoredCourse at_fit = well.at(fit.theta, true);
  outcome = at_fit.outcome;
  if (!outcome.ok()) return {};
  const auto frozen = frozen_residuals(problem, fit, outcome);
  if (!outcome.ok()) return {};
  std::vector<PredictionInterval> out(static_cast<std::size_t>(count));
  std::vector<NamedPrediction> predictions;
  ProfileOptions options;
  options.records = records;
  options.points_per_side = 20;
  options.steps_to_bound = 3;
  options.least_squares.function_tolerance = 1e-8;
  Progress progress("sides of prediction profiles", 2L * count);
  options.progress = &progress;
  for (int k = 0; k < count; ++k) {
    const int row = (2 * last * (k + 1) + count) / (2 * count);
    PredictionInterval& interval = out[static_cast<std::size_t>(k)];
    interval.time_h = well.times_h()[static_cast<std::size_t>(row)];
    interval.degrees = satterthwaite(fit.mixed, fit.identifiability.covariance, at_fit.by_theta.row(row).transpose());
    options.thresholds.push_back(std::pow(t_quantile_975(interval.degrees), 2));
    predictions.push_back({fmt::format("log total of {} at {:.4g} h", settings.held_out, interval.time_h), "log fold", [&well, row](const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) {
                             const AnchoredCourse course = well.at(theta, gradient != nullptr);
                             if (!course.outcome.ok()) return course.outcome;
                             value = course.log_fold[row];
                             if (gradient != nullptr) *gradient = course.by_theta.row(row).transpose();
                             return Outcome{};
                           }});
  }
  const auto profiles = prediction_profiles(*frozen, problem.space(), fit.theta, predictions, options);
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k].profile = profiles[k];
    const double reach = std::sqrt(options.thresholds[k]) * profiles[k].linear_sd;
    out[k].linear_lower = profiles[k].estimate - reach;
    out[k].linear_upper = profiles[k].estimate + reach;
  }
  return out;
}

}  // namespace hyped
