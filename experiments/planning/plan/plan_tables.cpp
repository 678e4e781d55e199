// Tables of a plan: doses, shapes, comparison, target, limits, support, timing, slack, sensitivity.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/plan/plan_run.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

using control::PlanRecord;

void pulses_table(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  Table doses({{"plan", "", ""}, {"input", "", ""}, {"amount", "", "in the unit"}, {"unit", "", ""}, {"start_h", "h", ""}, {"end_h", "h", "empty: not washed out"}});
  const auto add = [&](const std::string& name, const std::vector<control::Pulse>& pulses) {
    for (const auto& pulse : pulses) {
      const auto& input = plan.problem->inputs[static_cast<std::size_t>(pulse.input)];
      if (pulse.amount > 0) doses.add_row({name, input.name, pulse.amount, input.unit, pulse.start_h, cell_of(pulse.until_h)});
    }
  };
  add("plan", found.search.best.pulses);
  int number = 0;
  std::vector<std::string> said{pulse_words(plan, found.search.best.pulses)};
  for (const auto& other : found.search.others)
    if (const std::string words = pulse_words(plan, other.pulses); std::find(said.begin(), said.end(), words) == said.end()) said.push_back(words), add(fmt::format("next best {}", ++number), other.pulses);      // ends that are the plan again say nothing
  for (const auto& reference : plan.references) add(reference.name, reference.pulses);
  run.add_table("plan", doses, "Doses of the plan, of the next best ends, and of what it is compared with.");
  Table shapes({{"shape", "", "inputs and order"}, {"variables", "1", ""}, {"feasible", "", ""}, {"cost", "", "best end on the screening members"}, {"starts", "1", ""}, {"alike", "1", "ends within 1 % of the best"}});
  for (const auto& row : found.search.rows) shapes.add_row({row.words, std::int64_t{row.variables}, std::string(row.feasible ? "yes" : "no"), row.starts > 0 ? cell_of(row.cost) : Cell{}, std::int64_t{row.starts}, std::int64_t{row.alike}});
  run.add_table("shapes", shapes, "Which inputs, how often, in which order: all that the limits allow.");
}

void comparison_table(RunDirectory& run, const PlanOutcome& found) {
  Table table({{"plan", "", ""}, {"mean", "", "distance over the reporting members"}, {"median", "", ""}, {"lower", "", "range of one more member"}, {"upper", "", ""}, {"level", "1", "chance that the range holds it"}, {"reached", "1", "share within the target's tolerance"},
               {"chance_of_plan", "1", "that the plan is nearer"}, {"gain", "", "distance minus the plan's, mean"}, {"gain_lower", "", "range of one more member"}, {"gain_upper", "", ""}});
  const auto add = [&](const PlanRecord& r, const control::PlanContrast* c) {
    if (r.outcome.ok()) table.add_row({r.name, r.mean, r.median, r.range.lower, r.range.upper, r.range.level, r.reached, c ? Cell(c->chance) : Cell{}, c ? Cell(c->gain) : Cell{}, c ? Cell(c->lower) : Cell{}, c ? Cell(c->upper) : Cell{}});
  };
  add(found.plan, nullptr);
  for (const auto& reference : found.references) {
    const auto c = std::find_if(found.contrasts.begin(), found.contrasts.end(), [&](const auto& one) { return one.other == reference.name; });
    add(reference, c == found.contrasts.end() ? nullptr : &*c);
  }
  run.add_table("comparison", table, "Distance from the target over members that were not used to find the plan.");
  std::fprintf(stdout, "%s\n", to_terminal(table, "tables/comparison.tsv").c_str());
}

void reached_table(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  Table table({{"term", "", ""}, {"wanted", "", ""}, {"side", "", ""}, {"plan", "", ""}, {"mean", "", "over the reporting members"}, {"lower", "", "range of one more member"}, {"upper", "", ""}, {"level", "1", "chance that the range holds it"}});
  const auto& terms = plan.problem->target.terms();
  const auto add = [&](const PlanRecord& r) {
    if (!r.outcome.ok()) return;
    Eigen::MatrixXd seen(r.quantities.rows(), static_cast<Eigen::Index>(terms.size()));
    for (Eigen::Index m = 0; m < r.quantities.rows(); ++m) seen.row(m) = plan.problem->target.seen(r.quantities.row(m).transpose()).transpose();
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const Eigen::VectorXd values = seen.col(static_cast<Eigen::Index>(t));
      const auto range = control::predictive_range(values, r.weights);
      table.add_row({terms[t].name, terms[t].value, std::string(terms[t].side == control::Side::equal ? "equal" : terms[t].side == control::Side::at_least ? "at least" : "at most"), r.name, values.dot(r.weights) / r.weights.sum(), range.lower, range.upper, range.level});
    }
  };
  add(found.plan);
  for (const auto& reference : found.references) add(reference);
  run.add_table("target", table, "What is reached of each part of the target.");
  if (plan.problem->limits.empty()) return;
  Table limits({{"limit", "", ""}, {"least", "", ""}, {"most", "", ""}, {"over", "", ""}, {"mean", "", "over the reporting members"}, {"lower", "", "range of one more member"}, {"upper", "", ""}, {"level", "1", "chance that the range holds it"}, {"kept", "1", "share of the reporting members"}});
  const auto kept = limits_kept(plan, found.plan);
  for (std::size_t k = 0; k < kept.size(); ++k) {
    const auto& limit = plan.problem->limits[k];
    limits.add_row({limit.name, cell_of(limit.least), cell_of(limit.most), kept[k].words, kept[k].mean, kept[k].range.lower, kept[k].range.upper, kept[k].range.level, kept[k].share});
  }
  run.add_table("limits", limits, "Limits over members that were not used to find the plan.");
}

void timing_table(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  const auto& pulses = found.search.best.pulses;
  std::vector<Column> columns{{"input", "", ""}, {"dose", "1", "number of the plan's dose of this input"}, {"start_h", "h", ""}, {"risk", "", "over the reporting members"}, {"mean", "", "distance"}};
  std::vector<std::size_t> shares;
  const auto courses = plan.system->course_quantities();
  for (std::size_t c = 0; c < courses.size(); ++c)
    if (courses[c].unit == "share") shares.push_back(c), columns.push_back({"share " + courses[c].name, "1", "of cells when the dose is given, mean over members"});
  Table table(columns);
  for (std::size_t k = 0; k < pulses.size(); ++k) {
    const auto& input = plan.problem->inputs[static_cast<std::size_t>(pulses[k].input)];
    if (!(pulses[k].amount > 0) || input.latest_h <= input.earliest_h) continue;
    auto others = pulses;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
    const auto points = control::timing_course(*plan.problem, pulses, static_cast<int>(k), input.earliest_h, input.latest_h, 13, plan.halves.report);
    std::vector<double> times;
    for (const auto& point : points) times.push_back(point.start_h);
    if (points.size() < 13) run.add_note(fmt::format("Timing of {}: {} of 13 starts are left out, too near to its other doses or with a member that cannot be simulated.", input.name, 13 - points.size()));
    Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times.size()), static_cast<Eigen::Index>(courses.size()));
    int used = 0;
    for (std::size_t m = 0; m < plan.halves.report.size() && m < 20 && !shares.empty(); ++m) {
      Outcome outcome;
      const Eigen::MatrixXd one = plan.system->course(plan.halves.report[m], others, times, outcome);
      if (outcome.ok()) mean += one, ++used;
    }
    const auto given = std::count_if(pulses.begin(), pulses.end(), [&](const auto& p) { return p.input == pulses[k].input && p.amount > 0; });
    const auto number = 1 + std::count_if(pulses.begin(), pulses.begin() + static_cast<std::ptrdiff_t>(k), [&](const auto& p) { return p.input == pulses[k].input && p.amount > 0; });
    double low = points.empty() ? 0 : points[0].mean, high = low, best_h = 0;
    for (std::size_t p = 0; p < points.size(); ++p) {
      std::vector<Cell> row{input.name, std::int64_t{number}, points[p].start_h, points[p].risk, points[p].mean};
      for (const std::size_t c : shares) row.push_back(used > 0 ? cell_of(mean(static_cast<Eigen::Index>(p), static_cast<Eigen::Index>(c)) / used) : Cell{});
      table.add_row(row);
      if (points[p].mean <= low) low = points[p].mean, best_h = points[p].start_h;
      high = std::max(high, points[p].mean);
    }
    const std::string which = given > 1 ? fmt::format("{}, dose {}", input.name, number) : input.name;
    if (!points.empty()) run.add_answer(fmt::format("Timing of {}: over starts of {:.3g} to {:.3g} h, all else as planned, the mean distance runs from {:.4g} (near {:.3g} h) to {:.4g}.", which, input.earliest_h, input.latest_h, low, best_h, high));
  }
  if (!table.rows().empty()) run.add_table("timing", table, "Value of timing: each dose moved, all else as planned; shares of the phases when it is given.");
}

void hinge_tables(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  const double rise = std::max(0.05 * std::abs(found.search.best.cost), 1e-6);
  Table slack({{"variable", "", ""}, {"unit", "", ""}, {"planned", "", ""}, {"lower", "", "how far it can go; empty: not known"}, {"upper", "", ""}, {"at_bound", "", ""}, {"others", "", "what the other variables do"}});
  for (const auto& row : control::variable_slack(*plan.problem, found.search, rise)) slack.add_row({row.name, row.unit, row.value, row.known ? Cell(row.lower) : Cell{}, row.known ? Cell(row.upper) : Cell{}, std::string(row.at_bound ? "yes" : "no"), std::string(row.following ? "follow" : "stay")});
  if (!slack.rows().empty()) run.add_table("slack", slack, fmt::format("How far each variable can move until the cost rises by {:.3g}: by the curvature at the plan with the others following, or, where that is not positive in every direction, by moving it alone as far as limits are kept.", rise));
  const control::MemberPlans& own = found.own;
  run.add_result("regret", own.regret, plan.problem->price > 0 ? "mean cost (distance and price of the doses) above that of each member's own best plan" : "mean distance above that of each member's own best plan");
  run.add_result("distance_gained_by_own_plans", own.nearer, "mean distance above that at each member's own best plan");
  Table table({{"parameter", "", "of the model"}, {"of", "", "the plan's distance, or what the member's own best plan would take"}, {"correlation", "1", "Spearman's over members"}, {"lower", "1", "95 %"}, {"upper", "1", ""}});
  auto rows = own.sensitivities;
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return std::abs(a.correlation) > std::abs(b.correlation); });
  for (const auto& row : rows) table.add_row({row.parameter, row.of, row.correlation, row.lower, row.upper});
  if (!rows.empty()) {
    run.add_table("sensitivity", table, "How the plan hangs on the model's parameters, over the members that report.");
    run.add_answer(fmt::format("Knowing the model would gain {}; the plan hangs most on '{}' ({}: correlation {:.2f}, {:.2f} to {:.2f}).", plan.problem->price > 0 ? fmt::format("{:.4g} of cost, distance and price of the doses together ({:.4g} of distance)", own.regret, own.nearer) : fmt::format("{:.4g} of distance", own.regret), rows[0].parameter, rows[0].of, rows[0].correlation, rows[0].lower, rows[0].upper));
  }
}

}  // namespace

void write_plan_tables(RunDirectory& run, const PlanCase& plan, const PlanOutcome& found) {
  pulses_table(run, plan, found);
  comparison_table(run, found);
  reached_table(run, plan, found);
  Table support({{"input", "", ""}, {"part", "", ""}, {"unit", "", ""}, {"planned", "", ""}, {"measured", "", "in the data of the fit"}, {"supported", "", ""}, {"rests_on", "", ""}});
  for (const auto& row : support_of(plan, found.search.best.pulses)) support.add_row({row.pulse, row.part, row.unit, row.value, row.measured, std::string(row.supported ? "yes" : "no"), row.verdict});
  run.add_table("support", support, "Which parts of the plan the data support, and what the others rest on.");
  timing_table(run, plan, found);
  hinge_tables(run, plan, found);
}

}  // namespace hyped
