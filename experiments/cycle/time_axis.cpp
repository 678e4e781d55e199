// A frame interval known only between two ends: every fit is repeated at the other end, and the difference enters the intervals.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/cycle/cycle_fit.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

PhaseCounts at_interval(PhaseCounts data, double factor) {
  for (auto& well : data.wells)
    for (double& time : well.times_h) time *= factor;
  return data;
}

double penalty(const ParameterSpace& space, const ProcessFit& fit) {
  double sum = fit.minus_two_log_likelihood;
  for (int i = 0; i < space.count(); ++i)
    if (const auto& prior = space[i].prior) sum += std::pow((fit.theta[i] - prior->mean) / prior->sd, 2);
  return sum;
}

// Another optimum found at the other end may be the better one here: the difference between ends is not to be one of optima.
void try_from(CycleFit& here, const ProcessFit& other, const ProcessOptions& options) {
  ProcessOptions from = options;
  from.from = other.theta;
  from.records = {};
  ProcessFit trial = fit_process(*here.problem, from);
  here.fit.failed_solves.add(trial.failed_solves, "refit from the other end, ");
  if (trial.parameters.empty() || penalty(here.problem->space(), trial) >= penalty(here.problem->space(), here.fit)) return;
  trial.starts = here.fit.starts;
  trial.failed_solves = here.fit.failed_solves;
  here.fit = std::move(trial);
}

}  // namespace

void widen_intervals(ProcessFit& fit, const ParameterSpace& space, const Eigen::VectorXd& difference) {
  // Uniform between the ends, seen from the end that is reported: mean square d^2 / 3 (d^2 / 12 about the middle, d^2 / 4 for
  // the middle's distance). One cause moves all parameters together, so the part added is of rank one.
  const Eigen::VectorXd spread = difference / std::sqrt(3.0);
  fit.identifiability.covariance += spread * spread.transpose();
  for (int i = 0; i < space.count(); ++i) {
    FittedParameter& p = fit.parameters[static_cast<std::size_t>(i)];
    if (!p.identified) continue;
    const double reach = std::hypot(t_quantile_975(p.degrees) * p.sd, t_quantile_975(1e6) * spread[i]);
    p.sd = std::hypot(p.sd, spread[i]);
    p.lower = std::max(space[i].lower, space.natural(i, fit.theta[i] - reach));
    p.upper = std::min(space[i].upper, space.natural(i, fit.theta[i] + reach));
  }
}

CycleFit fit_scenario(const Scenario& scenario, const CycleSetup& setup, const PhaseCounts& data, const Records& records) {
  ProcessOptions options = scenario.fit;
  options.records = records;
  CycleFit fitted = fit_cycle(setup, data, options);
  const double stated = scenario.data.frame_interval_h, other = scenario.data.frame_interval_alternative_h;
  if (!(other > 0) || fitted.fit.parameters.empty()) return fitted;
  options.records = records.in("other end");
  CycleFit end = fit_cycle(setup, at_interval(data, other / stated), options);
  fitted.other_end = end.fit;
  fitted.fit.failed_solves.add(end.fit.failed_solves, "other frame interval, ");
  if (end.fit.parameters.empty()) return fitted;
  try_from(fitted, end.fit, scenario.fit);
  try_from(end, fitted.fit, scenario.fit);
  fitted.other_end = end.fit;
  const ProcessFit before = fitted.fit;
  Eigen::VectorXd difference = fitted.other_end->theta - fitted.fit.theta;
  for (int i = 0; i < difference.size(); ++i)
    if (!before.parameters[i].identified || !fitted.other_end->parameters[i].identified) difference[i] = 0;
  widen_intervals(fitted.fit, fitted.problem->space(), difference);
  fitted.without_time_axis = before.parameters;
  return fitted;
}

void write_time_axis(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted) {
  const double stated = scenario.data.frame_interval_h, other = scenario.data.frame_interval_alternative_h;
  if (!(other > 0)) return;
  if (!fitted.other_end || fitted.without_time_axis.empty()) {
    run.add_warning(fmt::format("The fit at the other frame interval, {:.4g} min, failed: the intervals do not hold what the time axis adds.", other * 60));
    return;
  }
  Table table({{"name", "", ""}, {"unit", "", ""}, {"estimate", "", fmt::format("a frame every {:.4g} min, as reported", stated * 60)}, {"other_end", "", fmt::format("a frame every {:.4g} min", other * 60)}, {"ratio", "1", "other end / estimate"}, {"lower_counts_alone", "", "95 % without the time axis"}, {"upper_counts_alone", "", ""}, {"lower", "", "95 % with it, as reported"}, {"upper", "", ""}});
  double widest = 1;
  std::string most;
  for (std::size_t i = 0; i < fitted.fit.parameters.size(); ++i) {
    const FittedParameter& now = fitted.fit.parameters[i];
    const FittedParameter& alone = fitted.without_time_axis[i];
    const FittedParameter& end = fitted.other_end->parameters[i];
    const bool known = now.identified && end.identified;
    table.add_row({now.name, now.unit, now.estimate, end.estimate, now.estimate != 0 ? cell_of(end.estimate / now.estimate) : Cell{}, known ? cell_of(alone.lower) : Cell{}, known ? cell_of(alone.upper) : Cell{}, known ? cell_of(now.lower) : Cell{}, known ? cell_of(now.upper) : Cell{}});
    if (known && alone.sd > 0 && now.sd / alone.sd > widest) {
      widest = now.sd / alone.sd;
      most = now.name;
    }
  }
  run.add_table("time_axis_sensitivity", table, "The fit repeated at the other frame interval. Each interval holds the difference as a value uniform between the two ends: mean square difference^2 / 3 on the search scale about the end that is reported, the same cause for all parameters.");
  run.add_result("time_axis_widening", widest, "1");
  run.add_warning(fmt::format("The frame interval is {:.4g} or {:.4g} min ({:.0f} % apart): every rate scales with it. The difference between the two fits is in the intervals; it widens that of {} most, by a factor {:.2g}.", stated * 60, other * 60, 100 * std::abs(stated / other - 1), most.empty() ? "none" : most, widest));
}

}  // namespace hyped
