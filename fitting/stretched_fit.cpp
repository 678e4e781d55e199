// Least squares for pulses, likelihoods for tracks.
#include "fitting/stretched_fit.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>

#include "fitting/least_squares.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

class PulseResiduals final : public ResidualFunction {
 public:
  PulseResiduals(const PulseData& data, const DurationFamily& family, const Eta<double>& eta) : data_(data), family_(family), eta_(eta) {}
  int residual_count() const override { return static_cast<int>(data_.percent.size()); }
  int parameter_count() const override { return 1; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    const PulseCourse course = brdu_negative_g2m(family_, eta_, theta[0], data_.pulse_h);
    if (!course.outcome.ok()) return course.outcome;
    residuals = course.percent;
    for (Eigen::Index i = 0; i < residuals.size(); ++i) residuals[i] -= data_.percent[static_cast<std::size_t>(i)];
    if (jacobian) *jacobian = course.slope.col(3);
    return {};
  }

 private:
  const PulseData& data_;
  DurationFamily family_;
  Eta<double> eta_;
};

std::vector<double> exact_times(const DurationPairs& parts, int side) {
  std::vector<double> out;
  for (const auto& pair : parts.pairs) {
    const Duration& d = side == 0 ? pair.first : pair.second;
    if (!d.exact() || d.entry_spread_h > 0) throw InputError("two compartments of " + parts.name, "a duration is cut off or lies between frames", "give complete cycles with annotated times");
    out.push_back(d.lower_h);
  }
  return out;
}

DurationData data_of(const std::string& name, const std::vector<double>& times) {
  DurationData out;
  out.name = name;
  for (const double t : times) out.durations.push_back({t, t});
  out.design.resize(out.count(), 0);
  return out;
}

}  // namespace

PulseFit fit_pulse(const PulseData& data, const DurationFamily& family, const Eta<double>& eta) {
  const std::size_t n = data.percent.size();
  if (n < 2 || data.pulse_h.size() != n) throw InputError("BrdU pulses", "at least two, each with its percentage, are needed", "give pulse_h and percent of one length");
  for (std::size_t i = 0; i < n; ++i)
    if (!(data.pulse_h[i] >= 0) || !(data.percent[i] >= 0) || !(data.percent[i] <= 100)) throw InputError("BrdU pulses", "pulse number " + std::to_string(i) + " is not a time and a percentage", "hours >= 0, percent in 0..100");
  const PulseResiduals function(data, family, eta);
  ParameterSpace space;
  space.add({"k", "1", "share of the cycle spent in G2/M", 1e-3, 0.999, 0.2, SearchScale::linear, {}});
  PulseFit out;
  const LeastSquaresResult best = least_squares(function, space.start(), space.lower(), space.upper());
  out.outcome = best.outcome;
  if (!out.outcome.ok()) return out;
  out.k = best.theta[0];
  out.residual_sum = best.sum_of_squares;
  const boost::math::students_t_distribution<double> student(static_cast<double>(n - 1));
  ProfileOptions options;
  options.threshold = std::pow(boost::math::quantile(student, 0.975), 2) * best.sum_of_squares / static_cast<double>(n - 1);
  const Profile profile = profile_likelihood(function, space, best.theta, {}, options).front();
  out.k_lower = profile.lower;
  out.k_upper = profile.upper;
  if (!profile.identified) out.outcome = {Status::not_identifiable, "the profile of k: " + profile.verdict};
  const PulseCourse course = brdu_negative_g2m(family, eta, out.k, data.pulse_h);
  out.growth_rate_per_h = course.growth_rate_per_h;
  out.fitted.assign(course.percent.begin(), course.percent.end());
  return out;
}

ThroughOrigin slope_through_origin(const std::vector<double>& x, const std::vector<double>& y, const std::vector<int>& family, int draws, std::uint64_t seed) {
  if (x.size() != y.size() || x.size() != family.size() || x.size() < 3) throw InputError("slope through the origin", "fewer than three cells, or lists of unequal length", "give x, y and family of every cell");
  std::map<int, std::pair<double, double>> sums;      // by family: x y and x x
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto& [a, b] = sums[family[i]];
    a += x[i] * y[i], b += x[i] * x[i];
    xy += x[i] * y[i], xx += x[i] * x[i];
  }
  ThroughOrigin out;
  out.slope = xy / xx;
  out.correlation = pearson_interval(x, y).r;
  std::vector<std::pair<double, double>> families;
  for (const auto& [number, sum] : sums) families.push_back(sum);
  std::vector<double> drawn;
  RandomStream random(seed, 43, 0);
  for (int d = 0; d < draws; ++d) {
    xy = xx = 0;
    for (std::size_t i = 0; i < families.size(); ++i) {
      const auto& [a, b] = families[std::min(families.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(families.size())))];
      xy += a, xx += b;
    }
    drawn.push_back(xy / xx);
  }
  std::sort(drawn.begin(), drawn.end());
  out.lower = drawn[static_cast<std::size_t>(0.025 * (draws - 1))];
  out.upper = drawn[static_cast<std::size_t>(0.975 * (draws - 1))];
  return out;
}

TwoCompartmentFit compare_two_compartments(const DurationPairs& parts, FamilyKind kind) {
  TwoCompartmentFit out;
  const std::vector<double> first = exact_times(parts, 0), second = exact_times(parts, 1);
  std::vector<double> whole, logit;
  double jacobian = 0;      // of (first, second) -> (cycle, logit of the share): |d| = cycle / (first second)
  for (std::size_t i = 0; i < first.size(); ++i) {
    whole.push_back(first[i] + second[i]);
    logit.push_back(std::log(second[i] / first[i]));
    jacobian += std::log(whole.back() / (first[i] * second[i]));
  }
  const DurationData a = data_of(parts.name + ", " + parts.first, first), b = data_of(parts.name + ", " + parts.second, second), c = data_of(parts.name + ", cycle", whole);
  out.first = fit_durations(a, {{kind, 1}, false});
  out.second = fit_durations(b, {{kind, 1}, false});
  out.cycle = fit_durations(c, {{kind, 1}, false});
  for (const DurationFit* fit : {&out.first, &out.second, &out.cycle})
    if (!fit->outcome.ok()) {
      out.outcome = fit->outcome;
      return out;
    }
  out.correlated = fit_pairs(parts, out.first.model.family, out.second.model.family);
  out.outcome = out.correlated.outcome;
  if (!out.outcome.ok()) return out;
  const auto n = static_cast<double>(logit.size());
  double mean = 0, squares = 0;
  for (const double value : logit) mean += value / n;
  for (const double value : logit) squares += (value - mean) * (value - mean);
  out.share = 1 / (1 + std::exp(-mean));
  out.share_sd = std::sqrt(squares / n);
  const double share_likelihood = -n * (0.9189385332046727 + std::log(out.share_sd)) - 0.5 * n;
  const std::string text = out.correlated.evidence.data_text;
  const int pairs = static_cast<int>(first.size());
  out.evidence = {{"independent", out.first.log_likelihood() + out.second.log_likelihood(), out.first.evidence.parameters + out.second.evidence.parameters, pairs, text},
                  {"stretched", out.cycle.log_likelihood() + share_likelihood + jacobian, out.cycle.evidence.parameters + 2, pairs, text},
                  {"correlated", out.correlated.best.at.log_likelihood, out.first.evidence.parameters + out.second.evidence.parameters + 1, pairs, text}};
  out.scores = score_models(out.evidence);
  return out;
}

}  // namespace hyped
