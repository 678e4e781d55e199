// Information criteria and likelihood-ratio tests.
#include "fitting/model_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

void same_data(const ModelEvidence& a, const ModelEvidence& b) {
  if (a.data_text != b.data_text || a.data != b.data)
    throw InputError("model comparison", fmt::format("'{}' was fitted to {} (n = {}) and '{}' to {} (n = {}): their likelihoods do not compare", a.model, a.data_text, a.data, b.model, b.data_text, b.data),
                     "fit both to the same wells, times and classes with the same kind of likelihood");
  for (const auto* m : {&a, &b})
    if (!std::isfinite(m->log_likelihood))
      throw InputError("model comparison", "the fit of '" + m->model + "' has no finite likelihood", "leave it out, or find out why its fit failed");
}

double upper_tail(double statistic, int degrees) {
  if (degrees == 0) return statistic > 0 ? 0.0 : 1.0;
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(degrees), statistic));
}

}  // namespace

ModelEvidence evidence_of(const std::string& model, const CycleProblem& problem, const ProcessFit& fit) {
  int parameters = problem.space().count() + (!problem.has_scale() ? 0 : static_cast<int>(problem.wells().size()));
  for (const auto& component : fit.components) parameters += component.free ? 1 : 0;
  return {model, -0.5 * fit.minus_two_log_likelihood, parameters, fit.data_count,
          data_fingerprint(problem) + fmt::format(", averages over {} h", problem.setup().block_h)};
}

ModelEvidence evidence_of(const std::string& model, const IndependentFit& fit) {
  return {model, fit.log_likelihood, fit.parameter_count, fit.data_count, fit.data};
}

std::vector<ModelScore> score_models(const std::vector<ModelEvidence>& models) {
  std::vector<ModelScore> scores;
  bool corrected = true;
  for (const auto& m : models) {
    same_data(models.front(), m);
    corrected = corrected && m.data > m.parameters + 1;
  }
  double best = std::numeric_limits<double>::infinity();
  for (const auto& m : models) {
    const double k = m.parameters, n = m.data;
    ModelScore s{m.model, m.log_likelihood, -2 * m.log_likelihood + 2 * k, 0, -2 * m.log_likelihood + k * std::log(n), 0, 0, m.parameters, corrected};
    s.aicc = s.aic + (corrected ? 2 * k * (k + 1) / (n - k - 1) : 0.0);
    best = std::min(best, s.aicc);
    scores.push_back(std::move(s));
  }
  double total = 0;
  for (auto& s : scores) {
    s.aicc_difference = s.aicc - best;
    total += s.weight = std::exp(-0.5 * s.aicc_difference);
  }
  for (auto& s : scores) s.weight /= total;
  return scores;
}

RatioTest likelihood_ratio(const ModelEvidence& small, const ModelEvidence& large, int variances) {
  same_data(small, large);
  RatioTest test;
  test.degrees = large.parameters - small.parameters;
  if (test.degrees < 1)
    throw InputError("model comparison", fmt::format("'{}' has {} parameters and '{}' has {}: the first is no special case of the second", small.model, small.parameters, large.model, large.parameters),
                     "give the smaller model first, or compare by AICc");
  if (variances < 0 || variances > test.degrees)
    throw InputError("model comparison", fmt::format("{} variances are tested among {} extra parameters", variances, test.degrees), "give at most as many variances as extra parameters");
  const double gain = 2 * (large.log_likelihood - small.log_likelihood);
  test.statistic = std::max(0.0, gain);
  test.boundary = variances > 0;
  // Each variance is at 0 with probability 1/2 under the small model.
  test.p_value = 0;
  double weight = std::pow(0.5, variances);
  for (int kept = 0; kept <= variances; ++kept) {
    test.p_value += weight * upper_tail(test.statistic, test.degrees - variances + kept);
    weight *= static_cast<double>(variances - kept) / (kept + 1);
  }
  test.text = fmt::format("'{}' against '{}': 2 log L rises by {:.2f} for {} parameter{}, p = {:.3g}", large.model, small.model, test.statistic, test.degrees, test.degrees == 1 ? "" : "s", test.p_value);
  if (test.boundary) test.text += fmt::format(" ({} variance{} tested on the boundary: mixture of chi-squares)", variances, variances == 1 ? "" : "s");
  if (gain < -0.01) test.text += fmt::format("; the larger model fits worse by {:.2f}: each has its own covariance, or its optimum was missed", -gain);
  return test;
}

}  // namespace hyped
