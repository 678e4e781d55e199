// A smooth constrained minimisation with exact derivatives, and the packaged solvers behind it: Ipopt and NLopt's SLSQP.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {

// minimise f(x) over lower <= x <= upper, constraint_lower <= g(x) <= constraint_upper (equal bounds: equality; +-infinity: none).
// Functions give false where they cannot be evaluated (the solver shortens its step). They may keep room of their own, so one
// program is solved by one thread.
struct NonlinearProgram {
  Eigen::VectorXd lower = {}, upper = {};                            // [V]
  Eigen::VectorXd constraint_lower = {}, constraint_upper = {};      // [C]
  std::function<bool(const Eigen::VectorXd& x, double& value, Eigen::VectorXd* gradient)> objective = {};      // gradient [V] if wanted
  // values [C]; derivatives in the order of `pattern` if wanted.
  std::function<bool(const Eigen::VectorXd& x, Eigen::VectorXd& values, Eigen::VectorXd* derivatives)> constraints = {};
  std::vector<std::pair<int, int>> pattern = {};                // (constraint, variable) of each derivative that can be other than zero
  // Hessian of objective_weight f + multipliers' g, lower triangle, in the order of hessian_pattern. Empty: limited-memory BFGS.
  std::function<bool(const Eigen::VectorXd& x, double objective_weight, const Eigen::VectorXd& multipliers, Eigen::VectorXd& values)> hessian = {};
  std::vector<std::pair<int, int>> hessian_pattern = {};        // (row, column), row >= column
  std::vector<std::string> names = {}, constraint_names = {};        // for messages; empty: numbers
};

enum class ProgramMethod {
  interior_point,       // Ipopt: many variables, sparse; its linear solver is not safe in threads, so solves wait for each other
  sequential            // NLopt's SLSQP: up to about 50 variables, dense; safe in threads
};

struct ProgramOptions {
  ProgramMethod method = ProgramMethod::interior_point;
  double tolerance = 1e-9;                                 // scaled optimality and infeasibility
  int iteration_limit = 1000;
};

struct ProgramSolution {
  Eigen::VectorXd x;                                       // [V] the last point; where constraints cannot be met, the one nearest to meeting them (least sum of shortages)
  double value = 0;
  Eigen::VectorXd multipliers;                             // [C] of g: at a solution grad f + J' multipliers - lower_multipliers + upper_multipliers = 0
  Eigen::VectorXd lower_multipliers, upper_multipliers;    // [V] >= 0
  double infeasibility = 0;                                // largest violation of a constraint or bound
  double optimality = 0;                                   // max norm of the Lagrangian's gradient and of multiplier x distance to its bound, computed here, not the solver's word
  std::vector<int> violated;                               // constraints that no point near x meets, where the program is infeasible
  int iterations = 0, evaluations = 0;
  Outcome outcome;
};

// InputError: crossed bounds (which variable), start of the wrong size.
ProgramSolution solve_program(const NonlinearProgram& program, const Eigen::VectorXd& start, const ProgramOptions& options = {});

}  // namespace hyped::control
