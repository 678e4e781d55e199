// Parts of a case that do not depend on the kind of model.
#include "experiments/planning/plan/plan_case.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hyped {

PlanCase make_plan_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed) {
  if (scenario.kind == "joint") return make_joint_case(scenario, source, forced, seed);
  return scenario.kind == "cycle" ? make_cycle_case(scenario, source, forced, seed) : make_network_case(scenario, source, forced, seed);
}

control::PlanSearch search_plan(const PlanScenario& scenario, const PlanCase& plan, const control::PlanProblem& problem, std::uint64_t seed, std::vector<std::vector<control::Pulse>> warm) {
  control::PlanSearchOptions options = scenario.search;
  options.seed = seed;
  options.given = std::move(warm);
  for (const auto& reference : plan.references) {
    auto pulses = reference.pulses;      // shapes hold the pulses of an input beside each other
    std::stable_sort(pulses.begin(), pulses.end(), [](const auto& a, const auto& b) { return a.input != b.input ? a.input < b.input : a.start_h < b.start_h; });
    options.given.push_back(pulses);
  }
  return control::find_plan(problem, options);
}

std::vector<SupportRow> support_of(const PlanCase& plan, const std::vector<control::Pulse>& pulses) {
  std::vector<SupportRow> out;
  std::set<std::string> used;
  for (const control::Pulse& pulse : pulses) {
    const control::InputLimits& input = plan.problem->inputs[static_cast<std::size_t>(pulse.input)];
    if (!(pulse.amount > 0)) continue;
    used.insert(input.name);
    const auto add = [&](const std::string& part, const std::string& unit, double value, const std::function<double(const MeasuredDose&)>& of) {
      std::set<double> seen;
      for (const MeasuredDose& dose : plan.measured)
        if (dose.input == input.name) seen.insert(of(dose));
      SupportRow row{input.name, part, unit, "", "", value, false};
      std::vector<std::string> words;
      for (const double v : seen) words.push_back(std::isfinite(v) ? fmt::format("{:.4g}", v) : "never");
      row.measured = fmt::format("{}", fmt::join(words, ", "));
      const auto same = [&](double v) { return v == value || (std::isfinite(v) && std::abs(v - value) <= 1e-3 * std::max(1.0, std::abs(v))); };
      row.supported = std::any_of(seen.begin(), seen.end(), same) || (!seen.empty() && std::isfinite(*seen.rbegin()) && value >= *seen.begin() && value <= *seen.rbegin());
      row.verdict = seen.empty() ? "never measured: the model alone says it" : row.supported ? (std::any_of(seen.begin(), seen.end(), same) ? "measured" : "between measured values") : "not measured: rests on " + plan.rests_on;
      out.push_back(row);
    };
    add("amount", input.unit, pulse.amount, [](const MeasuredDose& d) { return d.amount; });
    add("start", "h", pulse.start_h, [](const MeasuredDose& d) { return d.start_h; });
    if (std::isfinite(pulse.until_h)) add("end", "h", pulse.until_h, [](const MeasuredDose& d) { return d.until_h; });
  }
  if (used.size() > 1) {
    const bool together = std::any_of(plan.together.begin(), plan.together.end(), [&](const auto& inputs) { return std::all_of(used.begin(), used.end(), [&](const auto& name) { return std::find(inputs.begin(), inputs.end(), name) != inputs.end(); }); });
    out.push_back({fmt::format("{}", fmt::join(used, " + ")), "together", "", together ? "yes" : "no", together ? "measured together" : "not measured together: rests on how the model combines them", static_cast<double>(used.size()), together});
  }
  return out;
}

std::vector<LimitKept> limits_kept(const PlanCase& plan, const control::PlanRecord& record) {
  std::vector<LimitKept> out;
  for (const auto& limit : plan.problem->limits) {
    Eigen::VectorXd values = Eigen::VectorXd::Zero(record.quantities.rows());
    for (const auto& [q, coefficient] : limit.combination) values += coefficient * record.quantities.col(q);
    const auto inside = [&](double v) { return v >= limit.least - 1e-6 && v <= limit.most + 1e-6; };
    LimitKept kept{limit.name, limit.over == control::Over::mean ? "the mean" : limit.over == control::Over::every ? "every member" : fmt::format("{:.0f} % of members", 100 * limit.chance), 0, values.dot(record.weights) / record.weights.sum(), true, control::predictive_range(values, record.weights)};
    for (Eigen::Index m = 0; m < values.size(); ++m) kept.share += inside(values[m]) * record.weights[m] / record.weights.sum();
    kept.kept = limit.over == control::Over::mean ? inside(kept.mean) : kept.share >= (limit.over == control::Over::every ? 1 : limit.chance) - 1e-9;
    out.push_back(kept);
  }
  return out;
}

std::string pulse_words(const PlanCase& plan, const std::vector<control::Pulse>& pulses) {
  std::vector<std::string> words;
  for (const control::Pulse& pulse : pulses) {
    const control::InputLimits& input = plan.problem->inputs[static_cast<std::size_t>(pulse.input)];
    if (!(pulse.amount > 0)) continue;
    const auto hours = [](double t) { return std::abs(t) < 5e-4 ? 0.0 : t; };      // what rounding leaves of 0 is 0
    words.push_back(fmt::format("{:.3g} {} of {} at {:.3g} h{}", pulse.amount, input.unit, input.name, hours(pulse.start_h), std::isfinite(pulse.until_h) ? fmt::format(" until {:.3g} h", hours(pulse.until_h)) : ""));
  }
  return words.empty() ? "no dose" : fmt::format("{}", fmt::join(words, "; "));
}

}  // namespace hyped
