// Contributions of single durations.
#include "libhyped/tracks/durations/duration_likelihood.hpp"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Eta<T> family_eta(const std::array<T, 4>& eta) { return {eta[0], eta[1], eta[2]}; }

template <class T>
T log_progressing(const DurationModel& model, const std::array<T, 4>& eta) {
  return model.cure ? T(-softplus(eta[static_cast<std::size_t>(model.family.count())])) : T(0.0);
}

// log P(a < T <= b) of the mixture; b may be infinite, when those that never leave count too.
template <class T>
T log_between_times(const DurationModel& model, const std::array<T, 4>& eta, double a, double b) {
  if (std::isinf(b)) return log_mixture_survival(model, eta, a);
  return log_progressing(model, eta) + log_between(model.family, family_eta(eta), a, b);
}

// Survival I(r) / I(0), density (S(r) - g I(r)) / I(0).
template <class T>
T log_residual(const Duration& d, const RemainingTime<T>& left) {
  const T whole = left.from(0);
  T part;
  if (d.censored()) part = left.from(d.lower_h);
  else if (d.exact()) part = left.survival(d.lower_h) - left.growth() * left.from(d.lower_h);
  else part = left.between(d.lower_h, d.upper_h) + std::expm1(-left.growth() * (d.upper_h - d.lower_h)) * left.from(d.upper_h);
  return value_of(part) > 0 ? T(log_of(part) - log_of(whole)) : T(-infinity);
}

// Averages of a delayed exponential's survival S over the shifts 0..spread of a time: smooth where the family itself has an edge.
template <class T>
struct SpreadDelay {
  T delay, excess;
  double spread;
  SpreadDelay(const std::array<T, 4>& eta, double s) : delay(exp_of(eta[0])), excess(exp_of(eta[1])), spread(s) {}
  // log of the mean of S(x + u)
  T log_survival(double x) const {
    const T early = delay - x;      // what of the spread lies before the edge
    if (value_of(early) <= 0) return early / excess + log_of(T(excess / spread)) + log1m_exp(T(-spread / excess));
    if (value_of(early) >= spread) return T(0.0);
    return log_of(T((early + excess * (1.0 - exp_of(T((early - spread) / excess)))) / spread));
  }
  // mean of 1 - S(x + u), for x below the edge
  T left_before(double x) const { return excess * ramp_of(T((x + spread - delay) / excess)) / spread; }
  T log_between(double a, double b) const {
    if (std::isinf(b)) return log_survival(a);
    if (b + spread <= value_of(delay)) return T(-infinity);
    if (a >= value_of(delay)) return log_survival(a) + log1m_exp(T((a - b) / excess));
    T share = b < value_of(delay) ? left_before(b) : T(1.0 - exp_of(log_survival(b)));
    if (a + spread > value_of(delay)) share -= left_before(a);
    return value_of(share) > 0 ? T(log_of(share)) : T(-infinity);
  }
};

// The delayed exponential's contribution averaged over the entry spread.
template <class T>
T log_delayed(const DurationModel& model, const Duration& d, const std::array<T, 4>& eta) {
  const SpreadDelay<T> average(eta, d.entry_spread_h);
  const T progressing = log_progressing(model, eta);
  const auto between = [&](double a, double b) {
    if (std::isfinite(b) || !model.cure) return T(progressing + average.log_between(a, b));
    return log_sum(T(progressing + average.log_survival(a)), T(-softplus(T(-eta[static_cast<std::size_t>(model.family.count())]))));
  };
  // the mean density over the spread is the share that ends within it, by its length
  const T seen = d.exact() ? T(progressing + log_between(model.family, family_eta(eta), d.lower_h, d.lower_h + d.entry_spread_h) - std::log(d.entry_spread_h)) : between(d.lower_h, d.upper_h);
  return seen - between(d.seen_if_above_h, d.seen_if_below_h);
}

}  // namespace

template <class T>
T log_mixture_survival(const DurationModel& model, const std::array<T, 4>& eta, double t) {
  return log_mixture_survival(model, eta, LogTails<T>{log_survival(model.family, family_eta(eta), t), T(0.0)});
}

template <class T>
T log_mixture_survival(const DurationModel& model, const std::array<T, 4>& eta, const LogTails<T>& at) {
  const T own = at.survival;
  if (!model.cure) return own;
  const T never = -softplus(T(-eta[static_cast<std::size_t>(model.family.count())]));
  return value_of(own) == -infinity ? never : log_sum(T(log_progressing(model, eta) + own), never);
}

template <class T>
T log_mixture_between(const DurationModel& model, const std::array<T, 4>& eta, const LogTails<T>& at_a, const LogTails<T>& at_b, bool to_infinity) {
  if (to_infinity) return log_mixture_survival(model, eta, at_a);
  return log_progressing(model, eta) + log_between(at_a, at_b);
}

template <class T>
T log_sum_of(const std::vector<T>& logs) {
  const auto top = std::max_element(logs.begin(), logs.end(), [](const T& a, const T& b) { return value_of(a) < value_of(b); });
  if (value_of(*top) == -infinity) return *top;
  T sum(0.0);
  for (const T& term : logs)
    if (value_of(term) > -infinity) sum += exp_of(T(term - *top));
  return *top + log_of(sum);
}

template <class T>
T log_mixture_density(const DurationModel& model, const std::array<T, 4>& eta, double t) {
  return log_progressing(model, eta) + log_density(model.family, family_eta(eta), t);
}

namespace {

template <class Rule>
std::vector<EntryNode> nodes_of(double spread_h) {
  std::vector<EntryNode> out;
  for (std::size_t n = 0; n < Rule::abscissa().size(); ++n)
    for (const double sign : {-1.0, 1.0})
      if (sign > 0 || Rule::abscissa()[n] > 0) out.push_back({0.5 * spread_h * (1 + sign * Rule::abscissa()[n]), 0.5 * Rule::weights()[n]});
  return out;
}

}  // namespace

std::vector<EntryNode> entry_nodes(double spread_h, FamilyKind kind) {
  if (!(spread_h > 0)) return {{0, 1}};
  return kind == FamilyKind::exgaussian ? nodes_of<boost::math::quadrature::gauss<double, 10>>(spread_h) : nodes_of<boost::math::quadrature::gauss<double, 5>>(spread_h);
}

bool averaged_in_closed_form(const DurationModel& model, const Duration& duration) {
  return model.family.kind == FamilyKind::delayed_exponential && duration.entry_spread_h > 0 && !duration.residual;
}

template <class T>
T log_contribution(const DurationModel& model, const Duration& d, const std::array<T, 4>& eta, const RemainingTime<T>* left) {
  if (d.residual) {
    HYPED_REQUIRE(left != nullptr);
    return log_residual(d, *left);
  }
  if (averaged_in_closed_form(model, d)) return log_delayed(model, d, eta);
  const bool truncated = d.entry_spread_h > 0 || d.seen_if_above_h > 0 || std::isfinite(d.seen_if_below_h);
  std::vector<T> seen, could_be_seen;
  for (const auto& [shift, weight] : entry_nodes(d.entry_spread_h, model.family.kind)) {
    const double lower = d.lower_h + shift, log_weight = std::log(weight);
    seen.push_back(log_weight + (d.exact() ? log_mixture_density(model, eta, lower) : log_between_times(model, eta, lower, d.upper_h + shift)));
    if (truncated) could_be_seen.push_back(log_weight + log_between_times(model, eta, d.seen_if_above_h + shift, d.seen_if_below_h + shift));
  }
  return truncated ? T(log_sum_of(seen) - log_sum_of(could_be_seen)) : log_sum_of(seen);
}

#define HYPED_DURATION_LIKELIHOOD(T)                                                                                  \
  template T log_contribution<T>(const DurationModel&, const Duration&, const std::array<T, 4>&, const RemainingTime<T>*); \
  template T log_mixture_survival<T>(const DurationModel&, const std::array<T, 4>&, double);                          \
  template T log_mixture_survival<T>(const DurationModel&, const std::array<T, 4>&, const LogTails<T>&);              \
  template T log_mixture_between<T>(const DurationModel&, const std::array<T, 4>&, const LogTails<T>&, const LogTails<T>&, bool); \
  template T log_sum_of<T>(const std::vector<T>&);                                                                    \
  template T log_mixture_density<T>(const DurationModel&, const std::array<T, 4>&, double);
HYPED_DURATION_LIKELIHOOD(double)
HYPED_DURATION_LIKELIHOOD(Taylor<4>)

}  // namespace hyped
