// Caps from small to large, then costs made monotone.
#include "experiments/control/ensembles/pareto_front.hpp"

#include <algorithm>
#include <optional>

namespace hyped::control {

double largest_total(const PlanProblem& problem) {
  double out = 0;
  for (const InputLimits& input : problem.inputs) out += std::min(input.total, input.most * input.highest);
  return std::min(out, problem.total);
}

double total_of(std::span<const Pulse> pulses) {
  double out = 0;
  for (const Pulse& pulse : pulses) out += pulse.amount;
  return out;
}

std::vector<ParetoPoint> pareto_front(const PlanProblem& problem, int points, const std::vector<int>& report, double within,
                                      const std::function<PlanSearch(const PlanProblem&, std::vector<std::vector<Pulse>>)>& search) {
  HYPED_REQUIRE(points >= 2);
  std::vector<ParetoPoint> out;
  std::vector<std::vector<Pulse>> warm;
  std::optional<InputError> refused;
  const double most = largest_total(problem);
  for (int k = 0; k < points; ++k) {
    PlanProblem capped = problem;
    capped.total = most * k / (points - 1);
    try {
      const PlanSearch found = search(capped, warm);
      out.push_back({capped.total, 0, found.best, {}});
    } catch (const InputError& error) {
      if (!refused) refused = error;
      continue;
    }
    if (out.size() > 1 && out.end()[-2].plan.cost < out.back().plan.cost) out.back().plan = out.end()[-2].plan;
    warm = {out.back().plan.pulses};
  }
  if (out.empty()) throw *refused;
  for (ParetoPoint& point : out) {
    point.total = total_of(point.plan.pulses);
    point.record = record_of(problem, "cap", point.plan.pulses, report, within);
  }
  return out;
}

}  // namespace hyped::control
