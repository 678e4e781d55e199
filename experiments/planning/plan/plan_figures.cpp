// Figures of a plan: doses over time, courses with bands, distances beside the protocol's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/plan/plan_run.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int most_members = 40;
constexpr std::size_t most_genes = 4;      // panels

std::vector<double> grid(double end_h) {
  std::vector<double> times;
  for (double t = 0; t < end_h + 1e-9; t += 0.5) times.push_back(t);
  return times;
}

// Medians of a quantity over arms: how far apart they come at any time.
struct Course {
  std::string arm;
  std::size_t quantity = 0;
  std::vector<double> median, lower, upper;      // [T]; empty: no member could be followed
};

double spread_of(const std::vector<Course>& all, std::size_t quantity, std::size_t times) {
  double out = 0;
  for (std::size_t t = 0; t < times; ++t) {
    double low = 1e300, high = -1e300;
    for (const Course& one : all)
      if (one.quantity == quantity && !one.median.empty()) low = std::min(low, one.median[t]), high = std::max(high, one.median[t]);
    out = std::max(out, high - low);
  }
  return out;
}

// Shares of phases: a panel for each plan. Levels of genes: a panel for each of those genes that the plans move most.
void courses(RunDirectory& run, const PlanCase& plan, const std::vector<std::pair<std::string, std::vector<control::Pulse>>>& all, const std::vector<double>& times) {
  const auto quantities = plan.system->course_quantities();
  const int members = std::min<int>(most_members, static_cast<int>(plan.halves.report.size()));
  std::vector<Course> followed;
  Table table({{"arm", "", "plan"}, {"class", "", "quantity"}, {"time_h", "h", ""}, {"estimate", "", "median over members"}, {"lower", "", "90 %"}, {"upper", "", ""}});
  for (const auto& [name, pulses] : all) {
    std::vector<Eigen::MatrixXd> found(static_cast<std::size_t>(members));
    std::vector<Outcome> outcomes(static_cast<std::size_t>(members));
    parallel_for(members, [&](int m) { found[static_cast<std::size_t>(m)] = plan.system->course(plan.halves.report[static_cast<std::size_t>(m)], pulses, times, outcomes[static_cast<std::size_t>(m)]); });
    for (std::size_t q = 0; q < quantities.size(); ++q) {
      Course course{name, q, {}, {}, {}};
      for (std::size_t t = 0; t < times.size(); ++t) {
        std::vector<double> values, weights;
        for (int m = 0; m < members; ++m)
          if (outcomes[static_cast<std::size_t>(m)].ok()) values.push_back(found[static_cast<std::size_t>(m)](static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(q))), weights.push_back(plan.system->weight(plan.halves.report[static_cast<std::size_t>(m)]));
        if (values.empty()) break;
        const Eigen::Map<const Eigen::VectorXd> v(values.data(), static_cast<Eigen::Index>(values.size())), w(weights.data(), static_cast<Eigen::Index>(weights.size()));
        course.median.push_back(control::smooth_quantile(v, w, 0.5)), course.lower.push_back(control::smooth_quantile(v, w, 0.05)), course.upper.push_back(control::smooth_quantile(v, w, 0.95));
        table.add_row({name, quantities[q].name, times[t], course.median.back(), course.lower.back(), course.upper.back()});
      }
      followed.push_back(std::move(course));
    }
  }
  run.add_table("courses", table, fmt::format("Courses under the plan and what it is compared with: median and 5 to 95 % over {} reporting members, by their weights.", members));
  std::vector<std::size_t> genes;
  for (std::size_t q = 0; q < quantities.size(); ++q)
    if (quantities[q].unit == "relative") genes.push_back(q);
  std::stable_sort(genes.begin(), genes.end(), [&](std::size_t a, std::size_t b) { return spread_of(followed, a, times.size()) > spread_of(followed, b, times.size()); });
  if (genes.size() > most_genes) genes.resize(most_genes);
  Table shares({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}}), levels = shares;
  for (const Course& one : followed) {
    const bool share = quantities[one.quantity].unit == "share";
    for (std::size_t t = 0; share && t < one.median.size(); t += 2) shares.add_row({one.arm, quantities[one.quantity].name, times[t], one.median[t], one.lower[t], one.upper[t]});
  }
  for (const std::size_t g : genes)
    for (const Course& one : followed)
      for (std::size_t t = 0; one.quantity == g && t < one.median.size(); t += 2) levels.add_row({quantities[g].name, one.arm, times[t], one.median[t], one.lower[t], one.upper[t]});
  const std::string band = "line: median   band: 90 % of members";
  if (!shares.rows().empty()) report::add_figure(run, {"courses", fmt::format("Shares of the phases under the plan and what it is compared with; bands: 90 % of {} reporting members.", members), "time_course", {{"model", shares}}, {{"y_label", "share of cells [1]"}, {"band_label", band}}, "answer"});
  if (!levels.rows().empty()) report::add_figure(run, {"genes", fmt::format("Levels of the {} genes that the plans move most; bands: 90 % of {} reporting members.", genes.size(), members), "time_course", {{"model", levels}}, {{"y_label", "level [relative to the network's units]"}, {"band_label", band}}, "answer"});
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
      std::vector<double> moments = times;      // with the moments on both sides of a change: a step is drawn as one
      for (const auto& pulse : pulses)
        for (const double turn : {pulse.start_h, pulse.until_h})
          if (pulse.input == static_cast<int>(i) && turn > 0 && turn <= plan.end_h) moments.push_back(turn - 1e-6), moments.push_back(turn);
      std::sort(moments.begin(), moments.end());
      const Eigen::VectorXd course = plan.system->input_course(member, static_cast<int>(i), pulses, moments);
      if (course.cwiseAbs().maxCoeff() > 0 || name == "plan")
        for (std::size_t t = 0; t < moments.size(); ++t) inputs.add_row({name, plan.problem->inputs[i].name, moments[t], course[static_cast<Eigen::Index>(t)]});
    }
  report::add_figure(run, {"schedule", "What acts over time: the plan, and what it is compared with; 1 is the peak of the reference dose.", "schedule", {{"inputs", inputs}}, {{"y_label", "active input [1]"}}, "answer"});
  courses(run, plan, all, times);
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"estimate", "", "mean"}, {"lower", "", "range of one more member"}, {"upper", "", ""}});
  const std::string range = plan.structures_differ ? "5 to 95 % with an open lower end" : control::range_words(found.plan.range.level);
  const auto add = [&](const control::PlanRecord& r) {
    if (r.outcome.ok()) rows.add_row({std::string("distance from the target [scales of its terms]"), r.name, r.mean, r.range.lower, r.range.upper});
  };
  add(found.plan);
  for (const auto& reference : found.references) add(reference);
  report::add_figure(run, {"comparison", fmt::format("Distance from the target: mean and range ({}) over members that were not used to find the plan.", range), "intervals", {{"rows", rows}}, {{"interval_label", fmt::format("blue: mean and {} of one more member", plan.structures_differ ? "range" : range)}}, "answer"});
}

}  // namespace hyped
