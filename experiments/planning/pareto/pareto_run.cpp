// Front, its knee, table, figure, a schedule file for each point.
#include "experiments/planning/pareto/pareto_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "experiments/control/ensembles/pareto_front.hpp"
#include "experiments/planning/plan/plan_run.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void run_pareto(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced) {
  const std::uint64_t seed = run.summary().seed;
  const PlanCase plan = make_plan_case(scenario, source, forced, seed);
  state_case(run, scenario, plan);
  auto front = control::pareto_front(*plan.problem, scenario.pareto_points, plan.halves.report, scenario.within, [&](const control::PlanProblem& problem, std::vector<std::vector<control::Pulse>> warm) { return search_plan(scenario, plan, problem, seed, std::move(warm)); });
  // Ranges as `plan` has them. Each point's plan is one of its cap; the other plans are judged by what members could reach under the largest cap.
  control::PlanSearch at_cap;
  at_cap.shapes = control::enumerate_shapes(plan.problem->inputs, plan.problem->between_h);
  control::MemberPlans own;
  int failed = 0;
  for (auto& point : front) {
    if (!point.record.outcome.ok()) {
      ++failed;
      run.add_warning(fmt::format("Under the cap of {:.4g} the plan cannot be simulated in some reporting member: {}", point.cap, point.record.outcome.message));
      continue;
    }
    if (!plan.structures_differ) continue;
    control::PlanProblem capped = *plan.problem;
    capped.total = point.cap;
    at_cap.best = point.plan;
    own = control::member_plans(capped, at_cap, plan.halves.report);
    point.record.range = control::range_with_open_reach(*plan.problem, point.record, own);
  }
  std::erase_if(front, [](const auto& point) { return !point.record.outcome.ok(); });
  if (front.empty()) return run.set_outcome({Status::not_finite, "no plan of the front can be simulated in all reporting members"});
  const std::string range = plan.structures_differ ? "5 to 95 %, open below" : control::range_words(front.front().record.range.level);
  Table table({{"cap", "units of dose", "total allowed"}, {"total", "units of dose", "total used"}, {"cost", "", "over the plan's own half"}, {"mean", "", "distance over the reporting members"}, {"lower", "", "range of one more member"}, {"upper", "", ""}, {"level", "1", "chance that the range holds it"}, {"reached", "1", ""}, {"schedule", "", "file of the run"}, {"plan", "", ""}});
  Table points({{"panel", "", ""}, {"category", "", ""}, {"x", "", ""}, {"y", "", ""}}), line({{"panel", "", ""}, {"x", "", ""}, {"y", "", ""}});
  double high = 0, most = 0;
  int written = 0;
  for (const auto& point : front) {
    const std::string name = fmt::format("plan_{}", ++written);
    plan.write_schedule(run, name, point.plan.pulses);
    table.add_row({point.cap, point.total, point.plan.cost, point.record.mean, point.record.range.lower, point.record.range.upper, point.record.range.level, point.record.reached, "data/" + name + ".toml", pulse_words(plan, point.plan.pulses)});
    line.add_row({std::string("front"), point.total, point.record.mean});
    points.add_row({std::string("front"), std::string("mean"), point.total, point.record.mean});
    points.add_row({std::string("front"), range, point.total, point.record.range.lower});
    points.add_row({std::string("front"), range, point.total, point.record.range.upper});
    high = std::max(high, point.record.range.upper), most = std::max(most, point.total);
  }
  for (const auto& reference : plan.references) {
    auto record = control::record_of(*plan.problem, reference.name, reference.pulses, plan.halves.report, scenario.within);
    if (!record.outcome.ok()) {
      run.add_warning(fmt::format("'{}' cannot be simulated: {}", reference.name, record.outcome.message));
      continue;
    }
    if (plan.structures_differ && own.distances.size() == record.distances.size()) record.range = control::range_with_open_reach(*plan.problem, record, own);
    const double total = control::total_of(reference.pulses);
    table.add_row({Cell{}, total, Cell{}, record.mean, record.range.lower, record.range.upper, record.range.level, record.reached, std::string(), reference.name});
    points.add_row({std::string("front"), reference.name, total, record.mean});
    high = std::max(high, record.mean), most = std::max(most, total);
  }
  run.add_table("front", table, "The best plan under each cap on the total dose, over members that were not used to find it.");
  Table panels({{"panel", "", ""}, {"title", "", ""}, {"x_axis", "", ""}, {"y_axis", "", ""}, {"low_x", "", ""}, {"high_x", "", ""}, {"low_y", "", ""}, {"high_y", "", ""}, {"size", "", ""}});
  panels.add_row({std::string("front"), std::string("dose against effect"), std::string("total dose [units of dose]"), std::string("distance from the target"), 0.0, std::max(most, 1e-3), 0.0, std::max(high, 1e-3), 0.7});
  Table categories({{"panel", "", ""}, {"category", "", ""}, {"colour", "", ""}});
  categories.add_row({std::string("front"), std::string("mean"), std::string("#0072B2")});
  categories.add_row({std::string("front"), range, std::string("#9ec9e2")});
  const char* colours[] = {"#6b6b6b", "#D55E00", "#009E73"};
  for (std::size_t k = 0; k < plan.references.size(); ++k) categories.add_row({std::string("front"), plan.references[k].name, std::string(colours[k % 3])});
  report::add_figure(run, {"front", "Dose against effect: mean distance and its range for one more member under each cap; beside it no dose and the protocol.", "points", {{"points", points}, {"categories", categories}, {"panels", panels}, {"line", line}}, {{"side", "1"}, {"legend", "line: mean distance of the best plan under each cap"}}, "answer"});
  const auto& first = front.front();
  const auto& last = front.back();
  const double gain = first.record.mean - last.record.mean;
  const auto knee = std::find_if(front.begin(), front.end(), [&](const auto& point) { return first.record.mean - point.record.mean >= 0.9 * gain; });
  if (gain > 0 && knee != front.end()) run.add_answer(fmt::format("Nine tenths of what dose can gain ({:.4g} of distance) are there with {:.3g} units: {}.", gain, knee->total, pulse_words(plan, knee->plan.pulses)));
  else run.add_answer("More dose gains nothing over the members that report.");
  if (static_cast<int>(front.size()) + failed < scenario.pareto_points) run.add_warning(fmt::format("{} of {} caps have no plan that keeps the limits.", scenario.pareto_points - failed - static_cast<int>(front.size()), scenario.pareto_points));
  std::fprintf(stdout, "%s\n", to_terminal(table, "tables/front.tsv").c_str());
}

}  // namespace hyped
