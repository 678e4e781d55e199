// The fit of a twin's network: least squares, its information, and intervals by refits.
#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/grn/twin/twin_edges.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// The information at theta, with the errors' covariance if the problem asks for it.
Outcome evidence_at(const TwinEdgeProblem& problem, const GroupMeans& means, const Eigen::VectorXd& theta, std::unique_ptr<NetworkEvidence>& out) {
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian, covariance;
  Outcome outcome = means.evaluate(theta, residuals, &jacobian);
  if (outcome.ok() && problem.correlated_errors) outcome = means.residual_covariance(theta, covariance);
  if (outcome.ok()) out = std::make_unique<NetworkEvidence>(theta, jacobian, means.measured(), means.prior_sd(), means.names(), problem.correlated_errors ? &covariance : nullptr);
  return outcome;
}

std::vector<Eigen::VectorXd> starts_of(const GroupMeans& means, const TwinFitOptions& options) {
  std::vector<Eigen::VectorXd> out{means.start()};
  const NetworkSearch& search = means.search();
  for (int n = 1; n < options.starts; ++n) {
    Eigen::VectorXd at = means.start();
    RandomStream random(options.seed, 0x73746172, static_cast<std::uint32_t>(n));
    for (Eigen::Index k = 0; k < search.prior_mean.size(); ++k) {
      const double away = n == 1 ? 0 : 0.5 * random.normal();
      if (std::isfinite(search.prior_sd[k])) at[k] = std::clamp(search.prior_mean[k] + away * search.prior_sd[k], means.lower()[k] + 1e-3, means.upper()[k] - 1e-3);
    }
    out.push_back(std::move(at));
  }
  return out;
}

}  // namespace

TwinEdgeFit fit_twin_edges(const TwinEdgeProblem& problem, const TwinFitOptions& options) {
  TwinEdgeFit out;
  out.means = std::make_unique<GroupMeans>(problem.means->with(problem.means->groups()));
  LeastSquaresOptions first = options.descent;
  if (problem.expected_errors) first.function_tolerance = std::max(1e-3, first.function_tolerance), first.refinements = 0;      // errors move with the second decimal
  const auto starts = starts_of(*out.means, options);
  std::vector<LeastSquaresResult> ends(starts.size());
  parallel_for(static_cast<int>(starts.size()), [&](int n) { ends[static_cast<std::size_t>(n)] = least_squares(*out.means, starts[static_cast<std::size_t>(n)], out.means->lower(), out.means->upper(), {}, first); });
  std::size_t best = 0;
  for (std::size_t n = 0; n < ends.size(); ++n) {
    out.minima.push_back(ends[n].theta.allFinite() && std::isfinite(ends[n].sum_of_squares) ? ends[n].sum_of_squares : std::numeric_limits<double>::infinity());
    if (out.minima[n] < out.minima[best]) best = n;
  }
  out.fit = std::move(ends[best]);
  if (problem.expected_errors && out.fit.theta.allFinite()) {
    std::vector<CellGroup> groups;
    if (const Outcome outcome = out.means->expected_errors(out.fit.theta, groups); !outcome.ok()) {
      out.fit.outcome = outcome;      // the first descent alone is a coarse one
      return out;
    }
    out.means = std::make_unique<GroupMeans>(problem.means->with(std::move(groups)));
    out.fit = least_squares(*out.means, out.fit.theta, out.means->lower(), out.means->upper(), {}, options.descent);
  }
  if (const Outcome outcome = evidence_at(problem, *out.means, out.fit.theta, out.evidence); !outcome.ok()) {
    out.fit.outcome = outcome;
    return out;
  }
  if (options.refits > 0 && out.fit.outcome.ok()) {
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(out.means->measured(), out.means->measured());
    Outcome outcome = problem.correlated_errors ? out.means->residual_covariance(out.fit.theta, covariance) : Outcome{};
    if (outcome.ok()) out.refits = randomised_refits(*out.means, out.fit.theta, out.means->lower(), out.means->upper(), covariance, {.draws = options.refits, .seed = options.seed});
    else out.refits.outcome = outcome;
  }
  for (const int edge : problem.edges) out.edges.push_back(out.parameter(edge, options.thresholds));
  return out;
}

EdgeEvidence TwinEdgeFit::parameter(int k, const EdgeThresholds& thresholds) const {
  const EdgeEvidence linear = evidence->edge(k, 0, thresholds);
  return refits.sd.size() > 0 && !evidence->is_free(k) ? with_refits(linear, refits, 0, thresholds) : linear;
}

EdgeCallScore score_edges(const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const EdgeThresholds& thresholds) {
  EdgeCallScore out;
  std::unique_ptr<NetworkEvidence> truth;
  const bool known = evidence_at(problem, *fit.means, problem.truth, truth).ok();
  HYPED_REQUIRE(known);
  for (std::size_t e = 0; e < problem.edges.size(); ++e) {
    const EdgeEvidence at_truth = truth->edge(problem.edges[e], 0, thresholds);
    const EdgeEvidence& called = fit.edges[e];
    ++out.edges;
    const bool right = problem.real[e] && called.estimate * at_truth.estimate > 0;
    if (called.verdict == EdgeVerdict::determined) ++out.determined, out.right += right ? 1 : 0;
    if (called.verdict == EdgeVerdict::weakly_determined) ++out.weakly;
    if (called.verdict == EdgeVerdict::prior_only) ++out.prior_only;
    if (at_truth.verdict == EdgeVerdict::determined) ++out.identifiable, out.identifiable_called += called.verdict == EdgeVerdict::determined ? 1 : 0;
    out.at_truth.push_back(at_truth);
  }
  return out;
}

}  // namespace hyped
