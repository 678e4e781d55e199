// The fit of a twin's network: least squares, its information, and intervals by profile.
#include <algorithm>
#include <cmath>

#include "experiments/grn/twin/twin_edges.hpp"

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

constexpr double least_share = 0.1;      // of the prior's variance taken away by the data: below, the interval is the prior's own

// A gene without targets is a part: its own equation moves its own means alone. A gene's factor in a library does so for every gene.
ResidualParts parts_of(const TwinEdgeProblem& problem, const GroupMeans& means) {
  const models::NetworkDefinition& d = problem.network->definition();
  std::vector<bool> acts(d.genes.size(), false);
  for (const auto& edge : d.edges) acts[static_cast<std::size_t>(edge.from)] = true;
  ResidualParts out{means.genes_of_residuals(), {}};
  for (const auto& at : problem.coordinates->coordinates()) {
    const auto n = static_cast<std::size_t>(at.which);
    const int gene = at.kind == models::CoordinateKind::edge ? d.edges[n].to : at.kind == models::CoordinateKind::strength ? d.actions[n].gene : at.which;
    out.of_parameter.push_back(acts[static_cast<std::size_t>(gene)] ? -1 : gene);
  }
  for (int f = means.search().count(); f < means.parameter_count(); ++f) {
    const int gene = (f - means.search().count()) % static_cast<int>(d.genes.size());
    out.of_parameter.push_back(acts[static_cast<std::size_t>(gene)] ? -1 : gene);
  }
  return out;
}

}  // namespace

TwinEdgeFit fit_twin_edges(const TwinEdgeProblem& problem, const TwinFitOptions& options) {
  TwinEdgeFit out;
  out.means = std::make_unique<GroupMeans>(problem.means->with(problem.means->groups()));
  LeastSquaresOptions first = options.descent;
  if (problem.expected_errors) first.function_tolerance = std::max(1e-3, first.function_tolerance), first.refinements = 0;      // errors move with the second decimal
  out.fit = least_squares(*out.means, out.means->start(), out.means->lower(), out.means->upper(), {}, first);
  if (problem.expected_errors && out.fit.theta.allFinite()) {
    std::vector<CellGroup> groups;
    if (const Outcome outcome = out.means->expected_errors(out.fit.theta, groups); outcome.ok()) {
      out.means = std::make_unique<GroupMeans>(problem.means->with(std::move(groups)));
      out.fit = least_squares(*out.means, out.fit.theta, out.means->lower(), out.means->upper(), {}, options.descent);
    }
  }
  if (const Outcome outcome = evidence_at(problem, *out.means, out.fit.theta, out.evidence); !outcome.ok()) {
    out.fit.outcome = outcome;
    return out;
  }
  out.fit.outcome = add_profiles(problem, options.profiles, out);
  for (const int edge : problem.edges) out.edges.push_back(out.parameter(edge, options.thresholds));
  return out;
}

Outcome add_profiles(const TwinEdgeProblem& problem, TwinProfiles which, TwinEdgeFit& fit) {
  if (which == TwinProfiles::none) return fit.fit.outcome;
  std::vector<bool> edge(static_cast<std::size_t>(fit.means->parameter_count()), false);
  for (const int e : problem.edges) edge[static_cast<std::size_t>(e)] = true;
  std::vector<ProfileRequest> wanted;
  for (int k = 0; k < fit.means->parameter_count(); ++k) {
    const bool is_edge = edge[static_cast<std::size_t>(k)];
    if (fit.evidence->is_free(k) || (which == TwinProfiles::edges && !is_edge)) continue;
    if (fit.evidence->edge(k).data_share < least_share) continue;
    wanted.push_back({k, fit.evidence->inflation(k), is_edge ? 0.0 : std::nan("")});
  }
  fit.profiles = profile_intervals(*fit.means, fit.fit.theta, fit.means->lower(), fit.means->upper(), parts_of(problem, *fit.means), wanted);
  return fit.profiles.outcome.ok() ? fit.fit.outcome : fit.profiles.outcome;
}

EdgeEvidence TwinEdgeFit::parameter(int k, const EdgeThresholds& thresholds) const {
  const EdgeEvidence linear = evidence->edge(k, 0, thresholds);
  for (const ProfileInterval& one : profiles.intervals)
    if (one.parameter == k) return with_profile(linear, one, 0, thresholds);
  return linear;
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
