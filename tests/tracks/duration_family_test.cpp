// Families of durations: values and both derivatives against 50-digit arithmetic, moments, quantiles and what is left of a stay.
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <catch2/catch.hpp>
#include <functional>

#include "libhyped/tracks/durations/duration_family.hpp"
#include "libhyped/tracks/durations/duration_likelihood.hpp"

using namespace hyped;

namespace {

using Big = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<60>>;
using BigEta = std::array<Big, 3>;

// Written apart from the library, in the textbook's form.
Big big_survival(FamilyKind kind, int stages, const BigEta& eta, const Big& t) {
  switch (kind) {
    case FamilyKind::gamma: return boost::math::gamma_q(exp(eta[1]), t * exp(eta[1]) / exp(eta[0]));
    case FamilyKind::erlang: return boost::math::gamma_q(Big(stages), t * stages / exp(eta[0]));
    case FamilyKind::lognormal: return boost::math::erfc((log(t) - eta[0]) / exp(eta[1]) / sqrt(Big(2))) / 2;
    case FamilyKind::weibull: return exp(-pow(t / exp(eta[0]), exp(eta[1])));
    case FamilyKind::exgaussian: {
      const Big mu = exp(eta[0]), sigma = exp(eta[1]), rate = exp(-eta[2]), u = (t - mu) / sigma;
      return boost::math::erfc(u / sqrt(Big(2))) / 2 + exp(-rate * (t - mu) + rate * rate * sigma * sigma / 2) * boost::math::erfc(-(u - rate * sigma) / sqrt(Big(2))) / 2;
    }
    case FamilyKind::delayed_exponential: break;
  }
  return t <= exp(eta[0]) ? Big(1) : Big(exp(-(t - exp(eta[0])) / exp(eta[1])));
}

void check_number(const Taylor<4>& got, int count, const std::function<Big(const BigEta&)>& truth, const BigEta& at, double tolerance) {
  const Big h("1e-12"), h2("1e-9");      // 60 digits: central differences good to 1e-24 and 1e-18
  const auto moved = [&](int i, const Big& by, int j = 0, const Big& other = 0) {
    BigEta eta = at;
    eta[i] += by;
    eta[j] += other;
    return truth(eta);
  };
  const auto close = [&](double a, const Big& b) {
    INFO(a << " against " << b.convert_to<double>());
    CHECK(std::abs(a - b.convert_to<double>()) <= tolerance * std::max(1.0, std::abs(b.convert_to<double>())));
  };
  close(got.value, truth(at));
  for (int i = 0; i < count; ++i) {
    close(got.slope[i], (moved(i, h) - moved(i, -h)) / (2 * h));
    for (int j = 0; j <= i; ++j)
      close(got.hessian(i, j), (moved(i, h2, j, h2) - moved(i, h2, j, -h2) - moved(i, -h2, j, h2) + moved(i, -h2, j, -h2)) / (4 * h2 * h2));
  }
}

struct Case {
  DurationFamily family;
  Eta<double> eta;
};

std::vector<Case> cases() {
  return {{{FamilyKind::gamma, 1}, {2.1, std::log(0.3), 0}},  {{FamilyKind::gamma, 1}, {2.1, std::log(7.3), 0}},   {{FamilyKind::gamma, 1}, {2.1, std::log(400.7), 0}},
          {{FamilyKind::lognormal, 1}, {2.0, -1.1, 0}},       {{FamilyKind::weibull, 1}, {2.2, 0.9, 0}},            {{FamilyKind::erlang, 12}, {2.3, 0, 0}},
          {{FamilyKind::exgaussian, 1}, {1.9, 0.1, 0.8}},     {{FamilyKind::exgaussian, 1}, {2.2, 0.6, -1.5}},      {{FamilyKind::delayed_exponential, 1}, {1.2, 0.7, 0}}};
}

Eta<Taylor<4>> variables(const Case& one) {
  Eta<Taylor<4>> eta;
  for (int j = 0; j < one.family.count(); ++j) eta[j] = Taylor<4>::variable(one.eta[j], j);
  return eta;
}

}  // namespace

TEST_CASE("log tails, densities and their derivatives keep ten digits from one tail to the other") {
  for (const Case& one : cases()) {
    const Eta<Taylor<4>> eta = variables(one);
    const BigEta at{one.eta[0], one.eta[1], one.eta[2]};
    for (const double p : {1e-9, 1e-4, 0.02, 0.3, 0.5, 0.7, 0.98, 1 - 1e-6, 1 - 1e-12}) {
      if (one.family.kind == FamilyKind::delayed_exponential && p < 0.01) continue;      // at the edge t - delay has lost its digits
      const double t = quantile_of(one.family, one.eta, p);
      if (!(t > 0)) continue;      // that much of the exgaussian lies below 0
      INFO(one.family.name() << " " << one.eta[1] << " at p = " << p << ", t = " << t);
      const auto survival = [&](const BigEta& e) { return big_survival(one.family.kind, one.family.stages, e, Big(t)); };
      const LogTails<Taylor<4>> tails = log_tails(one.family, eta, t);
      CHECK(std::exp(value_of(tails.cdf)) == Approx(p).epsilon(1e-9));
      check_number(tails.survival, one.family.count(), [&](const BigEta& e) { return Big(log(survival(e))); }, at, 1e-10);
      check_number(tails.cdf, one.family.count(), [&](const BigEta& e) { return Big(log(1 - survival(e))); }, at, one.family.kind == FamilyKind::exgaussian ? 3e-10 : 1e-10);
      const Big h = Big(t) * Big("1e-15");
      const auto density = [&](const BigEta& e) { return Big(log((big_survival(one.family.kind, one.family.stages, e, Big(t) - h) - big_survival(one.family.kind, one.family.stages, e, Big(t) + h)) / (2 * h))); };
      check_number(log_density(one.family, eta, t), one.family.count(), density, at, 1e-9);
      check_number(log_between(one.family, eta, t, 1.03 * t), one.family.count(),
                   [&](const BigEta& e) { return Big(log(survival(e) - big_survival(one.family.kind, one.family.stages, e, Big(1.03 * t)))); }, at, 1e-9);
    }
  }
}

TEST_CASE("far tails stay finite on the log scale") {
  const Eta<double> eta{2, -2, 0};
  const LogTails<double> right = log_tails<double>({FamilyKind::lognormal, 1}, eta, 1e4), left = log_tails<double>({FamilyKind::lognormal, 1}, eta, 1e-3);
  CHECK(right.survival < -1000);
  CHECK(std::isfinite(right.survival));
  CHECK(left.cdf < -1000);
  CHECK(std::isfinite(left.cdf));
  // Phi at -40, from the asymptotic series: -(40^2)/2 - log(40 sqrt(2 pi)) + log(1 - 1/1600 + 3/1600^2 - ...)
  CHECK(log_normal_tail(40) == Approx(-804.6084420137538).epsilon(1e-14));
}

TEST_CASE("mean and sd are the integrals of the density") {
  for (const Case& one : cases()) {
    INFO(one.family.name() << " " << one.eta[1]);
    double mass = 0, first = 0, second = 0;
    for (const Panel& node : quadrature_over(one.family, one.eta, 0, std::numeric_limits<double>::infinity())) {
      const double f = std::exp(log_density(one.family, one.eta, node.t)) * node.weight;
      mass += f;
      first += f * node.t;
      second += f * node.t * node.t;
    }
    const double below = mass_below_zero(one.family, one.eta);
    CHECK(mass == Approx(1 - below).epsilon(1e-10));
    if (below < 1e-12) {
      CHECK(first == Approx(mean_of(one.family, one.eta)).epsilon(1e-9));
      CHECK(std::sqrt(second - first * first) == Approx(sd_of(one.family, one.eta)).epsilon(1e-8));
    }
    const Eta<double> again = eta_from_moments(one.family, 10, 4);
    CHECK(mean_of(one.family, again) == Approx(10).epsilon(1e-9));
  }
}

TEST_CASE("what is left of a stay met half way: closed forms of the gamma, and growth makes young stays common") {
  const DurationFamily gamma{FamilyKind::gamma, 1};
  const double shape = 3.5, mean = 9;
  const Eta<double> eta{std::log(mean), std::log(shape), 0};
  // int_c^inf S = mean Q(shape + 1, x) - c Q(shape, x), x = c shape / mean
  for (const double c : {0.0, 2.0, 9.0, 30.0}) {
    const double x = c * shape / mean, truth = mean * boost::math::gamma_q(shape + 1, x) - c * boost::math::gamma_q(shape, x);
    CHECK(RemainingTime<double>(gamma, eta, 0).from(c) == Approx(truth).epsilon(1e-10));
  }
  // int exp(-g u) S(u) du = (1 - (1 + g mean / shape)^-shape) / g
  const double g = 0.05;
  CHECK(RemainingTime<double>(gamma, eta, g).from(0) == Approx((1 - std::pow(1 + g * mean / shape, -shape)) / g).epsilon(1e-12));
  Duration met;
  met.residual = true;
  met.upper_h = std::numeric_limits<double>::infinity();
  met.lower_h = 4;
  const DurationModel model{gamma, false};
  const std::array<double, 4> at{eta[0], eta[1], 0, 0};
  const RemainingTime<double> growing(gamma, eta, g), steady(gamma, eta, 0);
  CHECK(log_contribution(model, met, at, &growing) > log_contribution(model, met, at, &steady));
  // density, interval and tail of the forward recurrence time agree
  for (const RemainingTime<double>* left : {&steady, &growing}) {
    Duration exact = met, between = met;
    exact.lower_h = exact.upper_h = 4;
    between.lower_h = 4 - 1e-4, between.upper_h = 4 + 1e-4;
    CHECK(log_contribution(model, exact, at, left) == Approx(log_contribution(model, between, at, left) - std::log(2e-4)).epsilon(1e-7));
    Duration first = met, rest = met;
    first.lower_h = 0, first.upper_h = 4;
    CHECK(std::exp(log_contribution(model, first, at, left)) + std::exp(log_contribution(model, rest, at, left)) == Approx(1).epsilon(1e-11));
  }
}

TEST_CASE("bivariate normal tails against closed forms and 50 digits") {
  const double pi = std::acos(-1.0);
  for (const double rho : {-0.99, -0.6, 0.0, 0.3, 0.95, 0.999})
    CHECK(std::exp(log_bivariate_tail(0, 0, rho)) == Approx(0.25 + std::asin(rho) / (2 * pi)).epsilon(1e-12));
  CHECK(log_bivariate_tail(1.3, -0.4, 0) == Approx(log_normal_tail(1.3) + log_normal_tail(-0.4)).epsilon(1e-13));
  CHECK(log_bivariate_tail(-2, 1.5, 0.7) == Approx(log_bivariate_tail(1.5, -2, 0.7)).epsilon(1e-13));
  // P(X > h) = P(X > h, Y > k) + P(X > h, -Y > -k)
  for (const double h : {-3.0, 0.2, 4.0, 9.0})
    for (const double k : {-2.0, 1.0, 6.0})
      for (const double rho : {-0.9, 0.2, 0.97})
        CHECK(std::exp(log_bivariate_tail(h, k, rho) - log_normal_tail(h)) + std::exp(log_bivariate_tail(h, -k, -rho) - log_normal_tail(h)) == Approx(1).epsilon(1e-11));
  for (const double z : {-30.0, -3.0, -0.1, 0.0, 0.5, 7.0, 38.0}) CHECK(normal_quantile(log_normal_tail(z), log_normal_tail(-z)) == Approx(z).epsilon(1e-13).margin(1e-14));
}

TEST_CASE("an entry between frames is averaged over, given that the stay reached a frame") {
  const DurationModel model{{FamilyKind::weibull, 1}, false};
  const std::array<double, 4> eta{2.0, 0.7, 0, 0};
  Duration d;
  d.entry_spread_h = 0.5;
  double total = 0;      // over everything that can be seen after a stay reached its first frame
  for (int k = 0; k < 400; ++k) {
    d.lower_h = 0.5 * k;
    d.upper_h = 0.5 * (k + 1);
    total += std::exp(log_contribution(model, d, eta));
  }
  CHECK(total == Approx(1).epsilon(1e-10));
  Duration known = d;
  known.entry_spread_h = 0;
  known.lower_h = d.lower_h = 6, known.upper_h = d.upper_h = 6.5;
  CHECK(log_contribution(model, d, eta) != Approx(log_contribution(model, known, eta)).epsilon(1e-3));
}

TEST_CASE("cells that never leave: the mixture's pieces sum to one") {
  const DurationModel model{{FamilyKind::gamma, 1}, true};
  const std::array<double, 4> eta{2.0, 1.0, std::log(0.2 / 0.8), 0};
  Duration early, late;
  early.lower_h = 0, early.upper_h = 9;
  late.lower_h = 9, late.upper_h = std::numeric_limits<double>::infinity();
  CHECK(std::exp(log_contribution(model, early, eta)) + std::exp(log_contribution(model, late, eta)) == Approx(1).epsilon(1e-13));
  CHECK(std::exp(log_mixture_survival(model, eta, 1e4)) == Approx(0.2).epsilon(1e-12));
}

TEST_CASE("the delayed exponential averaged over an entry spread is the integral over it") {
  const DurationModel model{{FamilyKind::delayed_exponential, 1}, false}, cure{{FamilyKind::delayed_exponential, 1}, true};
  const double delay = 5, excess = 3, spread = 0.5, never = 0.2;
  const std::array<double, 4> eta{std::log(delay), std::log(excess), std::log(never / (1 - never)), 0};
  const auto survival = [&](double t) { return t < delay ? 1 : std::exp(-(t - delay) / excess); };
  const auto mean = [&](double lower, double upper, double left) {      // midpoints: the edge costs 1e-6 at most
    double sum = 0;
    constexpr int points = 200000;
    for (int i = 0; i < points; ++i) {
      const double shift = (i + 0.5) * spread / points, whole = std::isinf(upper) ? left : 0;
      sum += (1 - left) * (survival(lower + shift) - (std::isinf(upper) ? 0 : survival(upper + shift))) + whole;
    }
    return sum / points;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [lower, upper] : {std::pair(4.0, 4.5), std::pair(4.2, 4.7), std::pair(4.5, 5.0), std::pair(4.8, 5.3), std::pair(5.0, 5.5), std::pair(9.0, 9.5), std::pair(4.0, 12.0), std::pair(4.7, infinity), std::pair(8.0, infinity), std::pair(2.0, infinity)}) {
    Duration d;
    d.lower_h = lower;
    d.upper_h = upper;
    d.entry_spread_h = spread;
    INFO(lower << " to " << upper);
    const double expected = mean(lower, upper, 0);
    if (expected > 1e-6) CHECK(std::exp(log_contribution(model, d, eta)) == Approx(expected).margin(2e-6));      // it would have been seen whatever its begin
    else CHECK(log_contribution(model, d, eta) < -60);      // an end before the delay: 1e-26 and less is rounding of the integral over the entry
    if (expected > 1e-6) CHECK(std::exp(log_contribution(cure, d, eta)) == Approx(mean(lower, upper, never)).margin(2e-6));
  }
}

TEST_CASE("the survival alone is that of both tails") {
  for (const FamilyKind kind : all_families())
    for (const int stages : {1, 7})
      for (const double t : {0.0, 0.3, 4.0, 9.0, 60.0}) {
        const DurationFamily family{kind, stages};
        const Eta<double> eta{std::log(6.0), std::log(kind == FamilyKind::exgaussian ? 2.0 : 0.7), std::log(3.0)};
        CHECK(log_survival(family, eta, t) == Approx(log_tails(family, eta, t).survival).epsilon(1e-13).margin(1e-15));
      }
}
