// What the design leaves open, found from arms, wells and the covariance of the estimates.
#include "experiments/cycle/design_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

// Cells in the field at one frame: the sum of a partition, the fullest of overlapping channels; NaN if a class is missing.
double total_at(const PhaseCounts& data, const WellSeries& well, std::size_t t) {
  const auto row = well.values.row(static_cast<Eigen::Index>(t));
  return data.classes_partition_cells ? row.sum() : row.maxCoeff();
}

// Least-squares slope of log totals over [from, until); empty with fewer than three frames.
std::optional<double> growth_of(const PhaseCounts& data, const WellSeries& well, double from_h, double until_h) {
  double n = 0, t1 = 0, y1 = 0, tt = 0, ty = 0;
  for (std::size_t t = 0; t < well.times_h.size(); ++t) {
    const double hours = well.times_h[t], total = total_at(data, well, t);
    if (hours < from_h || hours >= until_h || !(total > 0)) continue;
    const double y = std::log(total);
    n += 1;
    t1 += hours;
    y1 += y;
    tt += hours * hours;
    ty += hours * y;
  }
  const double spread = tt - t1 * t1 / n;
  if (n < 3 || !(spread > 0)) return std::nullopt;
  return (ty - t1 * y1 / n) / spread;
}

struct Sample {
  std::vector<double> values;
  double mean() const { return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()); }
  double squares() const {
    const double m = mean();
    return std::accumulate(values.begin(), values.end(), 0.0, [&](double sum, double v) { return sum + (v - m) * (v - m); });
  }
};

// Cells of a well at its start: mean of the frames of its first hour that the fit uses.
std::optional<double> start_of(const CycleSetup& setup, const PhaseCounts& data, const WellSeries& well) {
  double sum = 0, count = 0, first = never;
  for (std::size_t t = 0; t < well.times_h.size(); ++t) {
    const double total = total_at(data, well, t);
    if (well.times_h[t] < setup.first_frame_h || !(total > 0)) continue;
    first = std::min(first, well.times_h[t]);
    if (well.times_h[t] >= first + 1) break;
    sum += total;
    count += 1;
  }
  return count > 0 ? std::optional<double>(sum / count) : std::nullopt;
}

std::optional<PlaceboCheck> placebo_of(const CycleSetup& setup, const PhaseCounts& data, const std::string& one, const std::string& two, double from_h, double until_h) {
  std::map<std::string, Sample> growth;
  for (const Arm& arm : setup.arms) growth[arm.condition];
  for (const WellSeries& well : data.wells)
    if (growth.contains(well.condition))
      if (const auto slope = growth_of(data, well, from_h, until_h)) growth[well.condition].values.push_back(*slope);
  double squares = 0, degrees = 0;
  for (const auto& [condition, sample] : growth) {
    if (sample.values.size() < 2) continue;
    squares += sample.squares();
    degrees += static_cast<double>(sample.values.size()) - 1;
  }
  const Sample &a = growth[one], &b = growth[two];
  if (a.values.empty() || b.values.empty() || degrees < 1) return std::nullopt;
  PlaceboCheck check{one, two, from_h, until_h, a.mean(), b.mean(), static_cast<int>(a.values.size()), static_cast<int>(b.values.size()), b.mean() - a.mean(), 0, 0, degrees, 1};
  const double error = std::sqrt(squares / degrees * (1.0 / check.wells_one + 1.0 / check.wells_two));
  check.lower = check.difference - t_quantile_975(degrees) * error;
  check.upper = check.difference + t_quantile_975(degrees) * error;
  const boost::math::students_t_distribution<double> t(degrees);
  if (error > 0) check.p = 2 * boost::math::cdf(boost::math::complement(t, std::abs(check.difference) / error));
  return check;
}

void write_placebo(RunDirectory& run, const CycleSetup& setup, const PhaseCounts& data) {
  const auto checks = placebo_checks(setup, data);
  if (checks.empty()) return;
  Table table({{"arm", "", ""}, {"other_arm", "", "treated alike over this time"}, {"from_h", "h", ""}, {"until_h", "h", "first time the two arms are told apart"},
               {"growth", "1/h", "slope of log totals, mean over the arm's wells"}, {"other_growth", "1/h", ""}, {"difference", "1/h", "other - arm"}, {"lower", "1/h", "95 % t interval, variance between wells pooled over arms"}, {"upper", "1/h", ""}, {"degrees", "", ""}, {"p", "", "two-sided"}});
  for (const auto& c : checks) {
    table.add_row({c.one, c.two, c.from_h, c.until_h, c.growth_one, c.growth_two, c.difference, c.lower, c.upper, c.degrees, c.p});
    const std::string text = fmt::format("'{}' and '{}' are treated alike from {:.3g} to {:.3g} h{} grow by {:.3f} and {:.3f} /h (difference {:.4f}, 95 % [{:.4f}, {:.4f}], {} and {} wells)", c.one, c.two, c.from_h, c.until_h, c.differs() ? ", yet they" : " and", c.growth_one, c.growth_two, c.difference, c.lower, c.upper, c.wells_one, c.wells_two);
    if (c.differs()) run.add_warning("Placebo: " + text + ". No input made this difference: an effect of an arm of this size can as well be one of its wells.");
    else run.add_note("Placebo: " + text + ": no more than wells differ.");
  }
  run.add_table("placebo", table, "Growth of arms over the time in which they are treated alike: a difference here is none of the inputs' doing.");
}

void write_density(RunDirectory& run, const CycleFit& fitted, const PhaseCounts& data) {
  const CycleProblem& problem = *fitted.problem;
  const auto found = density_check(problem.setup(), data);
  if (!found) return;
  Table table({{"arm", "", ""}, {"wells", "", ""}, {"start", "cells", "geometric mean over wells, frames of the first hour of the fit"}, {"lowest", "cells", ""}, {"highest", "cells", ""}, {"fold", "1", "start / that of the thinnest arm"}});
  for (const auto& arm : found->arms)
    table.add_row({arm.condition, static_cast<std::int64_t>(arm.wells), arm.mean, arm.lowest, arm.highest, arm.mean / found->arms[found->thinnest].mean});
  run.add_table("density_by_arm", table, fmt::format("Cells at the start by arm; {:.0f} % of the variance of their logarithms is between arms (F = {:.3g}, p = {:.2g}).", 100 * found->between_share, found->f, found->p));
  run.add_result("density.between_arm_share", found->between_share, "1");
  run.add_result("density.p", found->p, "1");

  // Estimates that move together with the density effect.
  std::string together;
  const ParameterSpace& space = problem.space();
  const int density = space.index("density_effect");
  const Identifiability& known = fitted.fit.identifiability;
  if (density >= 0 && known.identified[static_cast<std::size_t>(density)]) {
    Table correlations({{"parameter", "", ""}, {"correlation", "1", "of its estimate with that of density_effect"}});
    for (int i = 0; i < space.count(); ++i) {
      const double scale = std::sqrt(known.covariance(i, i) * known.covariance(density, density));
      if (i == density || !known.identified[static_cast<std::size_t>(i)] || !(scale > 0) || space[i].name.rfind("cells@", 0) == 0) continue;
      const double r = known.covariance(i, density) / scale;
      correlations.add_row({space[i].name, r});
      if (std::abs(r) >= 0.3) together += fmt::format("{}{} {:.2f}", together.empty() ? "" : ", ", space[i].name, r);
    }
    run.add_table("density_correlations", correlations, "Correlation of estimates with the density effect, from the covariance of the fit.");
  }
  if (!(found->p < 0.05)) return;
  const auto &dense = found->arms[found->densest], &thin = found->arms[found->thinnest];
  std::string consequence = density >= 0 ? "the density effect and the arms' effects are told apart by the model's form more than by the design"
                                         : "the model has no density effect, so one would be taken for an effect of the arm";
  if (!together.empty()) consequence += fmt::format("; their estimates correlate: {}", together);
  run.add_warning(fmt::format("Density is confounded with the arm: wells of '{}' start at {:.2g} times the cells of '{}' ({:.0f} against {:.0f}; {:.0f} % of the variance of log starts is between arms, p = {:.2g}); {}.", dense.condition, found->fold(), thin.condition, dense.mean, thin.mean, 100 * found->between_share, found->p, consequence));
}

}  // namespace

double first_difference_h(const Arm& one, const Arm& two) {
  double first = never;
  for (const auto& [a, b] : {std::pair<const Arm&, const Arm&>{one, two}, std::pair<const Arm&, const Arm&>{two, one}}) {
    for (const Perturbation& event : a.schedule)
      if (std::find(b.schedule.begin(), b.schedule.end(), event) == b.schedule.end()) first = std::min(first, event.time_h);
    for (const ArmStratum& stratum : a.strata)
      for (const auto& [name, course] : stratum.inputs) {
        const bool shared = std::any_of(b.strata.begin(), b.strata.end(), [&](const ArmStratum& other) {
          const auto found = other.inputs.find(name);
          return found != other.inputs.end() && found->second == course;
        });
        if (!shared && !course.breaks().empty()) first = std::min(first, course.breaks().front());      // zero before
      }
  }
  return first;
}

std::vector<PlaceboCheck> placebo_checks(const CycleSetup& setup, const PhaseCounts& data) {
  std::vector<PlaceboCheck> checks;
  double first = never;
  for (const WellSeries& well : data.wells)
    if (!well.times_h.empty()) first = std::min(first, well.times_h.front());
  for (std::size_t a = 0; a < setup.arms.size(); ++a)
    for (std::size_t b = a + 1; b < setup.arms.size(); ++b) {
      const double until = first_difference_h(setup.arms[a], setup.arms[b]);
      if (until == never) continue;
      std::vector<double> starts{first};
      if (setup.first_frame_h > first) starts.push_back(setup.first_frame_h);
      for (const double from : starts) {
        if (const auto check = placebo_of(setup, data, setup.arms[a].condition, setup.arms[b].condition, from, until)) checks.push_back(*check);
      }
    }
  return checks;
}

std::optional<DensityCheck> density_check(const CycleSetup& setup, const PhaseCounts& data) {
  if (data.quantity != Quantity::count) return std::nullopt;
  DensityCheck check;
  double squares = 0, degrees = 0;
  Sample all;
  for (const Arm& arm : setup.arms) {
    Sample logs;
    for (const WellSeries& well : data.wells)
      if (well.condition == arm.condition)
        if (const auto start = start_of(setup, data, well)) logs.values.push_back(std::log(*start));
    if (logs.values.empty()) continue;
    const auto [lowest, highest] = std::minmax_element(logs.values.begin(), logs.values.end());
    check.arms.push_back({arm.condition, static_cast<int>(logs.values.size()), std::exp(logs.mean()), std::exp(*lowest), std::exp(*highest)});
    squares += logs.squares();
    degrees += static_cast<double>(logs.values.size()) - 1;
    all.values.insert(all.values.end(), logs.values.begin(), logs.values.end());
  }
  if (check.arms.size() < 2 || degrees < 1 || !(squares > 0)) return std::nullopt;
  for (std::size_t i = 0; i < check.arms.size(); ++i) {
    if (check.arms[i].mean > check.arms[check.densest].mean) check.densest = i;
    if (check.arms[i].mean < check.arms[check.thinnest].mean) check.thinnest = i;
  }
  const double whole = all.squares(), groups = static_cast<double>(check.arms.size()) - 1;
  check.between_share = 1 - squares / whole;
  check.f = (whole - squares) / groups / (squares / degrees);
  check.p = boost::math::cdf(boost::math::complement(boost::math::fisher_f_distribution<double>(groups, degrees), check.f));
  return check;
}

std::vector<std::string> design_doubts(const CycleSetup& setup, const PhaseCounts& data) {
  std::vector<std::string> doubts;
  for (const auto& check : placebo_checks(setup, data))
    if (check.differs()) {
      doubts.push_back(fmt::format("'{}' and '{}' differ by {:.4f} /h while treated alike", check.one, check.two, std::abs(check.difference)));
      break;
    }
  if (const auto density = density_check(setup, data); density && density->p < 0.05)
    doubts.push_back(fmt::format("arms start at different densities ({:.2g} times)", density->fold()));
  return doubts;
}

void write_design_checks(RunDirectory& run, const CycleFit& fitted, const PhaseCounts& data) {
  const CycleProblem& problem = *fitted.problem;
  write_placebo(run, problem.setup(), data);
  write_density(run, fitted, data);
  for (const auto& component : fitted.fit.components)
    if (component.name == "migration_variance")
      run.add_note(fmt::format("Counts wander more than births make them: cells that move across the edge of the field, or are found and lost again for hours, add a variance of {:.2g} per cell and hour.", component.value));
  const auto& ratios = fitted.fit.between_to_demographic;
  for (std::size_t r = 0; r < ratios.size(); ++r)
    if (ratios[r] > 1)
      run.add_note(fmt::format("'{}' differs between wells {:.2g} times as much as chance in the cells of one well makes it scatter: intervals rest on the number of wells, not of cells.", problem.random_parameters()[r], ratios[r]));
    else
      run.add_note(fmt::format("'{}' differs between wells by {:.2g} times what chance in the cells of one well makes it scatter.", problem.random_parameters()[r], ratios[r]));
}

}  // namespace hyped
