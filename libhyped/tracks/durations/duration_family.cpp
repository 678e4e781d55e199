// Densities, tails and moments of the families.
#include "libhyped/tracks/durations/duration_family.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// log of Mills' ratio at -w, i.e. log(Phi(w) / phi(w)): finite where Phi underflows.
template <class T>
T log_mills_of(const T& w) {
  const double v = value_of(w);
  if (v > 0) return log_tail_of(T(-w)) - log_normal_density(w);
  const double r = mills_ratio(-v), first = v + 1 / r;
  return chain(w, std::log(r), first, 1 - first / r);
}

template <class T>
struct ExGaussian {
  T u, v;      // standardised time, sigma / tau
  ExGaussian(const Eta<T>& eta, double t) : u((t - exp_of(eta[0])) / exp_of(eta[1])), v(exp_of(T(eta[1] - eta[2]))) {}
  T log_scaled_density() const {      // of tau f
    const T w = u - v;
    if (value_of(w) > 0) return 0.5 * v * v - u * v + log_tail_of(T(-w));
    return log_normal_density(u) + log_mills_of(w);
  }
  T log_survival() const { return log_sum(log_tail_of(u), log_scaled_density()); }
  // F = Phi(u) - tau f: the two differ by a factor that stays away from 1 unless sigma is far below tau
  T log_cdf() const {
    const T whole = log_tail_of(T(-u)), part = log_scaled_density() - whole;
    return value_of(part) < 0 ? whole + log1m_exp(part) : T(-infinity);
  }
};

template <class T>
T gamma_shape(const DurationFamily& family, const Eta<T>& eta) {
  return family.kind == FamilyKind::erlang ? T(static_cast<double>(family.stages)) : exp_of(eta[1]);
}

}  // namespace

std::string_view to_string(FamilyKind kind) {
  constexpr std::array<std::string_view, 6> names{"gamma", "lognormal", "weibull", "erlang", "exgaussian", "delayed_exponential"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<FamilyKind> all_families() {
  return {FamilyKind::gamma, FamilyKind::lognormal, FamilyKind::weibull, FamilyKind::erlang, FamilyKind::exgaussian, FamilyKind::delayed_exponential};
}

std::string DurationFamily::name() const {
  return kind == FamilyKind::erlang ? fmt::format("erlang({})", stages) : std::string(to_string(kind));
}

int DurationFamily::count() const { return kind == FamilyKind::erlang ? 1 : kind == FamilyKind::exgaussian ? 3 : 2; }

std::vector<FamilyParameter> DurationFamily::parameters() const {
  switch (kind) {
    case FamilyKind::gamma: return {{"mean", "h", "log"}, {"shape", "1", "log"}};
    case FamilyKind::lognormal: return {{"median", "h", "log"}, {"sigma", "1", "log"}};
    case FamilyKind::weibull: return {{"scale", "h", "log"}, {"shape", "1", "log"}};
    case FamilyKind::erlang: return {{"mean", "h", "log"}};
    case FamilyKind::exgaussian: return {{"mu", "h", "log"}, {"sigma", "h", "log"}, {"tau", "h", "log"}};
    case FamilyKind::delayed_exponential: break;
  }
  return {{"delay", "h", "log"}, {"mean_excess", "h", "log"}};
}

template <class T>
T log_density(const DurationFamily& family, const Eta<T>& eta, double t) {
  if (!(t > 0)) return T(-infinity);
  const double lt = std::log(t);
  switch (family.kind) {
    case FamilyKind::gamma:
    case FamilyKind::erlang: {
      const T shape = gamma_shape(family, eta), log_x = lt + log_of(shape) - eta[0];
      return shape * log_x - exp_of(log_x) - log_gamma_of(shape) - lt;
    }
    case FamilyKind::lognormal: {
      const T u = (lt - eta[0]) * exp_of(T(-eta[1]));
      return log_normal_density(u) - eta[1] - lt;
    }
    case FamilyKind::weibull: {
      const T z = exp_of(eta[1]) * (lt - eta[0]);
      return eta[1] + z - exp_of(z) - lt;
    }
    case FamilyKind::exgaussian: return ExGaussian<T>(eta, t).log_scaled_density() - eta[2];
    case FamilyKind::delayed_exponential: break;
  }
  const T excess = t - exp_of(eta[0]);
  // the edge itself counts as inside, where the maximum is; the last bit of exp(log t) must not decide
  return value_of(excess) < -4e-16 * t ? T(-infinity) : -excess * exp_of(T(-eta[1])) - eta[1];
}

template <class T>
LogTails<T> log_tails(const DurationFamily& family, const Eta<T>& eta, double t) {
  if (!(t > 0)) return {T(0.0), T(-infinity)};
  if (std::isinf(t)) return {T(-infinity), T(0.0)};
  const double lt = std::log(t);
  switch (family.kind) {
    case FamilyKind::gamma:
    case FamilyKind::erlang: {
      const T shape = gamma_shape(family, eta);
      return composed_gamma_tails(shape, T(t * shape * exp_of(T(-eta[0]))));
    }
    case FamilyKind::lognormal: {
      const T u = (lt - eta[0]) * exp_of(T(-eta[1]));
      return {log_tail_of(u), log_tail_of(T(-u))};
    }
    case FamilyKind::weibull: {
      const T survival = -exp_of(T(exp_of(eta[1]) * (lt - eta[0])));
      return {survival, log1m_exp(survival)};
    }
    case FamilyKind::exgaussian: {
      const ExGaussian<T> at(eta, t);
      return {at.log_survival(), at.log_cdf()};
    }
    case FamilyKind::delayed_exponential: break;
  }
  const T excess = t - exp_of(eta[0]);
  if (value_of(excess) <= 0) return {T(0.0), T(-infinity)};
  const T survival = -excess * exp_of(T(-eta[1]));
  return {survival, log1m_exp(survival)};
}

template <class T>
T log_survival(const DurationFamily& family, const Eta<T>& eta, double t) {
  if (t > 0 && std::isfinite(t)) {
    if (family.kind == FamilyKind::lognormal) return log_tail_of(T((std::log(t) - eta[0]) * exp_of(T(-eta[1]))));
    if (family.kind == FamilyKind::weibull) return -exp_of(T(exp_of(eta[1]) * (std::log(t) - eta[0])));
    if (family.kind == FamilyKind::exgaussian) return ExGaussian<T>(eta, t).log_survival();
    if (family.kind == FamilyKind::erlang && family.stages == 1) return -t * exp_of(T(-eta[0]));
  }
  return log_tails(family, eta, t).survival;
}

template <class T>
T log_between(const DurationFamily& family, const Eta<T>& eta, double a, double b) {
  if (!(a > 0)) return log_tails(family, eta, b).cdf;
  const LogTails<T> at_a = log_tails(family, eta, a);
  if (std::isinf(b)) return at_a.survival;
  return log_between(at_a, log_tails(family, eta, b));
}

template <class T>
T log_between(const LogTails<T>& at_a, const LogTails<T>& at_b) {
  if (value_of(at_a.cdf) == -infinity) return at_b.cdf;
  if (value_of(at_b.survival) == -infinity) return at_a.survival;
  const bool upper = value_of(at_a.survival) < value_of(at_b.cdf);
  const T gap = upper ? at_b.survival - at_a.survival : at_a.cdf - at_b.cdf;
  if (!(value_of(gap) < 0)) return T(-infinity);
  return (upper ? at_a.survival : at_b.cdf) + log1m_exp(gap);
}

template <class T>
T mean_of(const DurationFamily& family, const Eta<T>& eta) {
  switch (family.kind) {
    case FamilyKind::lognormal: return exp_of(T(eta[0] + 0.5 * exp_of(T(2.0 * eta[1]))));
    case FamilyKind::weibull: return exp_of(T(eta[0] + log_gamma_of(T(1.0 + exp_of(T(-eta[1]))))));
    case FamilyKind::exgaussian: return exp_of(eta[0]) + exp_of(eta[2]);
    case FamilyKind::delayed_exponential: return exp_of(eta[0]) + exp_of(eta[1]);
    default: return exp_of(eta[0]);
  }
}

template <class T>
T sd_of(const DurationFamily& family, const Eta<T>& eta) {
  switch (family.kind) {
    case FamilyKind::lognormal: {
      const T s2 = exp_of(T(2.0 * eta[1]));
      return exp_of(T(eta[0] + s2 + 0.5 * log1m_exp(T(-s2))));
    }
    case FamilyKind::weibull: {
      const T r = exp_of(T(-eta[1])), second = log_gamma_of(T(1.0 + 2.0 * r)), first = log_gamma_of(T(1.0 + r));
      return exp_of(T(eta[0] + 0.5 * second + 0.5 * log1m_exp(T(2.0 * first - second))));
    }
    case FamilyKind::exgaussian: return sqrt_of(T(exp_of(T(2.0 * eta[1])) + exp_of(T(2.0 * eta[2]))));
    case FamilyKind::delayed_exponential: return exp_of(eta[1]);
    default: return exp_of(T(eta[0] - 0.5 * log_of(gamma_shape(family, eta))));
  }
}

double quantile_of(const DurationFamily& family, const Eta<double>& eta, double p) {
  HYPED_REQUIRE(p > 0 && p < 1);
  if (p <= mass_below_zero(family, eta)) return 0;
  // monotone in log t; compared through the smaller tail
  const double log_p = std::log(p), log_rest = std::log1p(-p);
  const auto beyond = [&](double t) {
    const LogTails<double> tails = log_tails(family, eta, t);
    return p < 0.5 ? tails.cdf > log_p : tails.survival < log_rest;
  };
  double low = std::log(mean_of(family, eta)), high = low;
  for (double step = 0.5; beyond(std::exp(low)) && low > -700; step *= 2) low -= step;
  for (double step = 0.5; !beyond(std::exp(high)) && high < 700; step *= 2) high += step;
  for (int i = 0; i < 200 && high - low > 1e-14; ++i) (beyond(std::exp(0.5 * (low + high))) ? high : low) = 0.5 * (low + high);
  return std::exp(0.5 * (low + high));
}

double mass_below_zero(const DurationFamily& family, const Eta<double>& eta) {
  return family.kind == FamilyKind::exgaussian ? std::exp(ExGaussian<double>(eta, 0).log_cdf()) : 0;
}

Eta<double> eta_from_moments(const DurationFamily& family, double mean, double sd) {
  const double cv = std::clamp(sd / mean, 0.01, 3.0), log_mean = std::log(mean);
  switch (family.kind) {
    case FamilyKind::gamma: return {log_mean, -2 * std::log(cv), 0};
    case FamilyKind::lognormal: {
      const double s2 = std::log1p(cv * cv);
      return {log_mean - 0.5 * s2, 0.5 * std::log(s2), 0};
    }
    case FamilyKind::weibull: {      // shape ~ cv^-1.086 (Justus et al. 1978)
      const double shape = std::pow(cv, -1.086);
      return {log_mean - boost::math::lgamma(1 + 1 / shape), std::log(shape), 0};
    }
    case FamilyKind::exgaussian: {      // half of the variance to each part, at most half of the mean to the exponential
      const double tau = std::min(sd * std::sqrt(0.5), 0.5 * mean);
      return {std::log(mean - tau), std::log(sd * std::sqrt(0.5)), std::log(tau)};
    }
    case FamilyKind::delayed_exponential: {
      const double excess = std::min(sd, 0.9 * mean);
      return {std::log(mean - excess), std::log(excess), 0};
    }
    case FamilyKind::erlang: break;
  }
  return {log_mean, 0, 0};
}

namespace {

// Quantiles from one end to the other, and where a delayed exponential begins; increasing.
std::vector<double> quantile_cuts(const DurationFamily& family, const Eta<double>& eta) {
  static constexpr std::array levels{1e-14, 1e-10, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 0.999, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2e-16};
  std::vector<double> cuts;
  for (const double p : levels) cuts.push_back(quantile_of(family, eta, p));
  if (family.kind == FamilyKind::delayed_exponential) cuts.push_back(std::exp(eta[0]));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

void add_panel(double a, double b, std::vector<Panel>& out) {
  using Rule = boost::math::quadrature::gauss<double, 20>;
  if (!(b > a)) return;
  const bool logs = a > 0;      // power laws near 0 are smooth in log t
  const double middle = logs ? 0.5 * (std::log(a) + std::log(b)) : 0.5 * b, half = logs ? 0.5 * std::log(b / a) : 0.5 * b;
  for (std::size_t n = 0; n < Rule::abscissa().size(); ++n)
    for (const double sign : {-1.0, 1.0}) {
      const double x = middle + sign * half * Rule::abscissa()[n], t = logs ? std::exp(x) : x;
      out.push_back({t, half * Rule::weights()[n] * (logs ? t : 1)});
    }
}

}  // namespace

std::vector<Panel> quadrature_over(const DurationFamily& family, const Eta<double>& eta, double from, double to) {
  std::vector<double> cuts = quantile_cuts(family, eta);
  const double last = std::min(to, cuts.back());
  cuts.insert(cuts.begin(), from);
  std::vector<Panel> out;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) add_panel(std::max(from, cuts[i]), std::min(last, cuts[i + 1]), out);
  return out;
}

template <class T>
RemainingTime<T>::RemainingTime(const DurationFamily& family, const Eta<T>& eta, double growth) : family_(family), eta_(eta), growth_(growth), cuts_(quantile_cuts(family, values_of(eta))) {
  cuts_.insert(cuts_.begin(), 0);
  beyond_.assign(cuts_.size(), T(0.0));
  for (std::size_t i = cuts_.size() - 1; i-- > 0;) beyond_[i] = between(cuts_[i], cuts_[i + 1]) + std::exp(-growth_ * (cuts_[i + 1] - cuts_[i])) * beyond_[i + 1];
}

template <class T>
T RemainingTime<T>::survival(double t) const { return exp_of(log_tails(family_, eta_, t).survival); }

template <class T>
T RemainingTime<T>::between(double a, double b) const {
  std::vector<Panel> nodes;
  double from = a;
  for (const double cut : cuts_) {
    if (cut <= a) continue;
    add_panel(from, std::min(cut, b), nodes);
    from = std::min(cut, b);
  }
  T sum(0.0);
  for (const Panel& node : nodes) sum += (node.weight * std::exp(-growth_ * (node.t - a))) * survival(node.t);
  return sum;
}

template <class T>
T RemainingTime<T>::from(double r) const {
  const auto next = std::upper_bound(cuts_.begin(), cuts_.end(), r);
  if (next == cuts_.end()) return T(0.0);
  return between(r, *next) + std::exp(-growth_ * (*next - r)) * beyond_[static_cast<std::size_t>(next - cuts_.begin())];
}

#define HYPED_DURATION_FAMILY(T)                                                              \
  template T log_density<T>(const DurationFamily&, const Eta<T>&, double);                    \
  template LogTails<T> log_tails<T>(const DurationFamily&, const Eta<T>&, double);            \
  template T log_survival<T>(const DurationFamily&, const Eta<T>&, double);                   \
  template T log_between<T>(const DurationFamily&, const Eta<T>&, double, double);            \
  template T log_between<T>(const LogTails<T>&, const LogTails<T>&);                          \
  template T mean_of<T>(const DurationFamily&, const Eta<T>&);                                \
  template T sd_of<T>(const DurationFamily&, const Eta<T>&);                                  \
  template class RemainingTime<T>;
HYPED_DURATION_FAMILY(double)
HYPED_DURATION_FAMILY(Taylor<4>)
HYPED_DURATION_FAMILY(Taylor<7>)

}  // namespace hyped
