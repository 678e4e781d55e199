// Checks of a program, the choice of its solver, and our own word on the point that comes back.
#include "experiments/control/optimal/nonlinear_program.hpp"

#include <fmt/format.h>

#include <cmath>

#include "experiments/control/optimal/program_solvers.hpp"

namespace hyped::control {
namespace {

std::string name_of(const std::vector<std::string>& names, Eigen::Index i, const char* kind) {
  return static_cast<std::size_t>(i) < names.size() ? names[static_cast<std::size_t>(i)] : fmt::format("{} {}", kind, i);
}

void check_bounds(const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, const std::vector<std::string>& names, const char* kind) {
  if (lower.size() != upper.size()) throw InputError("program", fmt::format("{} lower and {} upper bounds of a {}", lower.size(), upper.size(), kind), "give one of each");
  for (Eigen::Index i = 0; i < lower.size(); ++i)
    if (!(lower[i] <= upper[i]))
      throw InputError("program", fmt::format("the bounds of {} are crossed: {:.6g} to {:.6g}", name_of(names, i, kind), lower[i], upper[i]), "give a lower bound that is not above the upper one");
}

void check(const NonlinearProgram& program, const Eigen::VectorXd& start) {
  check_bounds(program.lower, program.upper, program.names, "variable");
  check_bounds(program.constraint_lower, program.constraint_upper, program.constraint_names, "constraint");
  if (start.size() != program.lower.size())
    throw InputError("program", fmt::format("the start has {} values, the program {} variables", start.size(), program.lower.size()), "give one value per variable");
  for (Eigen::Index i = 0; i < start.size(); ++i)
    if (!std::isfinite(start[i])) throw InputError("program", fmt::format("the start of {} is not finite", name_of(program.names, i, "variable")), "give a number");
  HYPED_REQUIRE(program.objective != nullptr);
  HYPED_REQUIRE(program.constraint_lower.size() == 0 || program.constraints != nullptr);
  for (const auto& [c, v] : program.pattern) HYPED_REQUIRE(c >= 0 && c < program.constraint_lower.size() && v >= 0 && v < program.lower.size());
  for (const auto& [row, column] : program.hessian_pattern) HYPED_REQUIRE(row >= column && column >= 0 && row < program.lower.size());
}

// How far a value is outside its bounds.
double outside(double value, double lower, double upper) { return std::max({0.0, lower - value, value - upper}); }

// A multiplier's part in the violation of complementarity: nothing where the bound on its side is met.
double loose(double multiplier, double distance) { return multiplier == 0 ? 0 : std::abs(multiplier) * (std::isfinite(distance) ? std::abs(distance) : 1.0); }

struct Scales {
  double optimality = 1, infeasibility = 1;
};

// Value, infeasibility, optimality and the multipliers of fixed variables, from the program's functions alone.
Scales measure(const NonlinearProgram& program, ProgramSolution& s) {
  const Eigen::Index n = s.x.size(), m = program.constraint_lower.size();
  Eigen::VectorXd gradient = Eigen::VectorXd::Zero(n), values = Eigen::VectorXd::Zero(m), derivatives = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(program.pattern.size()));
  const bool known = program.objective(s.x, s.value, &gradient) && (m == 0 || program.constraints(s.x, values, &derivatives)) && std::isfinite(s.value) &&
                     gradient.allFinite() && values.allFinite() && derivatives.allFinite();
  if (!known) {
    s.infeasibility = s.optimality = std::numeric_limits<double>::infinity();
    if (s.outcome.ok()) s.outcome = {Status::not_finite, "the functions cannot be evaluated at the last point"};
    return {};
  }
  Scales scales{std::max(1.0, gradient.lpNorm<Eigen::Infinity>()), 1};
  s.infeasibility = 0;
  Eigen::VectorXd lagrangian = gradient;
  for (std::size_t k = 0; k < program.pattern.size(); ++k)
    lagrangian[program.pattern[k].second] += s.multipliers[program.pattern[k].first] * derivatives[static_cast<Eigen::Index>(k)];
  double complementarity = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    s.infeasibility = std::max(s.infeasibility, outside(s.x[i], program.lower[i], program.upper[i]));
    if (program.lower[i] == program.upper[i]) s.lower_multipliers[i] = std::max(0.0, lagrangian[i]), s.upper_multipliers[i] = std::max(0.0, -lagrangian[i]);
    lagrangian[i] += s.upper_multipliers[i] - s.lower_multipliers[i];
    complementarity = std::max({complementarity, loose(s.lower_multipliers[i], s.x[i] - program.lower[i]), loose(s.upper_multipliers[i], program.upper[i] - s.x[i])});
    scales.optimality = std::max({scales.optimality, s.lower_multipliers[i], s.upper_multipliers[i]});
  }
  for (Eigen::Index c = 0; c < m; ++c) {
    s.infeasibility = std::max(s.infeasibility, outside(values[c], program.constraint_lower[c], program.constraint_upper[c]));
    const double away = s.multipliers[c] > 0 ? program.constraint_upper[c] - values[c] : values[c] - program.constraint_lower[c];
    complementarity = std::max(complementarity, loose(s.multipliers[c], away));
    scales.infeasibility = std::max(scales.infeasibility, std::abs(values[c]));
  }
  s.optimality = std::max(n == 0 ? 0 : lagrangian.lpNorm<Eigen::Infinity>(), complementarity);
  return scales;
}

ProgramSolution solve_by(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options) {
  if ((program.lower.array() == program.upper.array()).all()) {      // nothing to choose; solvers do not take it
    ProgramSolution s;
    s.x = program.lower;
    s.multipliers.setZero(program.constraint_lower.size());
    s.lower_multipliers.setZero(start.size());
    s.upper_multipliers.setZero(start.size());
    return s;
  }
  return options.method == ProgramMethod::interior_point ? solve_interior_point(program, start, options) : solve_sequential(program, start, options);
}

// The same constraints with room on both sides, the sum of which is to be least: zero where they can be met.
NonlinearProgram elastic(const NonlinearProgram& program) {
  const Eigen::Index n = program.lower.size(), m = program.constraint_lower.size();
  NonlinearProgram e;
  e.lower = Eigen::VectorXd::Zero(n + 2 * m);
  e.upper = Eigen::VectorXd::Constant(n + 2 * m, std::numeric_limits<double>::infinity());
  e.lower.head(n) = program.lower;
  e.upper.head(n) = program.upper;
  e.constraint_lower = program.constraint_lower;
  e.constraint_upper = program.constraint_upper;
  e.objective = [n, m](const Eigen::VectorXd& z, double& value, Eigen::VectorXd* gradient) {
    value = z.tail(2 * m).sum();
    if (gradient) gradient->setOnes(n + 2 * m), gradient->head(n).setZero();
    return true;
  };
  const auto own = static_cast<Eigen::Index>(program.pattern.size());
  e.constraints = [&program, n, m, own](const Eigen::VectorXd& z, Eigen::VectorXd& values, Eigen::VectorXd* derivatives) {
    Eigen::VectorXd inner(own);
    if (!program.constraints(z.head(n), values, derivatives ? &inner : nullptr)) return false;
    values += z.segment(n, m) - z.tail(m);
    if (derivatives) *derivatives << inner, Eigen::VectorXd::Ones(m), -Eigen::VectorXd::Ones(m);
    return true;
  };
  e.pattern = program.pattern;
  for (int side = 0; side < 2; ++side)
    for (Eigen::Index c = 0; c < m; ++c) e.pattern.push_back({static_cast<int>(c), static_cast<int>(n + side * m + c)});
  if (program.hessian) {
    e.hessian = [&program, n](const Eigen::VectorXd& z, double, const Eigen::VectorXd& multipliers, Eigen::VectorXd& values) { return program.hessian(z.head(n), 0, multipliers, values); };
    e.hessian_pattern = program.hessian_pattern;
  }
  return e;
}

// Which constraints cannot be met together near the last point, and by how much; the nearest point takes its place.
void explain_infeasible(const NonlinearProgram& program, const ProgramOptions& options, double scale, ProgramSolution& s) {
  const Eigen::Index n = s.x.size(), m = program.constraint_lower.size();
  Eigen::VectorXd values = Eigen::VectorXd::Zero(m), start = Eigen::VectorXd::Zero(n + 2 * m);
  const Eigen::VectorXd inside = s.x.cwiseMax(program.lower).cwiseMin(program.upper);
  if (!program.constraints(inside, values, nullptr) || !values.allFinite()) return;
  start.head(n) = inside;
  start.segment(n, m) = (program.constraint_lower - values).cwiseMax(0);
  start.tail(m) = (values - program.constraint_upper).cwiseMax(0);
  const NonlinearProgram relaxed = elastic(program);
  ProgramSolution nearest = solve_by(relaxed, start, options);
  s.iterations += nearest.iterations;
  s.evaluations += nearest.evaluations;
  const Eigen::VectorXd x = nearest.x.head(n).cwiseMax(program.lower).cwiseMin(program.upper);
  if (!program.constraints(x, values, nullptr) || !values.allFinite()) return;
  std::string words;
  Eigen::VectorXd shortage(m);
  for (Eigen::Index c = 0; c < m; ++c) shortage[c] = outside(values[c], program.constraint_lower[c], program.constraint_upper[c]);
  const double enough = std::max(1e-6, 1e3 * options.tolerance) * scale;
  if (!(shortage.maxCoeff() > enough)) return;      // a point that meets them exists: the solver did not get there
  for (Eigen::Index c = 0; c < m; ++c) {
    if (shortage[c] <= enough) continue;
    s.violated.push_back(static_cast<int>(c));
    if (s.violated.size() <= 5) words += fmt::format("{}{} (short by {:.4g})", words.empty() ? "" : ", ", name_of(program.constraint_names, c, "constraint"), shortage[c]);
  }
  if (s.violated.size() > 5) words += fmt::format(" and {} more", s.violated.size() - 5);
  s.x = x;
  s.multipliers = nearest.multipliers;      // of the least sum of shortages
  s.outcome = {Status::not_converged, fmt::format("no point nearby meets all constraints; nearest point misses {}", words)};
}

}  // namespace

ProgramSolution solve_program(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options) {
  check(program, start);
  ProgramSolution s = solve_by(program, start.cwiseMax(program.lower).cwiseMin(program.upper), options);
  Scales scales = measure(program, s);
  const double allowed = std::max(100 * options.tolerance, 1e-10) * scales.infeasibility;
  if (s.infeasibility > allowed && program.constraint_lower.size() > 0) {
    if (s.outcome.ok()) s.outcome = {Status::not_converged, fmt::format("constraints are missed by {:.3g}", s.infeasibility)};
    explain_infeasible(program, options, scales.infeasibility, s);
    const Outcome said = s.outcome;
    measure(program, s);
    s.outcome = said;
    return s;
  }
  const double missing = s.optimality / scales.optimality;
  if (missing <= std::max(100 * options.tolerance, 1e-10) && s.infeasibility <= allowed) {
    s.outcome = {};      // whatever stopped the solver, this is a solution
  } else if (s.outcome.ok() && missing > std::max(1e4 * options.tolerance, 1e-5)) {
    s.outcome = {Status::not_converged, fmt::format("the solver stopped where the gradient of the Lagrangian is {:.3g}", s.optimality)};
  }
  return s;
}

}  // namespace hyped::control
