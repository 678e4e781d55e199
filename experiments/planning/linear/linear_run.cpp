// The course, its linear picture in pieces, Gramians, the cheapest input, and the check on the network itself.
#include "experiments/planning/linear/linear_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "experiments/control/linear/minimum_energy.hpp"
#include "experiments/planning/least_input.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

using namespace control;

struct LinearPicture {
  std::vector<HeldPiece> control, observe;
  Eigen::VectorXd end;      // of the course itself [S]
  Outcome outcome;
};

Experiment course_of(const LinearPlan& plan, std::vector<double> times, const Schedule& more = {}) {
  Experiment out;
  out.id = "course";
  out.initial = plan.values.initial;
  out.initial_by_parameter = plan.values.initial_by_parameter;
  out.schedule = plan.network.schedule;
  out.schedule.insert(out.schedule.end(), more.begin(), more.end());
  std::stable_sort(out.schedule.begin(), out.schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
  out.sample_times_h = std::move(times);
  return out;
}

LinearPicture picture_of(const LinearPlan& plan) {
  LinearPicture out;
  const InterpretedModel& model = *plan.network.model;
  const double step = plan.end_h / plan.pieces;
  std::vector<double> times;
  for (int k = 0; k < plan.pieces; ++k) times.push_back((k + 0.5) * step);
  times.push_back(plan.end_h);
  const Trajectory run = simulate(model, plan.values.parameters, course_of(plan, times), OdeOptions{1e-9, 1e-11});
  if (!(out.outcome = run.outcome).ok()) return out;
  const auto states = static_cast<Eigen::Index>(model.state_count());
  Eigen::MatrixXd read = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(plan.readings.size()), states);
  for (std::size_t r = 0; r < plan.readings.size(); ++r) read(static_cast<Eigen::Index>(r), plan.readings[r]) = 1;
  std::vector<double> x(static_cast<std::size_t>(states)), dx = x, p = plan.values.parameters;
  std::size_t next = 0;
  for (int k = 0; k < plan.pieces; ++k) {
    for (; next < plan.network.schedule.size() && plan.network.schedule[next].time_h <= times[static_cast<std::size_t>(k)]; ++next)      // events may set parameters
      if (const int at = model.parameter_index(plan.network.schedule[next].target); at >= 0) {
        double& value = p[static_cast<std::size_t>(at)];
        const auto& event = plan.network.schedule[next];
        const double amount = event.amount_parameter.empty() ? event.amount : p[static_cast<std::size_t>(model.parameter_index(event.amount_parameter))];
        value = event.action == Action::set ? amount : event.action == Action::add ? value + amount : value * amount;
      }
    for (Eigen::Index s = 0; s < states; ++s) x[static_cast<std::size_t>(s)] = run.states(k, s);
    Linearisation slopes;
    model.linearise(times[static_cast<std::size_t>(k)], x, p, dx, slopes);
    Eigen::MatrixXd b(states, static_cast<Eigen::Index>(plan.inputs.size()));
    for (std::size_t i = 0; i < plan.inputs.size(); ++i) b.col(static_cast<Eigen::Index>(i)) = slopes.parameter.col(plan.inputs[i]);
    if (!slopes.state.allFinite() || !b.allFinite()) {
      out.outcome = {Status::not_finite, "the rates have no derivative on the course"};
      return out;
    }
    out.control.push_back({step, slopes.state, b});
    out.observe.push_back({step, slopes.state, read.transpose()});
  }
  out.end = run.states.row(run.states.rows() - 1).transpose();
  return out;
}

// Directions of a Gramian by weight, each named by the states that make most of it.
int directions(RunDirectory& run, const std::string& name, const std::string& caption, const HorizonGramian& horizon, const InterpretedModel& model, double tolerance) {
  if (!horizon.gramian.allFinite()) {
    run.set_outcome({Status::not_finite, fmt::format("the Gramian of {} is not finite: the linear picture grows without bound over this horizon", name)});
    return -1;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> found(horizon.gramian);
  Table table({{"direction", "", "by weight"}, {"eigenvalue", "", ""}, {"share", "1", "of the largest"}, {"states", "", "its largest entries"}});
  const auto n = horizon.gramian.rows();
  const double most = found.eigenvalues()[n - 1];
  int rank = 0;
  // eigenvalues below this are rounding of the largest
  const double rounding = 100 * static_cast<double>(n) * std::numeric_limits<double>::epsilon();
  int doubtful = 0;
  for (Eigen::Index d = 0; d < n; ++d) {
    const Eigen::VectorXd v = found.eigenvectors().col(n - 1 - d);
    const double value = std::max(0.0, found.eigenvalues()[n - 1 - d]);
    rank += most > 0 && value > tolerance * most;
    doubtful += most > 0 && value > tolerance * most && value < rounding * most;
    std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
    for (Eigen::Index s = 0; s < n; ++s) order[static_cast<std::size_t>(s)] = s;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return std::abs(v[a]) > std::abs(v[b]); });
    std::vector<std::string> words;
    for (std::size_t k = 0; k < std::min<std::size_t>(4, order.size()); ++k)
      if (std::abs(v[order[k]]) > 0.05) words.push_back(fmt::format("{:+.2f} {}", v[order[k]], model.states()[static_cast<std::size_t>(order[k])].name));
    table.add_row({std::int64_t{d + 1}, value, most > 0 ? value / most : 0.0, fmt::format("{}", fmt::join(words, " "))});
  }
  run.add_table(name, table, caption);
  if (doubtful > 0) run.add_warning(fmt::format("{} of the {} directions of {} rest on rounding: their eigenvalues lie below {:.1e} of the largest. Give a tolerance above that, or a shorter horizon.", doubtful, rank, name, rounding));
  return rank;
}

}  // namespace

void run_linear(RunDirectory& run, const LinearPlan& plan) {
  run.set_title(plan.title, plan.question);
  run.add_setting("scenario", plan.text);
  run.add_input(plan.network.file);
  const InterpretedModel& model = *plan.network.model;
  run.add_table("values", values_table(model, plan.values), "Parameters and starts that were used.");
  const LinearPicture picture = picture_of(plan);
  if (!picture.outcome.ok()) return run.set_outcome(picture.outcome);
  std::vector<std::string> inputs;
  for (const int p : plan.inputs) inputs.emplace_back(model.parameters()[static_cast<std::size_t>(p)].name);
  run.add_note(fmt::format("Linear about the network's own course from 0 to {:.4g} h, A(t) and B(t) held over {} pieces; inputs ({}) are what is added to their values, free in sign.", plan.end_h, plan.pieces, fmt::join(inputs, ", ")));
  const HorizonGramian control = controllability_gramian(picture.control);
  const int rank = directions(run, "controllability", "Controllability Gramian over the horizon: where inputs of unit energy (integral of u'u) lead.", control, model, plan.tolerance);
  if (rank < 0) return;
  run.add_answer(rank == model.state_count() ? fmt::format("Inputs {} move all {} directions of the states within {:.4g} h.", fmt::join(inputs, ", "), rank, plan.end_h)
                                             : fmt::format("Inputs {} move {} of {} directions of the states within {:.4g} h (others take more than {:.0e} times the energy of the easiest).", fmt::join(inputs, ", "), rank, model.state_count(), plan.end_h, 1 / plan.tolerance));
  if (!plan.readings.empty()) {
    const int seen = directions(run, "observability", "Observability Gramian: how strongly the readings over the horizon answer a difference at the start.", observability_gramian(picture.observe), model, plan.tolerance);
    if (seen < 0) return;
    std::vector<std::string> names;
    for (const int s : plan.readings) names.emplace_back(model.states()[static_cast<std::size_t>(s)].name);
    run.add_answer(fmt::format("Reading {} all the time tells {} of {} directions of the start apart.", fmt::join(names, ", "), seen, model.state_count()));
  }
  if (plan.change.empty()) return;
  SteeringOptions options;
  options.tolerance = plan.tolerance;
  options.outputs = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(plan.change.size()), model.state_count());
  Eigen::VectorXd wanted(static_cast<Eigen::Index>(plan.change.size()));
  for (std::size_t k = 0; k < plan.change.size(); ++k) options.outputs(static_cast<Eigen::Index>(k), plan.change[k].first) = 1, wanted[static_cast<Eigen::Index>(k)] = plan.change[k].second;
  const Steering way = steer(picture.control, Eigen::VectorXd::Zero(model.state_count()), wanted, options);
  if (!std::isfinite(way.energy) || !way.costate.allFinite() || !way.reached.allFinite()) return run.set_outcome({Status::not_finite, "the input to the wanted change is not finite: the change is too large for this horizon"});
  run.add_result("energy", way.energy, "integral of the squared inputs, h");
  run.add_result("missed", way.missed, "of the wanted change, linear");
  if (!way.outcome.ok()) run.add_warning("The wanted change: " + way.outcome.message);
  // The input as steps, and the network itself under them.
  Table course({{"input", "", ""}, {"time_h", "h", ""}, {"added", "", "to the input's value"}, {"level", "", ""}});
  Table drawn({{"arm", "", ""}, {"input", "", ""}, {"time_h", "h", ""}, {"amount", "", ""}});
  Schedule steps;
  int below = 0;
  double energy_of_steps = 0;
  const double step = plan.end_h / plan.pieces;
  for (int k = 0; k < plan.pieces; ++k) {
    const Eigen::VectorXd u = input_at(picture.control, way.costate, (k + 0.5) * step);
    energy_of_steps += step * u.squaredNorm();
    for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
      const double level = plan.values.parameters[static_cast<std::size_t>(plan.inputs[i])] + u[static_cast<Eigen::Index>(i)];
      below += level < least_input(model.parameters()[static_cast<std::size_t>(plan.inputs[i])]);
      course.add_row({inputs[i], k * step, u[static_cast<Eigen::Index>(i)], level});
      drawn.add_row({std::string("least energy"), inputs[i], k * step, level});
      steps.push_back({k * step, inputs[i], Action::set, level, ""});
    }
  }
  const bool coarse = std::abs(energy_of_steps / way.energy - 1) > 0.05;
  if (coarse) run.add_warning(fmt::format("The input as {} steps of {:.4g} h has {:.2g} of the energy that the least-energy input has: it changes within a step, and steps, figure and the network's own answer are not that input. Give more pieces or a shorter end_h.", plan.pieces, step, energy_of_steps / way.energy));
  run.add_table("input", course, "The input of least energy to the wanted change, as steps.");
  std::vector<std::string> units;
  for (const int p : plan.inputs)
    if (const std::string unit(model.parameters()[static_cast<std::size_t>(p)].unit); std::find(units.begin(), units.end(), unit) == units.end()) units.push_back(unit.empty() ? "1" : unit);
  report::add_figure(run, {"input", "The input of least energy to the wanted change.", "schedule", {{"inputs", drawn}}, {{"y_label", fmt::format("level of the input [{}]", fmt::join(units, "; "))}}, "answer"});
  if (below > 0) run.add_warning(fmt::format("{} of {} levels lie below what their parameter may be (nothing bounds this input): give a smaller change, or plan with bounds.", below, course.rows().size()));
  const Trajectory itself = below > 0 ? Trajectory{} : simulate(model, plan.values.parameters, course_of(plan, {plan.end_h}, steps), OdeOptions{1e-8, 1e-10});
  Table reached({{"species", "", ""}, {"without", "", "at the end, no input"}, {"wanted_change", "", ""}, {"linear", "", "change by the linear picture"}, {"network", "", "change of the network itself under that input; empty: not simulated"}});
  for (std::size_t k = 0; k < plan.change.size(); ++k) {
    const int s = plan.change[k].first;
    const bool known = below == 0 && itself.outcome.ok();
    if (const double level = picture.end[s] + plan.change[k].second; level < 0) run.add_warning(fmt::format("{} would be {:.4g} at the end: no level is below 0.", model.states()[static_cast<std::size_t>(s)].name, level));
    if (const double off = known ? std::abs(itself.states(0, s) - picture.end[s] - way.reached[static_cast<Eigen::Index>(k)]) : 0; off > 0.2 * std::abs(plan.change[k].second))
      run.add_warning(fmt::format("{}: the network itself goes elsewhere than the linear picture by {:.4g}, {:.2g} of the wanted change: {}.", model.states()[static_cast<std::size_t>(s)].name, off, off / std::abs(plan.change[k].second), coarse ? "the steps are too long" : "the change is too large for a linear picture"));
    reached.add_row({std::string(model.states()[static_cast<std::size_t>(s)].name), picture.end[s], plan.change[k].second, way.reached[static_cast<Eigen::Index>(k)], known ? Cell(itself.states(0, s) - picture.end[s]) : Cell{}});
    run.add_answer(fmt::format("{} by {:+.4g} at {:.4g} h: the linear picture gives {:+.4g}{}.", model.states()[static_cast<std::size_t>(s)].name, plan.change[k].second, plan.end_h, way.reached[static_cast<Eigen::Index>(k)],
                               known ? fmt::format(", the network itself {:+.4g}", itself.states(0, s) - picture.end[s]) : ""));
  }
  run.add_table("reached", reached, "The wanted change, what the cheapest input gives by the linear picture, and in the network itself.");
  std::printf("\n%s\n", to_terminal(reached, "tables/reached.tsv").c_str());
}

}  // namespace hyped
