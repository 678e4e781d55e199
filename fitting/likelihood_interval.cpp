// Walks out along constrained optima until -2 log L has risen to the threshold.
#include "fitting/likelihood_interval.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace hyped {
namespace {

using Side = std::pair<double, ProfileEnd>;      // a bound and how the search ended there

class Drawn final : public LogLikelihood {      // log L with g drawn towards a target
 public:
  Drawn(const LogLikelihood& function, const LikelihoodQuantity& quantity, double first_weight) : weight(first_weight), function_(function), quantity_(quantity) {}
  int parameter_count() const override { return function_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override {
    Outcome outcome = function_.evaluate(theta, out, derivatives);
    if (!outcome.ok()) return outcome;
    Eigen::VectorXd slope;
    const double gap = quantity_.value(theta, slope) - target;
    out.log_likelihood -= 0.5 * weight * gap * gap;
    if (derivatives) {
      out.gradient -= weight * gap * slope;
      out.information += weight * slope * slope.transpose();
    }
    return outcome;
  }
  double target = 0, weight = 0;

 private:
  const LogLikelihood& function_;
  const LikelihoodQuantity& quantity_;
};

struct Point {
  double g = 0, root = 0;      // root of the rise of -2 log L
  Eigen::VectorXd theta;
};

class Walk {
 public:
  Walk(const LogLikelihood& function, const ParameterSpace& space, const LikelihoodResult& optimum, const LikelihoodQuantity& quantity, double scale)
      : drawn_(function, quantity, 100 / (scale * scale)), quantity_(quantity), lower_(space.lower()), upper_(space.upper()), scale_(scale), top_(optimum.at.log_likelihood) {
    Eigen::VectorXd slope;
    start_ = {quantity.value(optimum.theta, slope), 0, optimum.theta};
  }
  double better() const { return better_; }
  double estimate() const { return start_.g; }

  // The bound on one side and how it ended.
  Side side(int direction) {
    const double wanted = std::sqrt(quantity_.threshold * quantity_.inflation);
    Point inside = start_, outside;
    double step = wanted * scale_;
    bool crossed = false;
    for (int tries = 0; tries < 40 && !crossed; ++tries) {
      Point next;
      if (!refit(inside.theta, inside.g + direction * step, next)) {
        step /= 4;
        if (step < 1e-6 * scale_) return {inside.g, ProfileEnd::failed};
        continue;
      }
      if (next.root >= wanted) {
        outside = next;
        crossed = true;
      } else {
        if (direction * (next.g - inside.g) <= 1e-3 * step) return {next.g, ProfileEnd::open};      // the parameters' bounds hold it
        step *= next.root > inside.root + 0.1 ? std::clamp((wanted - next.root) / (next.root - inside.root) * 1.2, 0.3, 3.0) : 3.0;
        inside = next;
      }
    }
    if (!crossed) return {inside.g, ProfileEnd::open};
    const double first_weight = drawn_.weight;
    for (int tries = 0; tries < 80; ++tries) {
      const double width = std::abs(outside.g - inside.g);
      if (outside.root - inside.root < 1e-5 || width < 1e-9 * scale_) break;
      drawn_.weight = std::max(drawn_.weight, 100 * wanted * wanted / std::pow(outside.g - start_.g, 2));
      const double share = tries % 3 == 2 ? 0.5 : std::clamp((wanted - inside.root) / (outside.root - inside.root), 0.02, 0.98);
      Point middle;
      const Point& near = share < 0.5 ? inside : outside;
      if (!refit(near.theta, inside.g + share * (outside.g - inside.g), middle)) return {inside.g, ProfileEnd::failed};
      if (!(std::abs(middle.g - inside.g) < width && std::abs(middle.g - outside.g) < width)) {      // the likelihood pulls it out of the bracket: draw harder
        drawn_.weight *= 10;
        continue;
      }
      (middle.root >= wanted ? outside : inside) = middle;
      if (std::abs(middle.root - wanted) < 1e-5) break;
    }
    drawn_.weight = first_weight;
    if (std::abs(inside.root - wanted) < 1e-5) return {inside.g, ProfileEnd::crossed};
    const double gap = outside.root - inside.root;
    return {inside.g + (gap > 0 ? (wanted - inside.root) / gap : 0.5) * (outside.g - inside.g), ProfileEnd::crossed};
  }

 private:
  bool refit(const Eigen::VectorXd& from, double target, Point& out) {
    drawn_.target = target;
    const LikelihoodResult end = maximise(drawn_, from, lower_, upper_, {}, {.iteration_limit = 300, .gain_tolerance = 1e-10});
    if (!std::isfinite(end.at.log_likelihood) || !end.outcome.ok()) return false;
    LikelihoodValue plain;
    Eigen::VectorXd slope;
    out.theta = end.theta;
    out.g = quantity_.value(end.theta, slope);
    const double gap = out.g - target, log_likelihood = end.at.log_likelihood + 0.5 * drawn_.weight * gap * gap;
    better_ = std::max(better_, log_likelihood - top_);
    out.root = std::sqrt(std::max(0.0, 2 * (top_ - log_likelihood)));
    return true;
  }
  Drawn drawn_;
  const LikelihoodQuantity& quantity_;
  Eigen::VectorXd lower_, upper_;
  double scale_, top_, better_ = 0;
  Point start_;
};

// Newton's steps on the conditions of the profile, gradient of log L along that of g and log L at the threshold: each step solves them for the
// quadratic at theta. Parameters at their bounds are held while the conditions push them out.
class Steps {
 public:
  Steps(const LogLikelihood& function, const ParameterSpace& space, const LikelihoodResult& optimum, const LikelihoodQuantity& quantity)
      : function_(function), optimum_(optimum), quantity_(quantity), lower_(space.lower()), upper_(space.upper()), level_(optimum.at.log_likelihood - 0.5 * quantity.threshold * quantity.inflation) {}

  // The bound on one side; nothing where the information is not positive, a better fit shows, or the steps do not settle.
  std::optional<Side> side(int direction) {
    theta_ = optimum_.theta;
    at_ = optimum_.at;
    double g = quantity_.value(theta_, slope_), longest = std::numeric_limits<double>::infinity();
    const double first = g;
    held_.assign(static_cast<std::size_t>(theta_.size()), 0);
    for (const int i : optimum_.at_lower) held_[static_cast<std::size_t>(i)] = direction * slope_[i] > 0 ? 0 : -1;
    for (const int i : optimum_.at_upper) held_[static_cast<std::size_t>(i)] = direction * slope_[i] < 0 ? 0 : 1;
    bool pinned = slope_.squaredNorm() > 0;
    for (Eigen::Index i = 0; i < theta_.size(); ++i) pinned = pinned && (slope_[i] == 0 || held_[static_cast<std::size_t>(i)] != 0);
    if (pinned) return Side(g, ProfileEnd::open);      // the bounds let it go no further
    for (int step = 0; step < 40; ++step) {
      const auto before = held_;
      Eigen::VectorXd move;
      if (!solve(direction, move)) return {};
      const double length = std::sqrt(std::max(0.0, move.dot(at_.information * move)));      // in standard deviations
      if (held_ != before) longest = std::numeric_limits<double>::infinity();
      if (!std::isfinite(length) || (step > 3 && length > 2 * longest)) return {};
      longest = step == 0 ? length : std::min(longest, length);
      if (length < 1e-7) return direction * (g - first) > 0 ? std::optional(Side(g, ProfileEnd::crossed)) : std::nullopt;
      theta_ = (theta_ + (length > 3 ? Eigen::VectorXd(move * (3 / length)) : move)).cwiseMax(lower_).cwiseMin(upper_);
      if (!function_.evaluate(theta_, at_, true).ok() || !std::isfinite(at_.log_likelihood) || !at_.gradient.allFinite() || !at_.information.allFinite()) return {};
      if (at_.log_likelihood > optimum_.at.log_likelihood + 1e-6) return {};      // the walk says how much better
      g = quantity_.value(theta_, slope_);
    }
    return {};
  }

 private:
  // The step over the parameters that are not held, holding and releasing until both agree.
  bool solve(int direction, Eigen::VectorXd& move) {
    const Eigen::Index count = theta_.size();
    for (Eigen::Index tries = 0; tries < 2 * count + 2; ++tries) {
      std::vector<Eigen::Index> free;
      for (Eigen::Index i = 0; i < count; ++i)
        if (held_[static_cast<std::size_t>(i)] == 0) free.push_back(i);
      if (free.empty()) return false;
      const Eigen::MatrixXd matrix = at_.information(free, free);
      const Eigen::VectorXd gradient = at_.gradient(free), slope = slope_(free);
      const Eigen::LLT<Eigen::MatrixXd> information(matrix);
      if (information.info() != Eigen::Success) return false;
      const Eigen::VectorXd climb = information.solve(gradient), along = information.solve(slope);
      const double reach = slope.dot(along), left = 2 * (at_.log_likelihood - level_) + gradient.dot(climb);
      if (!(reach > 0) || !(left > 0)) return false;
      const double pull = direction * std::sqrt(left / reach);
      move = Eigen::VectorXd::Zero(count);
      move(free) = climb + pull * along;
      const Eigen::VectorXd force = at_.gradient + pull * slope_ - at_.information * move;      // 0 where free
      bool changed = false;
      for (Eigen::Index i = 0; i < count; ++i) {
        int& held = held_[static_cast<std::size_t>(i)];
        const int was = held;
        if (held != 0) held = held * force[i] >= 0 ? held : 0;
        else if (theta_[i] <= lower_[i] && move[i] < 0) held = -1;
        else if (theta_[i] >= upper_[i] && move[i] > 0) held = 1;
        changed = changed || held != was;
      }
      if (!changed) return true;
    }
    return false;
  }
  const LogLikelihood& function_;
  const LikelihoodResult& optimum_;
  const LikelihoodQuantity& quantity_;
  Eigen::VectorXd lower_, upper_;
  double level_;
  Eigen::VectorXd theta_, slope_;
  LikelihoodValue at_;
  std::vector<int> held_;      // -1: at its lower bound, 1: at its upper one, 0: free
};

std::string words_of(ProfileEnd below, ProfileEnd above) {
  const auto side = [](ProfileEnd end, const std::string& where) { return end == ProfileEnd::open ? "open " + where : end == ProfileEnd::failed ? "broke off " + where : ""; };
  const std::string low = side(below, "below"), high = side(above, "above");
  return low.empty() && high.empty() ? "identified" : low.empty() ? high : high.empty() ? low : low + ", " + high;
}

}  // namespace

LikelihoodInterval likelihood_interval(const LogLikelihood& function, const ParameterSpace& space, const LikelihoodResult& optimum, const Eigen::MatrixXd& covariance,
                                       const LikelihoodQuantity& quantity) {
  LikelihoodInterval out;
  out.name = quantity.name;
  out.unit = quantity.unit;
  Eigen::VectorXd slope;
  const double estimate = quantity.value(optimum.theta, slope);
  const double variance = covariance.size() > 0 ? slope.dot(covariance * slope) : -1, none = std::numeric_limits<double>::quiet_NaN();
  out.sd = variance > 0 ? std::sqrt(variance * quantity.inflation) : none;
  out.inflation = quantity.inflation;
  // without a variance a twentieth of what the bounds allow, or less where the curvature along the gradient says so
  const double curvature = slope.dot(optimum.at.information * slope) / std::pow(std::max(1e-300, slope.squaredNorm()), 2);
  const double allowed = slope.cwiseAbs().dot(space.upper() - space.lower()) / 20;
  const double scale = variance > 0 ? out.sd : std::min(allowed, 1 / std::sqrt(std::max(curvature, 1e-12)));
  Walk walk(function, space, optimum, quantity, scale);
  Steps steps(function, space, optimum, quantity);
  const auto side = [&](int direction) {
    if (const auto bound = steps.side(direction)) return *bound;
    return walk.side(direction);
  };
  const auto [low, below] = side(-1);
  const auto [high, above] = side(1);
  out.below = below;
  out.above = above;
  out.better = walk.better();
  out.estimate = quantity.natural(estimate);
  out.lower = quantity.natural(low);
  out.upper = quantity.natural(high);
  out.wald_lower = variance > 0 ? quantity.natural(estimate - 1.959963984540054 * out.sd) : none;
  out.wald_upper = variance > 0 ? quantity.natural(estimate + 1.959963984540054 * out.sd) : none;
  out.verdict = words_of(below, above);
  return out;
}

LikelihoodQuantity parameter_quantity(const ParameterSpace& space, int i, const std::string& name, std::function<double(double)> natural) {
  return {name, space[i].unit, [i](const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) {
            gradient = Eigen::VectorXd::Unit(theta.size(), i);
            return theta[i];
          }, std::move(natural)};
}

}  // namespace hyped
