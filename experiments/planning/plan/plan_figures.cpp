// Figures of a plan: doses over time, courses with bands, distances beside the protocol's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/plan/plan_run.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/bootstrap.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int most_members = 40, most_lines = 8;

std::vector<double> grid(double end_h) {
  std::vector<double> times;
  for (double t = 0; t < end_h + 1e-9; t += 0.5) times.push_back(t);
  return times;
}

void courses(RunDirectory& run, const PlanCase& plan, const std::vector<std::pair<std::string, std::vector<control::Pulse>>>& all, const std::vector<double>& times) {
  const auto quantities = plan.system->course_quantities();
  const int members = std::min<int>(most_members, static_cast<int>(plan.halves.report.size()));
  Table table({{"arm", "", "plan"}, {"class", "", "quantity"}, {"time_h", "h", ""}, {"estimate", "", "median over members"}, {"lower", "", "90 %"}, {"upper", "", ""}});
  Table shown = table;
  for (const auto& [name, pulses] : all) {
    std::vector<Eigen::MatrixXd> found(static_cast<std::size_t>(members));
    std::vector<Outcome> outcomes(static_cast<std::size_t>(members));
    parallel_for(members, [&](int m) { found[static_cast<std::size_t>(m)] = plan.system->course(plan.halves.report[static_cast<std::size_t>(m)], pulses, times, outcomes[static_cast<std::size_t>(m)]); });
    for (std::size_t q = 0; q < quantities.size(); ++q)
      for (std::size_t t = 0; t < times.size(); ++t) {
        std::vector<double> values;
        for (int m = 0; m < members; ++m)
          if (outcomes[static_cast<std::size_t>(m)].ok()) values.push_back(found[static_cast<std::size_t>(m)](static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(q)));
        if (values.empty()) continue;
        const std::vector<Cell> row{name, quantities[q].name, times[t], percentile(values, 0.5), percentile(values, 0.05), percentile(values, 0.95)};
        table.add_row(row);
        const bool drawn = static_cast<int>(q) < most_lines && (quantities[0].unit != "share" || quantities[q].unit == "share");
        if (drawn && t % 2 == 0) shown.add_row(row);
      }
  }
  run.add_table("courses", table, fmt::format("Courses under the plan and what it is compared with: median and 90 % over {} reporting members.", members));
  report::add_figure(run, {"courses", "Courses under the plan and what it is compared with; bands: 90 % of the reporting members.", "time_course", {{"model", shown}}, {{"y_label", quantities.empty() ? "value" : quantities[0].unit == "share" ? "share of cells [1]" : "level [" + quantities[0].unit + "]"}, {"band_label", "line: median   band: 90 % of members"}}, "answer"});
}

}  // namespace

void write_plan_figures(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  std::vector<std::pair<std::string, std::vector<control::Pulse>>> all{{"plan", found.search.best.pulses}};
  for (auto reference = plan.references.rbegin(); reference != plan.references.rend(); ++reference) all.emplace_back(reference->name, reference->pulses);
  const std::vector<double> times = grid(plan.end_h);
  const int member = plan.centre >= 0 ? plan.centre : plan.halves.report.front();
  Table inputs({{"arm", "", ""}, {"input", "", ""}, {"time_h", "h", ""}, {"amount", "", "active, 1: peak of the reference dose"}});
  for (const auto& [name, pulses] : all)
    for (std::size_t i = 0; i < plan.problem->inputs.size(); ++i) {
      const Eigen::VectorXd course = plan.system->input_course(member, static_cast<int>(i), pulses, times);
      if (course.cwiseAbs().maxCoeff() > 0 || name == "plan")
        for (std::size_t t = 0; t < times.size(); ++t) inputs.add_row({name, plan.problem->inputs[i].name, times[t], course[static_cast<Eigen::Index>(t)]});
    }
  Table events({{"time_h", "h", ""}, {"name", "", ""}});
  for (const auto& pulse : found.search.best.pulses)
    if (pulse.amount > 0) events.add_row({pulse.start_h, plan.problem->inputs[static_cast<std::size_t>(pulse.input)].name});
  report::Figure schedule{"schedule", "What acts over time: the plan, and what it is compared with. Dotted: doses of the plan.", "schedule", {{"inputs", inputs}}, {}, "answer"};
  if (!events.rows().empty()) schedule.data.push_back({"events", events});
  report::add_figure(run, schedule);
  courses(run, plan, all, times);
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "", "mean"}, {"lower", "", "90 % range"}, {"upper", "", ""}});
  const auto add = [&](const control::PlanRecord& r) {
    if (r.outcome.ok()) rows.add_row({std::string("distance from the target"), r.name, r.mean, r.range.lower, r.range.upper});
  };
  add(found.plan);
  for (const auto& reference : found.references) add(reference);
  report::add_figure(run, {"comparison", "Distance from the target: mean and 90 % range over members that were not used to find the plan.", "intervals", {{"rows", rows}}, {{"interval_label", "blue: mean and 90 % range of one more member"}}, "answer"});
}

}  // namespace hyped
