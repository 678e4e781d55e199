// Wider models against the fitted one.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

#include "fitting/panel_alternatives.hpp"

namespace hyped {

PanelTest compared(std::string assumption, std::string alternative, const PanelFit& narrow, const PanelFit& wide, bool nested) {
  PanelTest test;
  test.assumption = std::move(assumption);
  test.alternative = std::move(alternative);
  test.outcome = wide.outcome;
  test.log_likelihood = wide.log_likelihood;
  test.nested = nested;
  test.extra = wide.parameter_count - narrow.parameter_count;
  test.gain_aic = 2 * (wide.log_likelihood - narrow.log_likelihood) - 2 * test.extra;
  test.statistic = std::max(0.0, 2 * (wide.log_likelihood - narrow.log_likelihood));
  // A wider fit that did not settle, or ended below the one inside it, says nothing: that is its outcome, not that the assumption holds.
  const bool settled = std::isfinite(wide.log_likelihood) && (wide.outcome.ok() || wide.outcome.status == Status::not_identifiable);
  const bool below = nested && settled && wide.log_likelihood < narrow.log_likelihood - 1e-3;
  if (!settled || below) {
    test.p = test.statistic = test.gain_aic = std::nan("");
    test.verdict = "not tested: " + (below ? fmt::format("the wider fit ended {:.3g} below the fitted model", narrow.log_likelihood - wide.log_likelihood) : "the fit of the alternative failed (" + wide.outcome.message + ")");
    if (test.outcome.ok()) test.outcome = {Status::not_converged, test.verdict};
    return test;
  }
  test.outcome = {};
  if (nested && test.extra > 0) {
    test.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(test.extra), test.statistic));
    test.verdict = test.p < 0.05 ? fmt::format("rejected (p {:.2g})", test.p) : fmt::format("not rejected (p {:.2g})", test.p);
  } else
    test.verdict = test.gain_aic > 2 ? fmt::format("the alternative is better by {:.1f} of AIC", test.gain_aic) : test.gain_aic < -2 ? fmt::format("holds: the alternative is worse by {:.1f} of AIC", -test.gain_aic) : "neither is better";
  return test;
}

PanelFit wider_fit(const PanelData& data, const PanelSpec& wide, const PanelFit& narrow, PanelFitOptions options) {
  const Eigen::VectorXd natural = narrow.natural();
  for (int i = 0; i < natural.size(); ++i) options.first[narrow.space[i].name] = natural[i];
  PanelFit fit = fit_panel(data, wide, options);
  if (fit.outcome.ok() || fit.outcome.status == Status::not_identifiable) return fit;
  options.starts = std::max(4, options.starts);
  return fit_panel(data, wide, options);
}

bool time_is_age(const PanelData& data) {
  if (data.subjects.size() < 2) return false;
  const double first = data.subjects.front().looks.front().time_h;
  return std::all_of(data.subjects.begin(), data.subjects.end(), [&](const PanelSubject& s) { return s.entered && std::abs(s.looks.front().time_h - first) < 1e-9; });
}

std::vector<PanelTest> test_panel(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, const PanelFitOptions& options) {
  std::vector<PanelTest> out;
  std::vector<double> times;
  for (const PanelSubject& subject : data.subjects)
    for (std::size_t i = 1; i < subject.looks.size(); ++i) times.push_back(subject.looks[i].time_h);
  if (!times.empty() && spec.cuts_h.empty() && time_is_age(data)) {
    PanelTest test;
    test.assumption = "rates do not change with time";
    test.alternative = "rates that change at a time";
    test.statistic = test.p = test.gain_aic = std::nan("");
    test.verdict = "not applicable: every cell's clock starts with its birth, so that time is its age; what age does is asked by the tests of stages";
    out.push_back(test);
  } else if (!times.empty() && spec.cuts_h.empty()) {
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    PanelSpec wide = spec;
    wide.cuts_h = {times[times.size() / 2]};
    out.push_back(compared("rates do not change with time", fmt::format("every rate changes at {:.4g} h", wide.cuts_h[0]), fit, wider_fit(data, wide, fit, options), true));
  }
  for (PanelTest& test : test_stages(data, fit, spec, options)) out.push_back(std::move(test));
  if (spec.effects.empty() && data.covariates.cols() > 0) {
    PanelSpec wide = spec;
    for (int c = 0; c < static_cast<int>(data.covariates.cols()); ++c)
      for (int r = 0; r < static_cast<int>(spec.transitions.size()); ++r) wide.effects.push_back({c, r});
    out.push_back(compared("all conditions have the same rates", "rates of their own", fit, wider_fit(data, wide, fit, options), true));
  }
  // Phases a and b may be taken as one (Kemeny & Snell 1960, ch. 6) if their ways out lead to the same phases at the same rates.
  const int phases = static_cast<int>(spec.phases.size());
  const Eigen::VectorXd natural = fit.natural();
  for (int a = 0; a < phases; ++a)
    for (int b = a + 1; b < phases; ++b) {
      std::vector<int> from_a, from_b;
      for (int r = 0; r < static_cast<int>(spec.transitions.size()); ++r) {
        const PanelTransition& t = spec.transitions[static_cast<std::size_t>(r)];
        if (t.from == a && t.to != b) from_a.push_back(r);
        if (t.from == b && t.to != a) from_b.push_back(r);
      }
      if (from_a.empty() || from_a.size() != from_b.size()) continue;
      Eigen::VectorXd differences(static_cast<Eigen::Index>(from_a.size()));
      Eigen::MatrixXd slopes = Eigen::MatrixXd::Zero(differences.size(), fit.space.count());
      bool matched = true, identified = true;
      for (std::size_t i = 0; i < from_a.size(); ++i) {
        const auto other = std::find_if(from_b.begin(), from_b.end(), [&](int r) { return spec.transitions[static_cast<std::size_t>(r)].to == spec.transitions[static_cast<std::size_t>(from_a[i])].to; });
        if (other == from_b.end()) {
          matched = false;
          break;
        }
        const auto row = static_cast<Eigen::Index>(i);
        differences[row] = std::log(natural[from_a[i]] / natural[*other]);
        for (const auto& [r, sign] : {std::pair{from_a[i], 1.0}, std::pair{*other, -1.0}}) {
          slopes(row, r) += sign * fit.space.slope(r, fit.theta[r]) / natural[r];
          identified = identified && fit.identifiability.identified[static_cast<std::size_t>(r)];
        }
      }
      if (!matched || !identified) continue;
      PanelTest test;
      test.assumption = fmt::format("'{}' and '{}' are one phase (lumpable)", spec.phases[static_cast<std::size_t>(a)], spec.phases[static_cast<std::size_t>(b)]);
      test.alternative = "their rates out differ (Wald)";
      const Eigen::MatrixXd covariance = slopes * fit.identifiability.covariance * slopes.transpose();
      test.extra = static_cast<int>(differences.size());
      test.log_likelihood = fit.log_likelihood;
      test.statistic = differences.dot(covariance.ldlt().solve(differences));
      test.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(test.extra), std::max(0.0, test.statistic)));
      test.verdict = test.p < 0.05 ? fmt::format("rejected (p {:.2g})", test.p) : fmt::format("not rejected (p {:.2g})", test.p);
      out.push_back(test);
    }
  return out;
}

}  // namespace hyped
