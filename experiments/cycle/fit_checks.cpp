// Profiles of chosen parameters and the check of the residuals, written into the run.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/cycle/cycle_fit.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/profile.hpp"
#include "fitting/residual_check.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

std::vector<int> profiled_parameters(const Scenario& scenario, const ParameterSpace& space) {
  std::vector<int> which;
  for (const auto& name : scenario.profiles) {
    if (name == "all") {
      for (int i = 0; i < space.count(); ++i) which.push_back(i);
      break;
    }
    const int index = space.index(name);
    if (index < 0) throw InputError(scenario.setup.place("profiles"), "profiles names '" + name + "', which is not fitted", did_you_mean(name, space.names()));
    which.push_back(index);
  }
  return which;
}

void write_profiles(RunDirectory& run, const Scenario& scenario, CycleFit& fitted, const Truth& truth) {
  if (scenario.profiles.empty()) return;
  const ParameterSpace& space = fitted.problem->space();
  const std::vector<int> which = profiled_parameters(scenario, space);
  Outcome outcome;
  const auto frozen = frozen_residuals(*fitted.problem, fitted.fit, outcome);
  if (!outcome.ok()) {
    run.add_warning("profiles: " + outcome.message);
    return;
  }
  ProfileOptions options;
  options.records = scenario.records.in("profiles");
  options.points_per_side = 20;
  options.steps_to_bound = 8;
  options.least_squares.function_tolerance = 1e-8;
  for (const auto& p : fitted.fit.parameters) {
    const double t = t_quantile_975(p.degrees);
    options.thresholds.push_back(t * t);
  }
  Progress progress("sides of profiles", 2 * static_cast<long>(which.size()));
  options.progress = &progress;
  const auto profiles = profile_likelihood(*frozen, space, fitted.fit.theta, which, options);
  Table table({{"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %; empty: open"}, {"upper", "", "95 %; empty: open"}, {"verdict", "", ""}});
  Table lines({{"parameter", "", ""}, {"value", "", ""}, {"delta", "", "twice the drop of the log-likelihood"}});
  Table marks({{"parameter", "", ""}, {"axis", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"threshold", "", "of delta, at the ends of the 95 % interval"}, {"scale", "", ""}, {"truth", "", ""}});
  int open = 0;
  for (const Profile& p : profiles) {
    fitted.fit.failed_solves.add("profile of " + p.name, p.solves, space);
    const bool low = p.below.end == ProfileEnd::crossed || p.below.end == ProfileEnd::limited, high = p.above.end == ProfileEnd::crossed || p.above.end == ProfileEnd::limited;
    open += (low ? 0 : 1) + (high ? 0 : 1);
    table.add_row({p.name, p.unit, p.estimate, low ? cell_of(p.lower) : Cell{}, high ? cell_of(p.upper) : Cell{}, p.verdict});
    const auto known = truth.find(p.name);
    marks.add_row({p.name, axis_of(space[p.parameter]), p.estimate, low ? cell_of(p.lower) : Cell{}, high ? cell_of(p.upper) : Cell{}, p.threshold, std::string(space[p.parameter].scale == SearchScale::log10 ? "log10" : "linear"), known == truth.end() ? Cell{} : cell_of(known->second)});
    for (const ProfilePoint& point : p.points) lines.add_row({p.name, space.natural(p.parameter, point.value), point.rise});
  }
  run.add_table("profiles", table, "Profile likelihood with the covariance frozen at the optimum; threshold: the square of the t quantile with the parameter's degrees of freedom.");
  report::add_figure(run, {"profiles", "Profile likelihood: rise of minus twice the log-likelihood with the parameter held and all others fitted again (points). Dotted: threshold of the 95 % interval, the square of the t quantile with the parameter's degrees of freedom." + std::string(truth.empty() ? "" : " Dashed: truth of the twin."), "profiles", {{"profile", lines}, {"marks", marks}}, {{"threshold_name", "t^2"}}, "diagnostics"});
  if (open > 0) run.add_warning(fmt::format("{} profile bounds are open: the data do not limit those parameters on that side within their bounds (table profiles).", open));
}

void write_residual_check(RunDirectory& run, const CycleFit& fitted) {
  const ResidualCheck check = check_residuals(whitened_residuals(*fitted.problem, fitted.fit));
  if (!check.outcome.ok()) {
    run.add_warning("residual check: " + check.outcome.message);
    return;
  }
  Table tests({{"test", "", ""}, {"statistic", "", ""}, {"degrees", "", ""}, {"p_value", "", ""}, {"verdict", "", "5 % for all tests together (Holm)"}});
  for (const auto& test : check.tests) tests.add_row({test.name, cell_of(test.statistic), cell_of(test.degrees), cell_of(test.p_value), std::string(test.flagged ? "fault" : "passes")});
  run.add_table("residual_tests", tests, "Are the whitened residuals independent with variance 1?");
  Table places({{"condition", "", ""}, {"class", "", ""}, {"from_h", "h", ""}, {"until_h", "h", ""}, {"z", "", "standardised sum of the residuals"}});
  for (const auto& place : check.places) places.add_row({place.condition, place.class_name, place.from_h, place.until_h, place.z});
  run.add_table("residual_places", places, "Where the data differ most from the model.");
  for (const auto& sentence : check.words) {
    if (check.passed) run.add_note(sentence);
    else run.add_warning(sentence);
  }
}

}  // namespace hyped
