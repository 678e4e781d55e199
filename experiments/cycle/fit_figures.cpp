// The figures of a fit, as tables for the templates.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <boost/math/distributions/gamma.hpp>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiments/cycle/cycle_fit.hpp"
#include "experiments/report/figure.hpp"

namespace hyped {
namespace {

using report::Figure;

Table events_of(const Scenario& scenario) {
  Table table({{"time_h", "h", ""}, {"name", "", ""}});
  std::set<std::pair<double, std::string>> shown;
  auto add = [&](double time, const std::string& name) {
    if (std::isfinite(time) && shown.insert({time, name}).second) table.add_row({time, name});
  };
  for (const auto& event : scenario.events)
    if (!event.label.empty()) add(event.change.time_h, event.label);
  return table;
}

// Mean over the arm's wells of (class / total) and total / scale, and the model with the band its parameters leave.
struct ArmCourse {
  std::vector<double> times;
  Eigen::MatrixXd fraction, fraction_model, fraction_sd;      // [T x K]
  Eigen::VectorXd total, total_model, total_sd;               // [T], relative to the start
};

// The class that holds every cell, if there is one: then it is the total, and the others, which overlap, are shares of it.
int every_cell_class(const CycleProblem& problem) {
  const auto& classes = problem.setup().map.classes;
  for (std::size_t k = 0; k < classes.size(); ++k)
    if (classes[k].every_cell) return static_cast<int>(k);
  return -1;
}

ArmCourse course_of(const CycleFit& fitted, int unit) {
  const CycleProblem& problem = *fitted.problem;
  const Unit& u = problem.units()[unit];
  const int classes = problem.class_count(), samples = static_cast<int>(u.times_h.size());
  ArmCourse out{u.times_h, Eigen::MatrixXd::Zero(samples, classes), Eigen::MatrixXd::Zero(samples, classes), Eigen::MatrixXd::Zero(samples, classes), Eigen::VectorXd::Zero(samples), Eigen::VectorXd::Zero(samples), Eigen::VectorXd::Zero(samples)};
  const int founder = problem.founder_parameter(unit);
  const int every = every_cell_class(problem);
  Eigen::RowVectorXd to_total = Eigen::RowVectorXd::Ones(classes);
  if (every >= 0) to_total = Eigen::RowVectorXd::Unit(classes, every);
  const double cells = founder < 0 ? 1.0 : problem.space().natural(founder, fitted.fit.theta[founder]);
  const UnitMean mean = problem.mean_at(problem.setup().arms[u.arm], u.times_h, fitted.fit.theta, true, cells);
  const Eigen::MatrixXd& covariance = fitted.fit.identifiability.covariance;
  int wells = 0;
  double founders = 0;
  for (std::size_t w = 0; w < problem.wells().size(); ++w) {
    if (problem.wells()[w].unit != unit) continue;
    ++wells;
    const double scale = problem.density() ? cells : fitted.fit.scales[w];
    founders += scale;
    for (int t = 0; t < samples; ++t) {
      const Eigen::VectorXd y = problem.wells()[w].values.segment(t * classes, classes);
      const double total = to_total * y;
      if (total > 0) out.fraction.row(t) += (y / total).transpose();
      out.total[t] += total / scale;
    }
  }
  out.fraction /= wells;
  out.total /= wells;
  for (int t = 0; t < samples; ++t) {
    const Eigen::VectorXd m = mean.mean.segment(t * classes, classes) / cells;
    const Eigen::MatrixXd j = mean.by_theta.middleRows(t * classes, classes) / cells;
    const Eigen::MatrixXd random = mean.by_random.middleRows(t * classes, classes) / cells;
    const double sum = to_total * m, seen = problem.quantity() == Quantity::count ? founders * sum : 1e300;
    // the mean of these wells scatters about the fitted one: their own rates, and (counts) the cells there are
    auto of_wells = [&](const Eigen::RowVectorXd& by_random) {
      double variance = 0;
      for (int r = 0; r < by_random.size(); ++r) {
        const std::size_t component = 3 + static_cast<std::size_t>(problem.random_group()[r]);
        if (component < fitted.fit.components.size()) variance += fitted.fit.components[component].value * by_random[r] * by_random[r] / wells;
      }
      return variance;
    };
    const Eigen::RowVectorXd js = to_total * j;
    out.total_model[t] = sum;
    const Eigen::RowVectorXd random_sum = to_total * random;
    out.total_sd[t] = std::sqrt(std::max(0.0, (js * covariance * js.transpose())(0)) + of_wells(random_sum) + std::abs(sum - 1) / (sum * seen) * sum * sum);
    for (int k = 0; k < classes; ++k) {
      const Eigen::RowVectorXd g = j.row(k) / sum - m[k] / (sum * sum) * js;
      out.fraction_model(t, k) = m[k] / sum;
      out.fraction_sd(t, k) = std::sqrt(std::max(0.0, (g * covariance * g.transpose())(0)) + of_wells(random.row(k) / sum - m[k] / (sum * sum) * random_sum) +
                                        std::max(0.0, m[k] / sum * (1 - m[k] / sum)) / seen);
    }
  }
  return out;
}

// With density dependence every well has its own course: mean over those of the arm that share the first one's times.
ArmCourse mean_of_wells(const CycleFit& fitted, int unit) {
  const CycleProblem& problem = *fitted.problem;
  ArmCourse out = course_of(fitted, unit);
  int wells = 1;
  for (int u = unit + 1; u < static_cast<int>(problem.units().size()); ++u) {
    if (problem.units()[u].arm != problem.units()[unit].arm || problem.units()[u].times_h != out.times) continue;
    const ArmCourse other = course_of(fitted, u);
    ++wells;
    out.fraction += other.fraction;
    out.fraction_model += other.fraction_model;
    out.fraction_sd += other.fraction_sd;
    out.total += other.total;
    out.total_model += other.total_model;
    out.total_sd += other.total_sd;
  }
  for (Eigen::MatrixXd* m : {&out.fraction, &out.fraction_model, &out.fraction_sd}) *m /= wells;
  for (Eigen::VectorXd* v : {&out.total, &out.total_model, &out.total_sd}) *v /= wells;
  return out;
}

// What the reader of the shares must know of cells without a label; empty if all are labelled.
std::string words_of_unlabelled(const CycleFit& fitted) {
  std::string found;
  for (const auto& p : fitted.fit.parameters)
    if (p.name.rfind(labelled_fraction, 0) == 0) found += fmt::format("{}{:.2f}{}", found.empty() ? "" : ", ", p.estimate, p.name.substr(std::string(labelled_fraction).size()));
  if (fitted.problem->projection().unlabelled() < 0 && found.empty()) return "";
  return " Shares are of all nuclei; unlabelled ones are counted among them but not drawn" + (found.empty() ? std::string(".") : fmt::format(" (fitted fraction labelled: {}).", found));
}

void phase_figures(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted) {
  const CycleProblem& problem = *fitted.problem;
  const std::vector<Column> points{{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "", ""}};
  const std::vector<Column> model{{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}};
  Table fraction_points(points), fraction_model(model), total_points(points), total_model(model);
  std::set<std::string> drawn;
  std::vector<int> units(problem.units().size());      // in the order of the scenario's arms
  std::iota(units.begin(), units.end(), 0);
  std::stable_sort(units.begin(), units.end(), [&](int a, int b) { return problem.units()[a].arm < problem.units()[b].arm; });
  for (const int u : units) {
    const std::string arm = problem.setup().arms[problem.units()[u].arm].condition;
    if (!is_shown(scenario, arm) || !drawn.insert(arm).second) continue;
    if (drawn.size() > 12) break;      // small multiples end somewhere; every arm is in the tables
    const ArmCourse course = problem.density() ? mean_of_wells(fitted, u) : course_of(fitted, u);
    const int thin = std::max<int>(1, static_cast<int>(course.times.size()) / 70);
    for (int t = 0; t < static_cast<int>(course.times.size()); t += thin) {
      for (int k = 0; k < problem.class_count(); ++k) {
        if (k == problem.projection().unlabelled() || k == every_cell_class(problem)) continue;
        const std::string name = problem.setup().map.classes[k].name;
        fraction_points.add_row({arm, name, course.times[t], course.fraction(t, k)});
        fraction_model.add_row({arm, name, course.times[t], course.fraction_model(t, k), course.fraction_model(t, k) - 1.96 * course.fraction_sd(t, k), course.fraction_model(t, k) + 1.96 * course.fraction_sd(t, k)});
      }
      total_points.add_row({arm, std::string("all"), course.times[t], course.total[t]});
      total_model.add_row({arm, std::string("all"), course.times[t], course.total_model[t], course.total_model[t] - 1.96 * course.total_sd[t], course.total_model[t] + 1.96 * course.total_sd[t]});
    }
  }
  const Table events = events_of(scenario);
  auto data = [&](Table points_table, Table model_table) {
    std::vector<std::pair<std::string, Table>> parts{{"points", std::move(points_table)}, {"model", std::move(model_table)}};
    if (!events.rows().empty()) parts.emplace_back("events", events);
    return parts;
  };
  if (problem.class_count() > 1)
    report::add_figure(run, {"phases", fmt::format("Share of the observed classes over time. Points: mean over the wells of an arm ({} wells in all). Line: fitted model. Band: 95 % for the mean of these wells (parameters, differences between wells, their cells).{}", problem.wells().size(), words_of_unlabelled(fitted)), "time_course", data(fraction_points, fraction_model), {{"y_label", "share of all nuclei"}}, "answer"});
  report::add_figure(run, {"totals", fmt::format("Cells relative to the fitted start. Points: mean over the wells of an arm ({} wells in all). Line: fitted model. Band: 95 % for the mean of these wells.", problem.wells().size()), "time_course", data(total_points, total_model), {{"y_label", "cells relative to start"}}, problem.class_count() > 1 ? "diagnostics" : "answer"});
}

void residual_figures(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted) {
  const CycleProblem& problem = *fitted.problem;
  const int classes = problem.class_count();
  Table residuals({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"residual", "1", "whitened"}});
  Table correlation({{"arm", "", ""}, {"lag_h", "h", ""}, {"autocorrelation", "1", ""}, {"lower", "", ""}, {"upper", "", ""}});
  std::set<std::string> drawn;
  std::vector<std::size_t> order(fitted.fit.whitened.size());      // of the scenario's arms, as in the other figures
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return problem.units()[problem.wells()[a].unit].arm < problem.units()[problem.wells()[b].unit].arm; });
  for (const std::size_t w : order) {
    const Well& well = problem.wells()[w];
    if (!is_shown(scenario, well.condition) || !drawn.insert(well.condition).second) continue;
    if (drawn.size() > 12) break;
    const Unit& unit = problem.units()[well.unit];
    std::vector<double> block_time(static_cast<std::size_t>(unit.blocks.count), 0);
    const auto sizes = unit.blocks.size();
    for (std::size_t t = 0; t < unit.times_h.size(); ++t) block_time[unit.blocks.block_of_sample[t]] += unit.times_h[t] / sizes[unit.blocks.block_of_sample[t]];
    const Eigen::VectorXd& z = fitted.fit.whitened[w];
    for (int b = 0; b < unit.blocks.count; ++b)
      for (int k = 0; k < classes; ++k) residuals.add_row({well.condition, problem.setup().map.classes[k].name, block_time[b], z[b * classes + k]});
    const double spacing = unit.blocks.count > 1 ? (block_time.back() - block_time.front()) / (unit.blocks.count - 1) : 1;
    const double band = 1.96 / std::sqrt(static_cast<double>(z.size()));
    for (int lag = 1; lag <= std::min(24, unit.blocks.count / 3); ++lag) {
      double sum = 0, square = 0;
      for (int i = 0; i + lag * classes < z.size(); ++i) sum += z[i] * z[i + lag * classes];
      square = z.squaredNorm();
      correlation.add_row({well.condition, lag * spacing, cell_of(sum / square), -band, band});
    }
  }
  std::vector<std::pair<std::string, Table>> parts{{"points", residuals}};
  const Table events = events_of(scenario);
  if (!events.rows().empty()) parts.emplace_back("events", events);
  report::add_figure(run, {"residuals", "Whitened residuals of the first well of each arm: independent with variance 1 if the model and its noise are right.", "residuals", parts, {}, "diagnostics"});
  report::add_figure(run, {"autocorrelation", "Autocorrelation of the whitened residuals of the first well of each arm; grey band: 95 % if they are independent.", "autocorrelation", {{"points", correlation}}, {}, "diagnostics"});
}

void density_figure(RunDirectory& run, const CycleFit& fitted, const Truth& truth) {
  const CycleProblem& problem = *fitted.problem;
  Table density({{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "1/h", ""}, {"lower", "1/h", ""}, {"upper", "1/h", ""}});
  Table known({{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "1/h", ""}});
  const auto& phases = problem.model().graph().phases;
  const bool only_growth = phases.size() == 1 && phases.front().stages == 1;      // a memoryless compartment has no duration to show
  if (phases.size() > 6 || only_growth) return;
  const std::string arm = problem.setup().arms.front().condition;
  const std::vector<double> p = problem.parameters_of(arm, fitted.fit.theta);
  auto at = [](double rate, int stages, double t) { return boost::math::pdf(boost::math::gamma_distribution<double>(stages, 1 / (rate * stages)), t); };
  for (const auto& phase : phases) {
    const double rate = p[problem.model().parameter_index(phase.exit_rate)];
    if (!(rate > 0)) continue;
    // the band: densities at all rates of the interval
    double low = rate, high = rate;
    for (const auto& parameter : fitted.fit.parameters)
      if (parameter.identified && (parameter.name == phase.exit_rate || parameter.name == phase.exit_rate + "@" + arm)) {
        low = parameter.lower;
        high = parameter.upper;
      }
    const auto found = truth.find(phase.exit_rate);
    for (int i = 1; i <= 150; ++i) {
      // over the rates of the interval the density at t has its only maximum at rate 1 / t, and its minimum at one of the ends
      const double t = i * 0.3;
      density.add_row({arm, phase.name, t, at(rate, phase.stages, t), std::min(at(low, phase.stages, t), at(high, phase.stages, t)), at(std::clamp(1 / t, low, high), phase.stages, t)});
      if (found != truth.end()) known.add_row({arm, phase.name, t, at(found->second, phase.stages, t)});
    }
  }
  std::vector<std::pair<std::string, Table>> parts{{"density", density}};
  if (!known.rows().empty()) parts.emplace_back("truth", known);
  report::add_figure(run, {"durations", "Fitted distribution of phase durations without inputs (Erlang with the stages of the model); band: at the rates of the 95 % interval" + std::string(truth.empty() ? "." : "; dashed: truth of the twin."), "densities", parts, {}, "diagnostics"});
}

void schedule_figure(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted) {
  Table inputs({{"arm", "", ""}, {"input", "", ""}, {"time_h", "h", ""}, {"amount", "1", ""}});
  for (const Arm& arm : fitted.problem->setup().arms) {
    std::map<std::string, std::pair<double, const ArmStratum*>> strongest;
    for (const auto& stratum : arm.strata)
      for (const auto& [name, course] : stratum.inputs)
        if (!strongest.contains(name) || course(course.breaks().empty() ? 0 : course.breaks().back()) > strongest[name].first) strongest[name] = {course(course.breaks().empty() ? 0 : course.breaks().back()), &stratum};
    for (int i = 0; i <= 144 && !strongest.empty(); ++i) {
      const double t = scenario.end_h * i / 144;
      for (const auto& [name, at] : strongest) {
        double mean = 0;
        for (const auto& stratum : arm.strata)
          if (const auto found = stratum.inputs.find(name); found != stratum.inputs.end()) mean += stratum.weight * found->second(t);
        inputs.add_row({arm.condition, name, t, mean});
      }
    }
  }
  if (inputs.rows().empty()) return;
  std::vector<std::pair<std::string, Table>> parts{{"inputs", inputs}};
  const Table events = events_of(scenario);
  if (!events.rows().empty()) parts.emplace_back("events", events);
  report::add_figure(run, {"schedule", "Active inputs over time, mean over the cells of an arm (1: peak of the reference dose in a transfected cell), from the delivery models.", "schedule", parts, {}, "diagnostics"});
}

void interval_figure(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted, const Truth& truth) {
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"scale", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}, {"truth", "", ""}, {"independent_lower", "", ""}, {"independent_upper", "", ""}});
  const ParameterSpace& space = fitted.problem->space();
  int shown = 0;
  for (int i = 0; i < space.count() && shown < 24; ++i) {
    const FittedParameter& p = fitted.fit.parameters[i];
    if (!p.identified || p.name.rfind("cells@", 0) == 0 || !is_shown(scenario, p.name)) continue;
    ++shown;
    const auto known = truth.find(p.name);
    const double reach = 1.96 * p.independent_sd;
    rows.add_row({axis_of(space[i]), p.name, std::string(space[i].scale == SearchScale::log10 ? "log10" : "linear"), p.estimate, p.lower, p.upper, known == truth.end() ? Cell{} : cell_of(known->second),
                  p.independent_sd > 0 ? cell_of(space.natural(i, fitted.fit.theta[i] - reach)) : Cell{}, p.independent_sd > 0 ? cell_of(space.natural(i, fitted.fit.theta[i] + reach)) : Cell{}});
  }
  if (shown > 0) report::add_figure(run, {"intervals", "Estimates with 95 % intervals (process covariance, wells); thin: what independent frames would have claimed" + std::string(truth.empty() ? "." : "; cross: truth of the twin."), "intervals", {{"rows", rows}}, {}, "answer"});
}

}  // namespace

std::string axis_of(const FreeParameter& parameter) {
  const auto begins = [&](const char* text) { return parameter.meaning.rfind(text, 0) == 0; };
  const bool plain = parameter.unit.empty() || parameter.unit == "1";
  if (begins("log-fold")) return "effect [log-fold change]";
  if (begins("odds")) return "odds [1]";
  if (parameter.unit == "1/h") return begins("death") ? "death rate [1/h]" : "rate [1/h]";
  if (!plain) return "[" + parameter.unit + "]";
  return begins("fraction") || (parameter.lower >= 0 && parameter.upper <= 1) ? "fraction [1]" : "coefficient [1]";
}

void write_fit_figures(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted, const Truth& truth) {
  phase_figures(run, scenario, fitted);
  interval_figure(run, scenario, fitted, truth);
  residual_figures(run, scenario, fitted);
  Table waterfall({{"rank", "", ""}, {"cost", "", ""}, {"outcome", "", ""}});
  auto sorted = fitted.fit.starts;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.sum_of_squares < b.sum_of_squares; });
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (std::isfinite(sorted[i].sum_of_squares)) waterfall.add_row({static_cast<std::int64_t>(i + 1), sorted[i].sum_of_squares, std::string(to_string(sorted[i].outcome.status))});
  report::add_figure(run, {"waterfall", fmt::format("Final cost of {} local fits from a low-discrepancy design, best first.", sorted.size()), "waterfall", {{"points", waterfall}}, {}, "diagnostics"});
  density_figure(run, fitted, truth);
  schedule_figure(run, scenario, fitted);
}

}  // namespace hyped
