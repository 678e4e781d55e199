// One model, six ways to follow it.
#include "experiments/network/network_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/report/figure.hpp"
#include "libhyped/simulate/master_equation.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "libhyped/simulate/steady_state.hpp"
#include "libhyped/simulate/tau_leap.hpp"
#include "libhyped/store/run_file.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

struct Values {
  std::vector<double> parameters, initial;
  Eigen::MatrixXd initial_by_parameter;
};

// The file's numbers with the settings' in their place.
Values values_of(const NetworkFile& network, const NetworkSettings& settings) {
  const InterpretedModel& model = *network.model;
  Values out;
  out.parameters = model.default_parameters();
  std::vector<std::string> names;
  for (const auto& spec : model.parameters()) names.emplace_back(spec.name);
  for (const auto& spec : model.states()) names.emplace_back(spec.name);
  for (const auto& [name, value] : settings.set) {
    if (const int p = model.parameter_index(name); p >= 0) out.parameters[static_cast<std::size_t>(p)] = value;
    else if (model.state_index(name) < 0) throw InputError("--set " + name, "there is no parameter or species '" + name + "'", "did you mean " + nearest_names(name, names) + "?");
  }
  out.initial = model.initial_state(out.parameters, &out.initial_by_parameter);
  for (const auto& [name, value] : settings.set)
    if (const int s = model.state_index(name); s >= 0) {
      out.initial[static_cast<std::size_t>(s)] = value;
      out.initial_by_parameter.row(s).setZero();
    }
  return out;
}

// Mean and, for stochastic methods, variance of every state at the sample times.
struct Course {
  std::vector<double> times_h;
  Eigen::MatrixXd mean, variance;      // [T x S]; variance empty if deterministic
  Eigen::MatrixXd mean_error;          // [T x S] Monte-Carlo standard error; empty if there is no chance in the mean
  Trajectory deterministic;
  Outcome outcome;
  std::string method;
};

Course follow_network(const InterpretedModel& model, const Values& values, const Experiment& experiment, const NetworkSettings& settings) {
  Course out;
  const auto variances = [&](const std::vector<Eigen::MatrixXd>& covariance) {
    out.variance.resize(static_cast<Eigen::Index>(covariance.size()), model.state_count());
    for (std::size_t t = 0; t < covariance.size(); ++t) out.variance.row(static_cast<Eigen::Index>(t)) = covariance[t].diagonal().transpose();
  };
  if (settings.method == "ssa") {
    SsaEnsemble found = simulate_ssa_ensemble(model, values.parameters, experiment, settings.runs, {.seed = settings.seed});
    out.times_h = found.times_h, out.mean = found.mean, out.outcome = found.outcome;
    variances(found.covariance);
    out.mean_error = (out.variance / std::max(1, found.runs)).cwiseMax(0.0).cwiseSqrt();
    out.method = fmt::format("exact stochastic simulation, {} paths, {} reactions", found.runs, found.reactions);
  } else if (settings.method == "tau") {
    TauLeapEnsemble found = simulate_tau_leap_ensemble(model, values.parameters, experiment, settings.runs, {.seed = settings.seed});
    out.times_h = found.times_h, out.mean = found.mean, out.outcome = found.outcome;
    variances(found.covariance);
    out.mean_error = found.mean_error;
    out.method = fmt::format("tau-leaping, {} paths, bias from {} coupled pairs taken off the mean", found.runs, found.coupled_runs);
  } else if (settings.method == "master") {
    Distribution found = simulate_master_equation(model, values.parameters, experiment, {.snapshots = false});
    out.times_h = found.times_h, out.mean = found.mean, out.outcome = found.outcome;
    variances(found.covariance);
    out.method = fmt::format("{}; at most {:.2g} of the probability left out, {} states", found.method, found.truncated_mass, found.largest_set);
  } else {
    const std::map<std::string, Method> methods{{"automatic", Automatic{}}, {"explicit", OdeOptions{}}, {"stiff", StiffOptions{}}};
    const auto method = methods.find(settings.method);
    if (method == methods.end())
      throw InputError("--method " + settings.method, "there is no such method", "did you mean " + nearest_names(settings.method, std::vector<std::string>{"automatic", "explicit", "stiff", "ssa", "tau", "master"}) + "?");
    out.deterministic = simulate(model, values.parameters, experiment, method->second, Sensitivities::parameters);
    out.times_h = out.deterministic.times_h, out.mean = out.deterministic.states, out.outcome = out.deterministic.outcome, out.method = out.deterministic.method;
  }
  return out;
}

Table parameter_values(const InterpretedModel& model, const Values& values) {
  Table table({{"name", "", ""}, {"unit", "", ""}, {"value", "", ""}, {"what", "", ""}});
  for (std::size_t i = 0; i < values.parameters.size(); ++i) table.add_row({std::string(model.parameters()[i].name), std::string(model.parameters()[i].unit), values.parameters[i], std::string("parameter")});
  for (std::size_t i = 0; i < values.initial.size(); ++i) table.add_row({std::string(model.states()[i].name), std::string(model.states()[i].unit), values.initial[i], std::string("start")});
  return table;
}

}  // namespace

void run_network(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings) {
  const InterpretedModel& model = *network.model;
  const Values values = values_of(network, settings);
  const double end = settings.end_h > 0 ? settings.end_h : network.end_h, step = settings.step_h > 0 ? settings.step_h : settings.end_h > 0 ? end / 100 : network.step_h;
  if (!(end > 0) || !(step > 0)) throw InputError(network.file.string(), "no time to simulate is given", "add [simulate] end_h, or give --end-h");
  Experiment experiment;
  experiment.id = std::string(model.name());
  experiment.initial = values.initial;
  experiment.initial_by_parameter = values.initial_by_parameter;
  experiment.schedule = network.schedule;
  for (int i = 0; i * step <= end * (1 + 1e-12); ++i) experiment.sample_times_h.push_back(i * step);
  const Course course = follow_network(model, values, experiment, settings);
  run.add_setting("method", course.method);
  run.add_table("values", parameter_values(model, values), "Parameters and starts that were used.");

  const auto assigned = model.assignment_names();
  std::vector<std::string> names;
  for (const auto& spec : model.states()) names.emplace_back(spec.name);
  const std::size_t states = names.size();
  const bool stochastic = course.variance.size() > 0;
  if (!stochastic) names.insert(names.end(), assigned.begin(), assigned.end());      // of means they would not be the mean
  for (const auto& name : network.show)
    if (std::find(names.begin(), names.end(), name) == names.end()) throw InputError(network.file.string(), "figures names '" + name + "', which there is not", "did you mean " + nearest_names(name, names) + "?");
  Table table({{"time_h", "h", ""}, {"name", "", ""}, {"unit", "", ""}, {stochastic ? "mean" : "value", "", ""}, {"sd", "", "of one culture"}, {"mean_error", "", "Monte-Carlo standard error of the mean"}});
  Table drawn({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  std::vector<double> extra(assigned.size());
  for (std::size_t t = 0; t < course.times_h.size(); ++t) {
    const auto row = static_cast<Eigen::Index>(t);
    const Eigen::RowVectorXd now = course.mean.row(row);
    if (!stochastic) model.assignments(course.times_h[t], std::vector<double>(now.begin(), now.end()), values.parameters, extra);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto column = static_cast<Eigen::Index>(i);
      const double value = i < states ? now[column] : extra[i - states], sd = stochastic ? std::sqrt(std::max(0.0, course.variance(row, column))) : 0;
      table.add_row({course.times_h[t], names[i], i < states ? std::string(model.states()[i].unit) : std::string(), cell_of(value), stochastic ? cell_of(sd) : Cell{}, course.mean_error.size() > 0 ? cell_of(course.mean_error(row, column)) : Cell{}});
      const bool wanted = network.show.empty() ? i < 12 : std::find(network.show.begin(), network.show.end(), names[i]) != network.show.end();
      if (wanted && std::isfinite(value)) drawn.add_row({names[i], std::string("all"), course.times_h[t], value, stochastic ? std::max(0.0, value - 1.96 * sd) : value, value + 1.96 * sd});      // counts are not negative
    }
  }
  run.add_table("course", table, stochastic ? "Mean and standard deviation over cultures." : "The course of every state and assigned quantity.");
  const std::string unit(model.states().front().unit);
  const bool one_unit = std::all_of(model.states().begin(), model.states().end(), [&](const StateSpec& s) { return s.unit == unit; });
  if (!drawn.rows().empty())
    report::add_figure(run, {"course", stochastic ? "Mean over cultures; band: mean +- 1.96 sd of one culture, cut at 0." : "Course of every quantity.", "time_course", {{"model", drawn}}, {{"y_label", one_unit ? "amount [" + unit + "]" : "amount [own units, table course]"}, {"band_label", stochastic ? "line: mean   band: 1.96 sd of one culture" : "line: solution"}}, "answer"});
  if (!course.deterministic.sensitivities.empty()) {
    Table by({{"time_h", "h", ""}, {"state", "", ""}, {"parameter", "", ""}, {"derivative", "", "d state / d parameter, natural units"}});
    for (std::size_t t = 0; t < course.times_h.size(); ++t)
      for (std::size_t i = 0; i < states; ++i)
        for (std::size_t p = 0; p < values.parameters.size(); ++p)
          by.add_row({course.times_h[t], names[i], std::string(model.parameters()[p].name), cell_of(course.deterministic.sensitivities[t](static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(p)))});
    run.add_table("sensitivities", by, "Forward sensitivities.");
  }
  RunArrays arrays;
  std::vector<std::string> columns(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(states));
  arrays.arrays["course/times"] = {Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(course.times_h.data(), static_cast<Eigen::Index>(course.times_h.size()))), {"time_h"}, {"h"}};
  arrays.arrays["course/states"] = {course.mean.topRows(static_cast<Eigen::Index>(course.times_h.size())), columns, {}};
  if (stochastic) arrays.arrays["course/variances"] = {course.variance, columns, {}};
  write_run_file(run.path_for("run.h5"), arrays);
  if (!course.outcome.ok()) {
    run.add_warning(fmt::format("stopped at {:.6g} h: {}", course.outcome.time_h, course.outcome.message));
    run.set_outcome(course.outcome);
  }
  run.add_answer(fmt::format("{} followed from 0 to {:.6g} h by {}.", model.name(), course.times_h.empty() ? 0 : course.times_h.back(), course.method));
  std::fprintf(stdout, "%s", to_terminal_paragraph("method    ", course.method).c_str());
  Table last({{"name", "", ""}, {"unit", "", ""}, {"at_end", "", ""}, {"sd", "", ""}, {"mean_error", "", ""}});
  for (std::size_t i = table.rows().size() - std::min(table.rows().size(), names.size()); i < table.rows().size(); ++i) last.add_row({table.rows()[i][1], table.rows()[i][2], table.rows()[i][3], table.rows()[i][4], table.rows()[i][5]});
  std::fprintf(stdout, "\n%s\n", to_terminal(last, "tables/course.tsv").c_str());
}

void run_network_steady(RunDirectory& run, const NetworkFile& network, const NetworkSettings& settings) {
  const InterpretedModel& model = *network.model;
  const Values values = values_of(network, settings);
  const SteadyState found = steady_state(model, values.parameters, values.initial);
  run.add_table("values", parameter_values(model, values), "Parameters and starts that were used.");
  Table states({{"name", "", ""}, {"unit", "", ""}, {"start", "", ""}, {"steady", "", found.outcome.ok() ? "" : "where the integration stopped"}});
  for (int i = 0; i < model.state_count(); ++i) states.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), std::string(model.states()[static_cast<std::size_t>(i)].unit), values.initial[static_cast<std::size_t>(i)], cell_of(found.state[i])});
  run.add_table("steady_state", states, "The steady state this start leads to.");
  std::fprintf(stdout, "%s\n", to_terminal(states, "tables/steady_state.tsv").c_str());
  Table totals({{"total", "", "what no reaction changes"}, {"value", "", ""}});
  for (const auto& total : found.totals) totals.add_row({total.text, total.total});
  if (!totals.rows().empty()) run.add_table("conserved", totals, "Conserved totals at this start.");
  for (const auto& total : found.totals) std::fprintf(stdout, "conserved %s\n", total.text.c_str());
  if (!found.outcome.ok()) {
    run.set_outcome(found.outcome);
    run.add_answer("No steady state: " + found.outcome.message + ".");
    return;
  }
  Table derivatives({{"state", "", ""}, {"by", "", "parameter or conserved total"}, {"derivative", "", "natural units"}, {"elasticity", "1", "relative change per relative change"}});
  for (Eigen::Index i = 0; i < found.by_parameter.rows(); ++i) {
    for (Eigen::Index p = 0; p < found.by_parameter.cols(); ++p) {
      const double slope = found.by_parameter(i, p);
      derivatives.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), std::string(model.parameters()[static_cast<std::size_t>(p)].name), cell_of(slope), found.state[i] > 0 ? cell_of(slope * values.parameters[static_cast<std::size_t>(p)] / found.state[i]) : Cell{}});
    }
    for (Eigen::Index c = 0; c < found.by_total.cols(); ++c) derivatives.add_row({std::string(model.states()[static_cast<std::size_t>(i)].name), found.totals[static_cast<std::size_t>(c)].text, cell_of(found.by_total(i, c)), Cell{}});
  }
  run.add_table("steady_derivatives", derivatives, "How the steady state moves (implicit function theorem).");
  const double slowest = found.eigenvalues.empty() ? 0 : found.eigenvalues.front().real();
  run.add_result("slowest_rate", slowest, "1/h");
  const std::string answer = fmt::format("Steady state, {}; disturbances die with a half-life of {:.4g} h or faster; largest rate left {:.1e} /h.", found.stable ? "stable" : "not stable", slowest < 0 ? std::log(2.0) / -slowest : std::numeric_limits<double>::infinity(), found.largest_rate);
  run.add_answer(answer);
  std::fprintf(stdout, "%s", to_terminal_paragraph("answer    ", answer).c_str());
}

}  // namespace hyped
