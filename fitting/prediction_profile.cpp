// Walks the prediction outward by penalised refits, one side at a time.
#include "fitting/prediction_profile.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

double root(double rise) { return std::sqrt(std::max(0.0, rise)); }

// The residuals and one more: weight (g - target).
class Drawn final : public ResidualFunction {
 public:
  Drawn(const ResidualFunction& function, const ScalarPrediction& prediction, double target, double weight)
      : function_(function), prediction_(prediction), target_(target), weight_(weight) {}
  int residual_count() const override { return function_.residual_count() + 1; }
  int parameter_count() const override { return function_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    const Eigen::Index rows = function_.residual_count();
    Eigen::VectorXd own, gradient;
    Eigen::MatrixXd inner;
    double value = 0;
    Outcome outcome = function_.evaluate(theta, own, jacobian != nullptr ? &inner : nullptr);
    if (outcome.ok()) outcome = prediction_(theta, value, jacobian != nullptr ? &gradient : nullptr);
    if (!outcome.ok()) return outcome;
    residuals.resize(rows + 1);
    residuals << own, weight_ * (value - target_);
    if (jacobian != nullptr) {
      jacobian->resize(rows + 1, theta.size());
      *jacobian << inner, weight_ * gradient.transpose();
    }
    return {};
  }

 private:
  const ResidualFunction& function_;
  const ScalarPrediction& prediction_;
  double target_, weight_;
};

class Walk {
 public:
  Walk(const ResidualFunction& function, const ParameterSpace& space, const Eigen::VectorXd& optimum, const NamedPrediction& prediction, double estimate,
       double minimum, double threshold, const ProfileOptions& options)
      : function_(function), space_(space), prediction_(prediction), lower_(space.lower()), upper_(space.upper()), optimum_(optimum), estimate_(estimate),
        minimum_(minimum), threshold_(threshold), edge_(root(threshold)), wanted_(edge_ / options.steps_to_bound), options_(options) {}

  // direction -1 or 1; step: what should rise by `wanted`. Appends the points outward.
  ProfileSide side(int direction, double step, std::vector<ProfilePoint>& points) const {
    ProfilePoint last{estimate_, 0, optimum_, {}}, before = last;
    int failures = 0, stuck = 0;
    const double first = step;
    for (int taken = 0; taken < options_.points_per_side;) {
      ProfilePoint next = drawn(last.value + direction * step, step, last, before, stuck > 0 ? 30 : 1);
      const bool broken = !std::isfinite(next.rise);
      const double reached = broken ? 0 : direction * (next.value - last.value), gained = broken ? 0 : root(next.rise) - root(last.rise);
      if (broken || gained > std::max(2.5 * wanted_, edge_ - root(last.rise) + 3 * wanted_)) {
        step /= broken ? 4 : std::clamp(gained / wanted_, 2.0, 10.0);
        if (++failures < 30 && step > 1e-9 * first) continue;
        if (broken) return {ProfileEnd::failed, last.value, last.rise, newly_at_bounds(space_, last.theta, optimum_)};
      }
      if (next.rise >= threshold_) {
        points.push_back(next);
        return crossing(direction, last, next, points);
      }
      // Drawn by far more than the threshold, it does not come: the parameters' bounds (or the prediction's own form) hold it.
      if (reached < 0.1 * step) {
        if (++stuck > 3 && (reached < 1e-2 * step || step < 1e-3 * std::abs(last.value - estimate_))) {
          if (reached > 0) {
            points.push_back(next);
            last = next;
          }
          return {ProfileEnd::open, last.value, last.rise, newly_at_bounds(space_, last.theta, optimum_)};
        }
        step = std::max(step / 3, 1e-6 * first);
        if (reached <= 0) continue;
      } else stuck = 0;
      ++taken;
      points.push_back(next);
      before = std::move(last);
      last = std::move(next);
      if (stuck == 0) step = reached * std::clamp(gained > 0 ? wanted_ / gained : 3.0, 0.5, 3.0);
    }
    return {ProfileEnd::open, last.value, last.rise, newly_at_bounds(space_, last.theta, optimum_)};
  }

  const SolveLog& solves() const { return solves_; }

 private:
  // The weight makes a miss of a whole step cost a hundred times what a step should rise, squared; `firm` more on request.
  ProfilePoint drawn(double target, double step, const ProfilePoint& last, const ProfilePoint& before, double firm) const {
    const Drawn function(function_, prediction_.value, target, firm * 10 * wanted_ / step);
    Eigen::VectorXd start = last.theta;
    const double gap = last.value - before.value;
    if (std::abs(gap) > 0) start += (last.theta - before.theta) * std::clamp((target - last.value) / gap, -2.0, 2.0);
    start = start.cwiseMax(lower_).cwiseMin(upper_);
    const Record kept = options_.records.job(fmt::format("{}/{}", prediction_.name, points_++), [&] {
      LeastSquaresResult end = least_squares(function, start, lower_, upper_, {}, options_.least_squares);
      SolveLog log;
      log.add(end);
      if (!std::isfinite(end.sum_of_squares)) {
        end = least_squares(function, last.theta, lower_, upper_, {}, options_.least_squares);
        log.add(end);
      }
      Eigen::VectorXd residuals;
      double value = 0, sum = std::numeric_limits<double>::infinity();
      if (std::isfinite(end.sum_of_squares) && function_.evaluate(end.theta, residuals, nullptr).ok() && prediction_.value(end.theta, value, nullptr).ok() && std::isfinite(value))
        sum = residuals.squaredNorm();
      RecordWriter out;
      out << end.theta << (std::isfinite(sum) ? value : target) << sum << log;
      return out.record(end.outcome);
    });
    RecordReader in(kept);
    const Eigen::VectorXd theta = in.vector();
    const double value = in.number(), rise = in.number() - minimum_;
    solves_.add(solves_of(in));
    return {value, rise, theta, kept.outcome};
  }

  // Regula falsi in the root of the rise, which is nearly straight; the target leads the value by the last miss.
  ProfileSide crossing(int direction, ProfilePoint inside, ProfilePoint outside, std::vector<ProfilePoint>& points) const {
    const auto between = [&] {
      const double low = root(inside.rise), high = root(outside.rise);
      return inside.value + std::clamp(high > low ? (edge_ - low) / (high - low) : 0.5, 0.0, 1.0) * (outside.value - inside.value);
    };
    double miss = 0;
    const ProfilePoint* nearest = &outside;
    for (int i = 0; i < 8 && std::abs(root(nearest->rise) - edge_) > 1e-3 * edge_; ++i) {
      const double value = between(), step = std::abs(outside.value - inside.value);
      if (!(step > 1e-12 * std::abs(estimate_))) break;
      const ProfilePoint next = drawn(value + miss, step, inside, outside, 3);
      if (!std::isfinite(next.rise)) break;
      miss += value - next.value;
      const bool within = direction * (next.value - inside.value) > 0 && direction * (outside.value - next.value) > 0;
      if (!within) continue;
      points.insert(points.end() - 1, next);
      const bool below = next.rise < threshold_;
      (below ? inside : outside) = next;
      nearest = below ? &inside : &outside;
    }
    ProfileSide out{ProfileEnd::crossed, between(), threshold_, newly_at_bounds(space_, nearest->theta, optimum_)};
    if (!out.limited_by.empty()) out.end = ProfileEnd::limited;
    return out;
  }

  const ResidualFunction& function_;
  const ParameterSpace& space_;
  const NamedPrediction& prediction_;
  Eigen::VectorXd lower_, upper_, optimum_;
  double estimate_, minimum_, threshold_, edge_, wanted_;
  const ProfileOptions& options_;
  mutable int points_ = 0;      // refits so far: the order is the same in every life of a run
  mutable SolveLog solves_;
};

void judge(PredictionProfile& profile) {
  const auto closed = [](const ProfileSide& side) { return side.end == ProfileEnd::crossed || side.end == ProfileEnd::limited; };
  const bool below = closed(profile.below), above = closed(profile.above);
  profile.identified = below && above;
  if (profile.identified) profile.verdict = "identified";
  else if (profile.below.end == ProfileEnd::failed || profile.above.end == ProfileEnd::failed) profile.verdict = "not decided: the fit broke off before a bound was found";
  else profile.verdict = !below && !above ? "open below and above" : !below ? "open below" : "open above";
  for (const auto* side : {&profile.below, &profile.above}) {
    const char* where = side == &profile.below ? "below" : "above";
    if (side->end == ProfileEnd::limited) profile.verdict += fmt::format("; {} it is limited only by the bounds of {}", where, side->limited_by);
    if (side->end == ProfileEnd::open && !side->limited_by.empty()) profile.verdict += fmt::format("; {} it ends with {} at a bound", where, side->limited_by);
  }
  if (profile.better > 0) profile.verdict += fmt::format("; a fit better by {:.3g} was found, so the optimum was not one", profile.better);
}

}  // namespace

std::vector<PredictionProfile> prediction_profiles(const ResidualFunction& function, const ParameterSpace& space, const Eigen::VectorXd& optimum,
                                                   const std::vector<NamedPrediction>& predictions, const ProfileOptions& options) {
  HYPED_REQUIRE(optimum.size() == space.count() && function.parameter_count() == space.count());
  HYPED_REQUIRE(options.thresholds.empty() || options.thresholds.size() == predictions.size());
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  const Outcome at_optimum = function.evaluate(optimum, residuals, &jacobian);
  std::vector<PredictionProfile> profiles(predictions.size());
  parallel_for(static_cast<int>(predictions.size()), [&](int k) {
    const NamedPrediction& prediction = predictions[static_cast<std::size_t>(k)];
    PredictionProfile& profile = profiles[static_cast<std::size_t>(k)];
    profile.name = prediction.name;
    profile.unit = prediction.unit;
    profile.threshold = options.thresholds.empty() ? options.threshold : options.thresholds[static_cast<std::size_t>(k)];
    Eigen::VectorXd gradient;
    profile.outcome = at_optimum;
    if (at_optimum.ok()) profile.outcome = prediction.value(optimum, profile.estimate, &gradient);
    if (profile.outcome.ok() && !(residuals.allFinite() && jacobian.allFinite() && std::isfinite(profile.estimate) && gradient.allFinite()))
      profile.outcome = {Status::not_finite, "the residuals or the prediction are not finite at the optimum"};
    profile.lower = profile.upper = profile.estimate;
    if (profile.outcome.ok()) {
      const Eigen::VectorXd width = space.upper() - space.lower();
      const Eigen::MatrixXd information = jacobian.transpose() * jacobian + Eigen::MatrixXd(width.array().square().inverse().matrix().asDiagonal());
      profile.linear_sd = std::sqrt(std::max(0.0, gradient.dot(information.ldlt().solve(gradient))));
      if (!(profile.linear_sd > 0)) profile.outcome = {Status::singular, "the prediction does not change with any parameter at the optimum"};
    }
    if (!profile.outcome.ok()) {
      profile.below.end = profile.above.end = ProfileEnd::failed;
      profile.verdict = "not decided: " + profile.outcome.message;
      return;
    }
    const Walk walk(function, space, optimum, prediction, profile.estimate, residuals.squaredNorm(), profile.threshold, options);
    const double step = profile.linear_sd * root(profile.threshold) / options.steps_to_bound;
    std::vector<ProfilePoint> below;
    profile.below = walk.side(-1, step, below);
    if (options.progress != nullptr) options.progress->advance();
    profile.points.assign(below.rbegin(), below.rend());
    profile.points.push_back({profile.estimate, 0, optimum, {}});
    profile.above = walk.side(1, step, profile.points);
    if (options.progress != nullptr) options.progress->advance();
    profile.solves = walk.solves();
    std::stable_sort(profile.points.begin(), profile.points.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    profile.lower = profile.below.bound;
    profile.upper = profile.above.bound;
    for (const auto& point : profile.points)
      if (-point.rise > std::max(profile.better, 1e-3 * profile.threshold)) {
        profile.better = -point.rise;
        profile.better_theta = point.theta;
      }
    if (profile.better > 0) profile.outcome = {Status::not_converged, "a profile of " + profile.name + " found a better fit than the optimum"};
    judge(profile);
  });
  return profiles;
}

}  // namespace hyped
