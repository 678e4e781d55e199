// Members one by one, and the share of them that a plan is better in.
#include "experiments/control/ensembles/reachability.hpp"

#include <algorithm>
#include <numeric>

namespace hyped::control {

MemberReach reach_of_members(const PlanProblem& problem, const PlanSearch& search, const std::vector<int>& members, double within) {
  PlanProblem free = problem;
  free.price = 0;
  const auto count = static_cast<Eigen::Index>(members.size());
  MemberReach out;
  out.distances.setConstant(count, never_h), out.weights.setOnes(count);
  out.quantities.setZero(count, static_cast<Eigen::Index>(problem.system->quantities().size()));
  std::vector<FoundPlan> starts{search.best};
  starts.insert(starts.end(), search.others.begin(), search.others.end());
  for (const FoundPlan& start : starts) {
    PlanSearch from;
    from.shapes = search.shapes, from.best = start;
    const MemberPlans own = member_plans(free, from, members);
    const PlanShape& shape = search.shapes[static_cast<std::size_t>(start.shape)];
    for (Eigen::Index m = 0; m < count; ++m) {
      const std::vector<int> alone{members[static_cast<std::size_t>(m)]};
      const EnsembleAnswer answer = ensemble_answer(*problem.system, problem.target, alone, shape.pulses(own.variables.row(m).transpose()));
      out.weights[m] = problem.system->weight(alone[0]);
      if (answer.outcome.ok() && answer.distances[0] < out.distances[m]) out.distances[m] = answer.distances[0], out.quantities.row(m) = answer.quantities.row(0);
    }
  }
  for (Eigen::Index m = 0; m < count; ++m) out.share += (out.distances[m] <= within) * out.weights[m] / out.weights.sum();
  return out;
}

std::optional<BeatingPlan> plan_that_beats(const PlanProblem& problem, const PlanRecord& other, std::vector<std::vector<Pulse>> given, const std::vector<int>& report, PlanSearchOptions options) {
  PlanProblem beat = problem;
  if (beat.members.empty()) beat.members.resize(static_cast<std::size_t>(problem.system->member_count())), std::iota(beat.members.begin(), beat.members.end(), 0);
  const EnsembleAnswer theirs = ensemble_answer(*problem.system, problem.target, beat.members, other.pulses);
  if (!theirs.outcome.ok() || !other.outcome.ok()) return std::nullopt;
  // A member counts as beaten where its distance less the other plan's is below 0; smoothed over a twentieth of a usual distance.
  const double usual = std::max(smooth_quantile(theirs.distances, theirs.weights, 0.5), 1e-6);
  beat.risk = {RiskMeasure::reach, 0.9, 0.5 * usual};
  beat.price = 0;
  beat.to_beat.setZero(problem.system->member_count());
  for (std::size_t m = 0; m < beat.members.size(); ++m) beat.to_beat[beat.members[m]] = theirs.distances[static_cast<Eigen::Index>(m)] - beat.risk.within;
  given.push_back(other.pulses);
  options.given = std::move(given);
  BeatingPlan out;
  try {
    out.plan = find_plan(beat, options).best;
  } catch (const InputError&) {      // the protocol itself may break a limit, and nothing else keep it
    return std::nullopt;
  }
  out.record = record_of(problem, "plan most likely to beat it", out.plan.pulses, report);
  if (!out.record.outcome.ok()) return std::nullopt;
  out.contrast = contrast(out.record, other);
  return out;
}

}  // namespace hyped::control
