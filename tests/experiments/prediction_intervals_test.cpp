// Intervals of a held-out arm's totals are exact: at their ends the best fit that predicts them is worse by the threshold.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/cycle/predict.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/small_scenario.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// Two arrests that are seen separately, in wells so small that how deep they are is only known roughly.
const std::string scenario_text = small_scenario + R"([[step]]
input = "other"
from_h = 6
[[arm]]
condition = "single"
inputs = ["other"]
[[arm]]
condition = "dual"
inputs = ["drug", "other"]
[[effect]]
name = "other_on_division"
inputs = ["other"]
rates = ["division"]
[[random_effect]]
name = "well_rate_variance"
parameters = ["division"]
[fit]
starts = 2
block_h = 0
[predict]
held_out = "dual"
control = "control"
singles = ["drug", "single"]
interval_times = 2
[twin]
wells = {control = 2, drug = 2, single = 2, dual = 2}
cells_per_well = 12
seeding_spread = 0
missed = 0
frame_interval_h = 6
until_h = 36
truth = {g1_exit = 0.08, division = 0.08, drug_on_g1_exit = -2.2, other_on_division = -2.2, "start_S/G2/M" = 0.6}
)";

// What a fit that predicts `target` costs: all parameters refitted, held to it by a weight that leaves no room.
class Held final : public ResidualFunction {
 public:
  Held(const ResidualFunction& data, const CycleProblem& problem, const Arm& arm, std::vector<double> times, double target) : data_(data), problem_(problem), arm_(arm), times_(std::move(times)), target_(target) {}
  int residual_count() const override { return data_.residual_count() + 1; }
  int parameter_count() const override { return data_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    Eigen::VectorXd own;
    Eigen::MatrixXd inner;
    if (const Outcome outcome = data_.evaluate(theta, own, jacobian != nullptr ? &inner : nullptr); !outcome.ok()) return outcome;
    const UnitMean mean = problem_.mean_at(arm_, times_, theta, true);
    const int classes = problem_.class_count();
    const double from = mean.mean.head(classes).sum(), to = mean.mean.tail(classes).sum();
    residuals.resize(residual_count());
    residuals << own, weight * (std::log(to / from) - target_);
    if (jacobian == nullptr) return {};
    jacobian->resize(residual_count(), theta.size());
    *jacobian << inner, weight * (mean.by_theta.bottomRows(classes).colwise().sum() / to - mean.by_theta.topRows(classes).colwise().sum() / from);
    return {};
  }

 private:
  static constexpr double weight = 1e5;
  const ResidualFunction& data_;
  const CycleProblem& problem_;
  const Arm& arm_;
  std::vector<double> times_;
  double target_;
};

}  // namespace

TEST_CASE("the ends of a prediction interval cost exactly the threshold, and the linearised ones do not") {
  const CommandFolder folder;
  folder.write("scenario.toml", scenario_text);
  const Scenario scenario = read_scenario(folder.path() / "scenario.toml");
  const PhaseCounts counts = simulate_twin(scenario.setup, *scenario.twin, 3).counts;
  const ArmPrediction prediction = predict_arm(scenario, counts, *scenario.predict);
  REQUIRE(prediction.intervals.size() == 2);
  CHECK(prediction.intervals[0].time_h == Approx(24));
  CHECK(prediction.intervals[1].time_h == 36);
  const CycleProblem& problem = *prediction.fitted.problem;
  const ProcessFit& fit = prediction.fitted.fit;
  Outcome outcome;
  const auto frozen = frozen_residuals(problem, fit, outcome);
  REQUIRE(outcome.ok());
  Eigen::VectorXd residuals;
  REQUIRE(frozen->evaluate(fit.theta, residuals, nullptr).ok());
  const auto rise_at = [&](const PredictionInterval& interval, double target) {
    const Held held(*frozen, problem, problem.setup().unseen_arms[0], {prediction.times_h.front(), interval.time_h}, target);
    const LeastSquaresResult end = least_squares(held, fit.theta, problem.space().lower(), problem.space().upper());
    Eigen::VectorXd at;
    CHECK(held.evaluate(end.theta, at, nullptr).ok());
    CHECK(std::abs(at.tail(1)[0]) < 1);      // 1e-5 of log fold beside the target
    return at.head(at.size() - 1).squaredNorm() - residuals.squaredNorm();
  };
  for (const PredictionInterval& interval : prediction.intervals) {
    const PredictionProfile& p = interval.profile;
    INFO(interval.time_h << " h: " << p.lower << " " << p.estimate << " " << p.upper << "; linear " << interval.linear_lower << " " << interval.linear_upper << "; degrees " << interval.degrees << "; " << p.verdict);
    CHECK(p.estimate == Approx(std::log(prediction.mean[static_cast<std::size_t>(std::find(prediction.times_h.begin(), prediction.times_h.end(), interval.time_h) - prediction.times_h.begin())])).epsilon(1e-9));
    CHECK(p.threshold == Approx(std::pow(t_quantile_975(interval.degrees), 2)));
    REQUIRE(p.identified);
    CHECK(rise_at(interval, p.lower) == Approx(p.threshold).epsilon(0.01));
    CHECK(rise_at(interval, p.upper) == Approx(p.threshold).epsilon(0.01));
    CHECK(rise_at(interval, interval.linear_lower) > 5 * p.threshold);      // so near to no growth at all
    CHECK(rise_at(interval, interval.linear_upper) > 1.03 * p.threshold);
    CHECK_THAT(p.verdict, Catch::Contains("below it is limited only by the bounds of other_on_division"));
  }
}
