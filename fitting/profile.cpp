// Walks outward from the optimum, one parameter and side at a time.
#include "fitting/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

// A profile crosses smoothly in the signed root of the rise: a parabola becomes a straight line.
double root(double rise) { return std::sqrt(std::max(0.0, rise)); }

class Walk {
 public:
  Walk(const ResidualFunction& function, const ParameterSpace& space, const Eigen::VectorXd& optimum, double minimum, double threshold,
       const ProfileOptions& options)
      : function_(function), space_(space), lower_(space.lower()), upper_(space.upper()), optimum_(optimum), minimum_(minimum),
        threshold_(threshold), options_(options) {}

  // direction -1 or 1; first: a step that should rise by about one. Appends the points outward.
  ProfileSide side(int parameter, int direction, double first, std::vector<ProfilePoint>& points) const {
    const double edge = direction < 0 ? lower_[parameter] : upper_[parameter];
    const double width = upper_[parameter] - lower_[parameter], shortest = 1e-7 * width;
    ProfilePoint last{optimum_[parameter], 0, optimum_, {}}, before = last;
    ProfileSide out{ProfileEnd::open, last.value, 0, ""};
    if (std::abs(edge - last.value) <= 1e-12 * width) return out;
    const double wanted = root(threshold_) / options_.steps_to_bound;
    double step = std::clamp(first, 1e-4 * width, width / 4);
    for (int taken = 0; taken < options_.points_per_side;) {
      double value = last.value + direction * step;
      const bool at_edge = direction * (edge - value) <= 0.01 * step;
      if (at_edge) value = edge;
      ProfilePoint next = refit(parameter, value, last, before);
      const bool broken = !std::isfinite(next.rise);
      const double gained = broken ? std::numeric_limits<double>::infinity() : root(next.rise) - root(last.rise);
      if (gained > 2.5 * wanted && step > shortest && (broken || next.rise > threshold_ + 3 * wanted * root(threshold_) || gained > 6 * wanted)) {
        step = std::max(shortest, broken ? step / 4 : step * std::clamp(wanted / gained, 0.1, 0.5));
        if (step > shortest) continue;
      }
      if (broken) {
        out = {ProfileEnd::failed, last.value, last.rise, ""};
        return out;
      }
      ++taken;
      points.push_back(next);
      if (next.rise >= threshold_) return crossing(parameter, last, next, points);
      before = std::move(last);
      last = std::move(next);
      out.bound = last.value;
      out.rise = last.rise;
      if (at_edge) return out;
      step *= std::clamp(gained > 0 ? wanted / gained : 3.0, 0.5, 3.0);
      // never creep: where the rise does not lead to the threshold, what is left of the points must be able to reach the edge
      if (taken >= 2 * options_.steps_to_bound) step = std::max(step, direction * (edge - last.value) / std::max(1, options_.points_per_side - taken) * 0.5);
    }
    // The last point goes to the edge itself: an open side is only said to be open when the edge was seen.
    ProfilePoint end = refit(parameter, edge, last, before);
    if (!std::isfinite(end.rise)) return {ProfileEnd::failed, last.value, last.rise, ""};
    points.push_back(end);
    if (end.rise >= threshold_) return crossing(parameter, last, end, points);
    return {ProfileEnd::open, edge, end.rise, ""};
  }

  const SolveLog& solves() const { return solves_; }

 private:
  ProfilePoint refit(int parameter, double value, const ProfilePoint& last, const ProfilePoint& before) const {
    Eigen::VectorXd start = last.theta;
    const double gap = last.value - before.value;
    if (std::abs(gap) > 0) start += (last.theta - before.theta) * std::clamp((value - last.value) / gap, -2.0, 2.0);
    start = start.cwiseMax(lower_).cwiseMin(upper_);
    start[parameter] = value;
    const Record kept = options_.records.job(fmt::format("{}/{}", space_[parameter].name, points_++), [&] {
      LeastSquaresResult end = least_squares(function_, start, lower_, upper_, {parameter}, options_.least_squares);
      SolveLog log;
      log.add(end);
      if (!std::isfinite(end.sum_of_squares)) {      // the extrapolation may have left what can be evaluated
        start = last.theta;
        start[parameter] = value;
        end = least_squares(function_, start, lower_, upper_, {parameter}, options_.least_squares);
        log.add(end);
      }
      RecordWriter out;
      out << end.theta << end.sum_of_squares << log;
      return out.record(end.outcome);
    });
    RecordReader in(kept);
    const Eigen::VectorXd theta = in.vector();
    const double rise = in.number() - minimum_;
    solves_.add(solves_of(in));
    return {value, rise, theta, kept.outcome};
  }

  ProfileSide crossing(int parameter, const ProfilePoint& inside, const ProfilePoint& outside, std::vector<ProfilePoint>& points) const {
    auto between = [&](const ProfilePoint& a, const ProfilePoint& b) {
      const double low = root(a.rise), high = root(b.rise);
      const double share = high > low ? (root(threshold_) - low) / (high - low) : 0.5;
      return a.value + std::clamp(share, 0.0, 1.0) * (b.value - a.value);
    };
    const double guess = between(inside, outside);
    double bound = guess;
    ProfilePoint refined = refit(parameter, guess, inside, outside);
    const ProfilePoint* at = &outside;
    if (std::isfinite(refined.rise)) {
      bound = refined.rise < threshold_ ? between(refined, outside) : between(inside, refined);
      points.insert(points.end() - 1, refined);
      at = &refined;
    }
    ProfileSide out{ProfileEnd::crossed, bound, threshold_, ""};
    out.limited_by = newly_at_bounds(space_, at->theta, optimum_, parameter);
    if (!out.limited_by.empty()) out.end = ProfileEnd::limited;
    return out;
  }

  const ResidualFunction& function_;
  const ParameterSpace& space_;
  Eigen::VectorXd lower_, upper_, optimum_;
  double minimum_, threshold_;
  const ProfileOptions& options_;
  mutable int points_ = 0;      // refits so far: the order is the same in every life of a run
  mutable SolveLog solves_;
};

void judge(Profile& profile, const ProfileOptions& options) {
  auto closed = [](const ProfileSide& side) { return side.end == ProfileEnd::crossed || side.end == ProfileEnd::limited; };
  double highest = 0;
  for (const auto& point : profile.points) highest = std::max(highest, point.rise);
  const bool below = closed(profile.below), above = closed(profile.above);
  profile.identified = below && above;
  profile.flat = profile.below.end == ProfileEnd::open && profile.above.end == ProfileEnd::open && highest < options.flat_rise * profile.threshold;
  if (profile.flat) profile.verdict = "structurally flat: the fit is as good anywhere within the bounds";
  else if (profile.identified) profile.verdict = "identified";
  else if (profile.below.end == ProfileEnd::failed || profile.above.end == ProfileEnd::failed) profile.verdict = "not decided: the fit broke off before a bound was found";
  else profile.verdict = !below && !above ? "practically open below and above" : !below ? "practically open below" : "practically open above";
  for (const auto* side : {&profile.below, &profile.above})
    if (side->end == ProfileEnd::limited)
      profile.verdict += fmt::format("; {} it is limited only by the bounds of {}", side == &profile.below ? "below" : "above", side->limited_by);
  if (profile.better > 0)
    profile.verdict += fmt::format("; a fit better by {:.3g} was found, so the optimum was not one", profile.better);
}

}  // namespace

std::string newly_at_bounds(const ParameterSpace& space, const Eigen::VectorXd& theta, const Eigen::VectorXd& optimum, int except) {
  const Eigen::VectorXd lower = space.lower(), upper = space.upper();
  std::string names;
  for (int i = 0; i < space.count(); ++i) {
    if (i == except) continue;
    const double edge = 1e-6 * (upper[i] - lower[i]);
    const auto stands = [&](const Eigen::VectorXd& at) { return at[i] - lower[i] <= edge || upper[i] - at[i] <= edge; };
    if (stands(theta) && !stands(optimum)) names += (names.empty() ? "" : ", ") + space[i].name;
  }
  return names;
}

std::vector<Profile> profile_likelihood(const ResidualFunction& function, const ParameterSpace& space, const Eigen::VectorXd& optimum,
                                        std::vector<int> which, const ProfileOptions& options) {
  HYPED_REQUIRE(optimum.size() == space.count() && (options.thresholds.empty() || static_cast<int>(options.thresholds.size()) == space.count()));
  if (which.empty())
    for (int i = 0; i < space.count(); ++i) which.push_back(i);
  std::vector<Profile> profiles(which.size());
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  const Outcome at_optimum = function.evaluate(optimum, residuals, &jacobian);
  const double minimum = residuals.squaredNorm();
  const Eigen::MatrixXd information = at_optimum.ok() ? Eigen::MatrixXd(jacobian.transpose() * jacobian) : Eigen::MatrixXd();
  parallel_for(static_cast<int>(which.size()), [&](int w) {
    const int i = which[w];
    Profile& profile = profiles[w];
    profile.parameter = i;
    profile.name = space[i].name;
    profile.unit = space[i].unit;
    profile.estimate = space.natural(i, optimum[i]);
    profile.threshold = options.thresholds.empty() ? options.threshold : options.thresholds[i];
    profile.lower = space[i].lower;
    profile.upper = space[i].upper;
    if (!at_optimum.ok() || !std::isfinite(minimum)) {
      profile.outcome = at_optimum.ok() ? Outcome{Status::not_finite, "the residuals are not finite at the optimum"} : at_optimum;
      profile.below.end = profile.above.end = ProfileEnd::failed;
      profile.verdict = "not decided: " + profile.outcome.message;
      return;
    }
    const Walk walk(function, space, optimum, minimum, profile.threshold, options);
    // With the others held the rise is information * step^2: a first step on the short side.
    const double first = information(i, i) > 0 ? root(profile.threshold) / options.steps_to_bound / std::sqrt(information(i, i)) : std::numeric_limits<double>::infinity();
    std::vector<ProfilePoint> below;
    profile.below = walk.side(i, -1, first, below);
    if (options.progress != nullptr) options.progress->advance();
    profile.points.assign(below.rbegin(), below.rend());
    profile.points.push_back({optimum[i], 0, optimum, {}});
    profile.above = walk.side(i, 1, first, profile.points);
    if (options.progress != nullptr) options.progress->advance();
    profile.solves = walk.solves();
    std::stable_sort(profile.points.begin(), profile.points.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    profile.lower = space.natural(i, profile.below.bound);
    profile.upper = space.natural(i, profile.above.bound);
    if (profile.below.end == ProfileEnd::open) profile.lower = space[i].lower;
    if (profile.above.end == ProfileEnd::open) profile.upper = space[i].upper;
    for (const auto& point : profile.points)
      if (-point.rise > std::max(profile.better, 1e-3 * profile.threshold)) {
        profile.better = -point.rise;
        profile.better_theta = point.theta;
      }
    if (profile.better > 0) profile.outcome = {Status::not_converged, "a profile of " + profile.name + " found a better fit than the optimum"};
    judge(profile, options);
  });
  return profiles;
}

}  // namespace hyped
