// The layout of variables, their bounds, and the conditions at the end.
#include "experiments/control/courses/control_mesh.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;
constexpr double infinity = std::numeric_limits<double>::infinity();
const Vector no_controls;

Vector or_filled(const Vector& v, Eigen::Index size, double value) { return v.size() ? v : Vector::Constant(size, value); }

std::string or_number(const std::vector<std::string>& names, std::size_t i, const char* kind) { return i < names.size() ? names[i] : fmt::format("{} {}", kind, i); }

}  // namespace

int ControlMesh::control(int interval, int b) const {
  const int first = static_cast<int>(arcs.size()) + points() * states;
  if (shape == ControlShape::piecewise_linear) return first + (interval + arc_of[static_cast<std::size_t>(interval)] + b) * controls;      // one node more than intervals in every arc
  return first + (interval * static_cast<int>(basis.size()) + b) * controls;
}

int ControlMesh::variables() const {
  const int nodes = shape == ControlShape::piecewise_linear ? intervals() + static_cast<int>(arcs.size()) : intervals() * static_cast<int>(basis.size());
  return static_cast<int>(arcs.size()) + points() * states + nodes * controls;
}

Eigen::MatrixXd ControlMesh::coefficients(const Vector& z, int interval) const {
  Eigen::MatrixXd c(static_cast<Eigen::Index>(basis.size()), controls);
  for (int b = 0; b < c.rows(); ++b) c.row(b) = z.segment(control(interval, b), controls);
  return c;
}

std::vector<double> ControlMesh::breaks(const Vector& z, double start) const {
  std::vector<double> times{start};
  double begins = start;
  int inside = 0;
  for (int k = 0; k < intervals(); ++k) {
    const int a = arc_of[static_cast<std::size_t>(k)];
    ++inside;
    const bool last = k + 1 == intervals() || arc_of[static_cast<std::size_t>(k + 1)] != a;
    times.push_back(last ? begins + z[a] : begins + z[a] * inside * share(k));
    if (last) begins += z[a], inside = 0;
  }
  return times;
}

void declare_variables(const OptimalControlProblem& problem, const ControlMesh& mesh, NonlinearProgram& program) {
  const int n = mesh.variables();
  program.lower = Vector::Constant(n, -infinity);
  program.upper = Vector::Constant(n, infinity);
  program.names.assign(static_cast<std::size_t>(n), "");
  for (int a = 0; a < static_cast<int>(mesh.arcs.size()); ++a) {
    program.lower[a] = mesh.arcs[static_cast<std::size_t>(a)].shortest;
    program.upper[a] = mesh.arcs[static_cast<std::size_t>(a)].longest;
    program.names[static_cast<std::size_t>(a)] = fmt::format("duration of arc {}", a + 1);
  }
  const Vector low = or_filled(problem.state_lower, mesh.states, -infinity), high = or_filled(problem.state_upper, mesh.states, infinity);
  const Vector end_low = or_filled(problem.final_lower, mesh.states, -infinity), end_high = or_filled(problem.final_upper, mesh.states, infinity);
  for (int point = 0; point < mesh.points(); ++point) {
    const bool first = point == 0, last = point + 1 == mesh.points();
    for (int i = 0; i < mesh.states; ++i) {
      const int v = mesh.state(point) + i;
      program.lower[v] = first ? problem.initial_lower[i] : last ? std::max(low[i], end_low[i]) : low[i];
      program.upper[v] = first ? problem.initial_upper[i] : last ? std::min(high[i], end_high[i]) : high[i];
      program.names[static_cast<std::size_t>(v)] = fmt::format("{} at point {} of {}", problem.states[static_cast<std::size_t>(i)], point, mesh.points());
    }
  }
  for (int k = 0; k < mesh.intervals(); ++k) {
    const ControlArc& arc = mesh.arcs[static_cast<std::size_t>(mesh.arc_of[static_cast<std::size_t>(k)])];
    for (int b = 0; b < static_cast<int>(mesh.basis.size()); ++b)
      for (int u = 0; u < mesh.controls; ++u) {
        const int v = mesh.control(k, b) + u;
        program.lower[v] = arc.control_lower.size() ? arc.control_lower[u] : problem.control_lower[u];
        program.upper[v] = arc.control_upper.size() ? arc.control_upper[u] : problem.control_upper[u];
        program.names[static_cast<std::size_t>(v)] = fmt::format("{} in interval {}", problem.controls[static_cast<std::size_t>(u)], k);
      }
  }
}

int EndConditions::rows() const { return (problem_.terminal ? static_cast<int>(problem_.terminal_lower.size()) : 0) + (mesh_.arcs.size() > 1 ? 1 : 0); }

void EndConditions::declare(NonlinearProgram& program, int first_row) const {
  int row = first_row;
  if (problem_.terminal)
    for (Eigen::Index e = 0; e < problem_.terminal_lower.size(); ++e, ++row) {
      program.constraint_lower[row] = problem_.terminal_lower[e];
      program.constraint_upper[row] = problem_.terminal_upper[e];
      program.constraint_names[static_cast<std::size_t>(row)] = or_number(problem_.terminal_names, static_cast<std::size_t>(e), "terminal constraint");
      for (int i = 0; i < mesh_.states; ++i) program.pattern.push_back({row, mesh_.last_state() + i});
    }
  if (mesh_.arcs.size() > 1) {
    program.constraint_lower[row] = problem_.end_lower - problem_.start_time;
    program.constraint_upper[row] = problem_.end_upper - problem_.start_time;
    program.constraint_names[static_cast<std::size_t>(row)] = "length of the horizon";
    for (int a = 0; a < static_cast<int>(mesh_.arcs.size()); ++a) program.pattern.push_back({row, a});
  }
}

bool EndConditions::cost(const Vector& z, double& value, Vector* gradient) const {
  if (!problem_.terminal_cost) return true;
  PointValue end;
  if (!problem_.terminal_cost(0, z.segment(mesh_.last_state(), mesh_.states), no_controls, end)) return false;
  value += end.values[0];
  if (gradient) gradient->segment(mesh_.last_state(), mesh_.states) += end.by_state.row(0).transpose();
  return true;
}

bool EndConditions::constraints(const Vector& z, Vector& values, int first_row, Entries* derivatives) const {
  int row = first_row;
  if (problem_.terminal) {
    PointValue end;
    if (!problem_.terminal(0, z.segment(mesh_.last_state(), mesh_.states), no_controls, end)) return false;
    for (Eigen::Index e = 0; e < end.values.size(); ++e, ++row) {
      values[row] = end.values[e];
      if (derivatives)
        for (int i = 0; i < mesh_.states; ++i) derivatives->add(end.by_state(e, i));
    }
  }
  if (mesh_.arcs.size() > 1) {
    values[row] = z.head(static_cast<Eigen::Index>(mesh_.arcs.size())).sum();
    if (derivatives)
      for (std::size_t a = 0; a < mesh_.arcs.size(); ++a) derivatives->add(1);
  }
  return true;
}

void EndConditions::declare_hessian(NonlinearProgram& program) const {
  if (!problem_.terminal_cost && !problem_.terminal) return;
  for (int i = 0; i < mesh_.states; ++i)
    for (int j = 0; j <= i; ++j) program.hessian_pattern.push_back({mesh_.last_state() + i, mesh_.last_state() + j});
}

bool EndConditions::hessian(const Vector& z, double weight, const Vector& multipliers, int first_row, Entries& out) const {
  if (!problem_.terminal_cost && !problem_.terminal) return true;
  Vector moved = z.segment(mesh_.last_state(), mesh_.states);
  PointValue end;
  const auto gradient = [&](Vector& g) {
    g.setZero(mesh_.states);
    if (problem_.terminal_cost && !problem_.terminal_cost(0, moved, no_controls, end)) return false;
    if (problem_.terminal_cost) g += weight * end.by_state.row(0).transpose();
    if (!problem_.terminal) return true;
    if (!problem_.terminal(0, moved, no_controls, end)) return false;
    g += end.by_state.transpose() * multipliers.segment(first_row, end.values.size());
    return true;
  };
  Eigen::MatrixXd h(mesh_.states, mesh_.states);
  Vector up, down;
  for (int i = 0; i < mesh_.states; ++i) {
    const double here = moved[i], step = 1e-5 * std::max(1.0, std::abs(here));
    moved[i] = here + step;
    if (!gradient(up)) return false;
    moved[i] = here - step;
    if (!gradient(down)) return false;
    moved[i] = here;
    h.col(i) = (up - down) / (2 * step);
  }
  for (int i = 0; i < mesh_.states; ++i)
    for (int j = 0; j <= i; ++j) out.add(0.5 * (h(i, j) + h(j, i)));
  return true;
}

Vector EndConditions::end_adjoint(const Vector& z, const Vector& multipliers, int first_row) const {
  Vector lambda = Vector::Zero(mesh_.states);
  PointValue end;
  const Vector x = z.segment(mesh_.last_state(), mesh_.states);
  if (problem_.terminal_cost && problem_.terminal_cost(0, x, no_controls, end)) lambda += end.by_state.row(0).transpose();
  if (problem_.terminal && problem_.terminal(0, x, no_controls, end)) lambda += end.by_state.transpose() * multipliers.segment(first_row, end.values.size());
  return lambda;
}

}  // namespace hyped::control
