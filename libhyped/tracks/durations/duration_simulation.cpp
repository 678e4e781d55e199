// Draws by inverting the survival function.
#include "libhyped/tracks/durations/duration_simulation.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double last_known(const Duration& d) { return d.censored() ? d.lower_h : d.upper_h; }

// What a stay met half way has left: P(more than r) = I(r) / I(0), inverted by bisection.
double draw_residual(const RemainingTime<double>& left, double mean, RandomStream& random) {
  const double wanted = random.uniform() * left.from(0);
  double low = 0, high = mean;
  while (left.from(high) > wanted) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (left.from(middle) > wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

WatchTimes::WatchTimes(const DurationData& data) : data_(data) {
  std::map<double, double> cut;
  for (const Duration& d : data.durations)
    if (d.censored()) ++cut[d.lower_h];
  double left = 1;
  for (const auto& [time, count] : cut) {
    double at_risk = 0;
    for (const Duration& d : data.durations) at_risk += last_known(d) >= time && d.seen_if_above_h < time;
    time_.push_back(time);
    survival_.push_back(left *= 1 - count / std::max(at_risk, count));
  }
}

double WatchTimes::draw(int duration, RandomStream& random) const {
  const Duration& d = data_.durations[static_cast<std::size_t>(duration)];
  if (d.censored()) return d.lower_h;
  if (std::isfinite(d.seen_if_below_h)) return infinity;      // selected stays are not cut off
  const auto first = static_cast<std::size_t>(std::upper_bound(time_.begin(), time_.end(), d.upper_h) - time_.begin());
  const double beyond = first == 0 ? 1 : survival_[first - 1], wanted = beyond * random.uniform();
  for (std::size_t k = first; k < time_.size(); ++k)
    if (survival_[k] <= wanted) return std::min(time_[k], d.window_h);
  return d.window_h;
}

double draw_duration(const DurationModel& model, const std::array<double, 4>& eta, double above, double below, RandomStream& random) {
  const FamilyKind kind = model.family.kind;
  if (above == 0 && std::isinf(below) && !model.cure && (kind == FamilyKind::gamma || kind == FamilyKind::erlang)) {      // no tail to invert
    const double shape = kind == FamilyKind::erlang ? model.family.stages : std::exp(eta[1]);
    return std::exp(eta[0]) / shape * random.gamma(shape);
  }
  const auto survival = [&](double t) { return std::isinf(t) ? 0.0 : std::exp(log_mixture_survival(model, eta, t)); };
  const double high = survival(above), low = survival(below), wanted = low + (high - low) * random.uniform();
  const Eta<double> own{eta[0], eta[1], eta[2]};
  const double never = model.cure ? 1 / (1 + std::exp(-eta[static_cast<std::size_t>(model.family.count())])) : 0;
  if (wanted <= never) return infinity;
  const double p = 1 - (wanted - never) / (1 - never);
  return std::max(above, p <= 0 ? 0.0 : quantile_of(model.family, own, std::min(p, 1 - 1e-16)));
}

DurationData simulate_like(const DurationData& data, const DurationModel& model, const std::vector<std::array<double, 4>>& eta, const WatchTimes& watch, RandomStream& random) {
  DurationData out = data;
  double shortest = infinity;      // what annotated times are rounded to, for draws of 0 (an exgaussian has some)
  for (const Duration& d : data.durations) shortest = std::min(shortest, d.exact() ? d.lower_h : d.upper_h - d.lower_h);
  for (int i = 0; i < data.count(); ++i) {
    const auto n = static_cast<std::size_t>(i);
    const Duration& was = data.durations[n];
    Duration& now = out.durations[n];
    double seen = 0;
    if (was.residual) {
      const Eta<double> own{eta[n][0], eta[n][1], eta[n][2]};
      seen = draw_residual(RemainingTime<double>(model.family, own, data.growth_rate_per_h), mean_of(model.family, own), random);
    } else if (was.entry_spread_h > 0) {
      bool found = false;      // begin and duration together, kept if they would have been seen
      for (int tries = 0; tries < 100000 && !found; ++tries) {
        const double shift = was.entry_spread_h * random.uniform(), t = draw_duration(model, eta[n], 0, infinity, random);
        seen = t - shift;
        found = seen > was.seen_if_above_h && seen <= was.seen_if_below_h;
      }
      if (!found) throw InputError("durations of " + data.name, "almost none of the model's durations would have been seen", "the fit is not one of these data");
    } else {
      seen = draw_duration(model, eta[n], was.seen_if_above_h, was.seen_if_below_h, random);
    }
    const double stop = watch.draw(i, random), grid = was.censored() || was.exact() ? data.frame_interval_h : was.upper_h - was.lower_h;
    const bool framed = grid > 0 && !was.exact();
    if (seen > stop) {
      now.lower_h = std::max(was.seen_if_above_h, framed ? grid * std::floor(stop / grid * (1 + 1e-12)) : stop);
      now.upper_h = infinity;
      now.cause = -1;
    } else {
      now.lower_h = framed ? std::max(was.seen_if_above_h, grid * std::floor(seen / grid)) : seen;
      now.upper_h = framed ? std::min(was.seen_if_below_h, grid * (std::floor(seen / grid) + 1)) : seen > 0 ? seen : shortest;
      now.cause = 0;
    }
  }
  return out;
}

}  // namespace hyped
