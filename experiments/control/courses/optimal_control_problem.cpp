// Checks of a problem, time as a state, integrals as states, and problems made of models.
#include "experiments/control/courses/optimal_control_problem.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr const char* where = "control problem";

void check_pair(const Vector& lower, const Vector& upper, Eigen::Index size, const std::vector<std::string>& names, const char* what, bool may_be_empty) {
  if (may_be_empty && lower.size() == 0 && upper.size() == 0) return;
  if (lower.size() != size || upper.size() != size)
    throw InputError(where, fmt::format("{} lower and {} upper bounds of {}, {} are needed", lower.size(), upper.size(), what, size), "give one of each");
  for (Eigen::Index i = 0; i < size; ++i)
    if (!(lower[i] <= upper[i]))
      throw InputError(where, fmt::format("the bounds of {} '{}' are crossed: {:.6g} to {:.6g}", what, static_cast<std::size_t>(i) < names.size() ? names[static_cast<std::size_t>(i)] : std::to_string(i),
                                          lower[i], upper[i]), "give a lower bound that is not above the upper one");
}

Vector appended(const Vector& v, double last) {
  if (v.size() == 0) return v;
  Vector longer(v.size() + 1);
  longer << v, last;
  return longer;
}
Vector filled(const Vector& v, Eigen::Index size, double value) { return v.size() ? v : Vector::Constant(size, value); }

// A function of the first S states: derivatives by the others are zero. Where `clocked`, the last state is the time.
PointFunction widened(const PointFunction& inner, Eigen::Index states, bool clocked) {
  if (!inner) return {};
  return [inner, states, clocked](double t, const Vector& x, const Vector& u, PointValue& out) {
    thread_local PointValue narrow;
    if (!inner(clocked ? x[states] : t, x.head(states), u, narrow)) return false;
    out.values = narrow.values;
    out.by_state.setZero(narrow.values.size(), x.size());
    out.by_state.leftCols(states) = narrow.by_state;
    if (clocked) out.by_state.col(states) = narrow.by_time;
    out.by_control = narrow.by_control;
    out.by_time = clocked ? Vector::Zero(narrow.values.size()) : narrow.by_time;
    return true;
  };
}

// dynamics [S] followed by one more rate [1].
PointFunction followed(const PointFunction& first, const PointFunction& second) {
  return [first, second](double t, const Vector& x, const Vector& u, PointValue& out) {
    PointValue last;
    if (!first(t, x, u, out) || !second(t, x, u, last)) return false;
    const Eigen::Index s = out.values.size();
    out.values.conservativeResize(s + 1);
    out.by_state.conservativeResize(s + 1, Eigen::NoChange);
    out.by_control.conservativeResize(s + 1, Eigen::NoChange);
    out.by_time.conservativeResize(s + 1);
    out.values[s] = last.values[0];
    out.by_state.row(s) = last.by_state.row(0);
    out.by_control.row(s) = last.by_control.row(0);
    out.by_time[s] = last.by_time[0];
    return true;
  };
}

OptimalControlProblem with_state(const OptimalControlProblem& p, const std::string& name, const PointFunction& rate, bool clocked, double initial, double lower, double upper) {
  const auto s = static_cast<Eigen::Index>(p.states.size());
  OptimalControlProblem wide = p;
  wide.states.push_back(name);
  wide.dynamics = followed(widened(p.dynamics, s, clocked), rate);
  wide.running_cost = widened(p.running_cost, s, clocked);
  wide.terminal_cost = widened(p.terminal_cost, s, clocked);
  wide.path = widened(p.path, s, clocked);
  wide.terminal = widened(p.terminal, s, clocked);
  wide.initial_lower = appended(p.initial_lower, initial);
  wide.initial_upper = appended(p.initial_upper, initial);
  wide.final_lower = appended(filled(p.final_lower, s, -infinity), lower);
  wide.final_upper = appended(filled(p.final_upper, s, infinity), upper);
  wide.state_lower = appended(p.state_lower, -infinity);
  wide.state_upper = appended(p.state_upper, infinity);
  return wide;
}

}  // namespace

void check_problem(const OptimalControlProblem& p) {
  const auto s = static_cast<Eigen::Index>(p.states.size()), u = static_cast<Eigen::Index>(p.controls.size());
  if (s == 0) throw InputError(where, "it has no states", "name them");
  if (!p.dynamics) throw InputError(where, "it has no dynamics", "give the rates of the states");
  check_pair(p.initial_lower, p.initial_upper, s, p.states, "initial state", false);
  check_pair(p.final_lower, p.final_upper, s, p.states, "final state", true);
  check_pair(p.state_lower, p.state_upper, s, p.states, "state", true);
  check_pair(p.control_lower, p.control_upper, u, p.controls, "control", false);
  check_pair(p.path_lower, p.path_upper, p.path ? p.path_lower.size() : 0, p.path_names, "path constraint", false);
  check_pair(p.terminal_lower, p.terminal_upper, p.terminal ? p.terminal_lower.size() : 0, p.terminal_names, "terminal constraint", false);
  if (!(p.end_lower <= p.end_upper) || !(p.start_time < p.end_upper) || !(p.end_lower >= p.start_time) || !std::isfinite(p.end_upper))
    throw InputError(where, fmt::format("time runs from {:.6g} to an end between {:.6g} and {:.6g}", p.start_time, p.end_lower, p.end_upper), "let it end after it starts, at a finite time");
}

OptimalControlProblem with_clock(const OptimalControlProblem& p) {
  if (!p.reads_clock) return p;
  const PointFunction one = [](double, const Vector& x, const Vector& u, PointValue& out) {
    out.values = Vector::Ones(1);
    out.by_state.setZero(1, x.size());
    out.by_control.setZero(1, u.size());
    out.by_time = Vector::Zero(1);
    return true;
  };
  OptimalControlProblem clocked = with_state(p, "time", one, true, p.start_time, -infinity, infinity);
  clocked.reads_clock = false;
  return clocked;
}

OptimalControlProblem with_integral(const OptimalControlProblem& p, const std::string& name, const PointFunction& rate, double lower, double upper) {
  check_problem(p);
  return with_state(p, name, widened(rate, static_cast<Eigen::Index>(p.states.size()), false), false, 0, lower, upper);
}

OptimalControlProblem control_problem(const Model& model, std::vector<double> parameters, const std::vector<std::string>& inputs, double end_time, std::vector<double> initial) {
  const std::string place = fmt::format("model '{}'", model.name());
  if (initial.empty()) initial = model.default_state();
  if (static_cast<int>(parameters.size()) != model.parameter_count() || static_cast<int>(initial.size()) != model.state_count())
    throw InputError(place, fmt::format("{} parameters and {} initial values were given, {} and {} are needed", parameters.size(), initial.size(), model.parameter_count(), model.state_count()),
                     "give one per name");
  if (inputs.empty()) throw InputError(place, "no input is named", "name the parameters that are to be controlled");
  std::vector<int> columns;
  std::vector<std::string> names;
  for (const auto& one : model.parameters()) names.emplace_back(one.name);
  OptimalControlProblem p;
  p.control_lower.resize(static_cast<Eigen::Index>(inputs.size()));
  p.control_upper.resize(static_cast<Eigen::Index>(inputs.size()));
  for (const auto& input : inputs) {
    const int index = model.parameter_index(input);
    if (index < 0) throw InputError(place, "it has no input '" + input + "'", did_you_mean(input, names));
    if (std::find(columns.begin(), columns.end(), index) != columns.end()) throw InputError(place, "input '" + input + "' is named twice", "name it once");
    const auto u = static_cast<Eigen::Index>(columns.size());
    p.control_lower[u] = model.parameters()[static_cast<std::size_t>(index)].lower;
    p.control_upper[u] = model.parameters()[static_cast<std::size_t>(index)].upper;
    columns.push_back(index);
  }
  if (!model.clock_switches(parameters, 0, end_time).empty())
    throw InputError(place, "its rates switch at known times", "write these times as events of a schedule, and plan between them");
  for (const auto& state : model.states()) p.states.emplace_back(state.name);
  p.controls = inputs;
  p.initial_lower = p.initial_upper = Eigen::Map<const Vector>(initial.data(), static_cast<Eigen::Index>(initial.size()));
  p.end_lower = p.end_upper = end_time;
  p.reads_clock = true;
  p.dynamics = [&model, parameters, columns](double t, const Vector& x, const Vector& u, PointValue& out) {
    thread_local Linearisation derivatives;
    thread_local std::vector<double> active;
    active = parameters;
    for (std::size_t k = 0; k < columns.size(); ++k) active[static_cast<std::size_t>(columns[k])] = u[static_cast<Eigen::Index>(k)];
    const std::span<const double> state(x.data(), static_cast<std::size_t>(x.size()));
    out.values.resize(x.size());
    out.by_time.resize(x.size());
    out.by_control.resize(x.size(), u.size());
    model.linearise(t, state, active, {out.values.data(), state.size()}, derivatives);
    model.time_derivative(t, state, active, {out.by_time.data(), state.size()});
    out.by_state = derivatives.state;
    for (std::size_t k = 0; k < columns.size(); ++k) out.by_control.col(static_cast<Eigen::Index>(k)) = derivatives.parameter.col(columns[k]);
    return out.values.allFinite() && out.by_state.allFinite() && out.by_control.allFinite();
  };
  return p;
}

}  // namespace hyped::control
