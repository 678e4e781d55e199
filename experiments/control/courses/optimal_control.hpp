// Solves a continuous-time optimal control problem through one of two independent transcriptions.
#pragma once
#include <cstdint>

#include "experiments/control/courses/control_course.hpp"
#include "experiments/control/courses/optimal_control_problem.hpp"
#include "experiments/control/optimal/nonlinear_program.hpp"

namespace hyped::control {

enum class Transcription {
  collocation,          // Radau IIA, three points an interval (order 5): states and controls are unknowns together, sparse
  multiple_shooting     // every interval integrated with error control; its start is an unknown
};

// A stretch of the horizon with its own grid and, if wanted, its own bounds of controls; its duration may be free.
struct ControlArc {
  int intervals = 20;
  double shortest = 0, longest = 0, guess = 0;                       // duration; equal: fixed
  Eigen::VectorXd control_lower = {}, control_upper = {};            // [U]; empty: the problem's
};

struct ControlSolution {
  double cost = 0;
  ControlCourse course;
  std::vector<double> times;                   // [K + 1] of the grid
  Eigen::MatrixXd states;                      // [K + 1 x S]
  Eigen::MatrixXd adjoints;                    // [K + 1 x S], from the multipliers; where the problem reads the clock its adjoint follows [S + 1]
  std::vector<double> durations;               // of the arcs
  ProgramSolution program;
  std::vector<double> start_costs;             // of every start; NaN where none was found
  std::string method;                          // in words
  Outcome outcome;
};

struct OptimalControlOptions {
  Transcription transcription = Transcription::collocation;
  ControlShape shape = ControlShape::piecewise_constant;
  int intervals = 40;                          // of equal length, where no arcs are given
  std::vector<ControlArc> arcs = {};           // together they are the horizon
  double integrator_tolerance = 1e-10;         // multiple shooting, relative
  ProgramOptions program = {};
  bool limited_memory = false;                 // quasi-Newton instead of second derivatives by differences: for many states
  int starts = 1;                              // the first from the middle of the bounds and of a free end (or `guess`), the second with random
                                               // controls and the longest horizon, the others with both random
  std::uint64_t seed = 1;
  const ControlSolution* guess = nullptr;      // states and controls by time share of the horizon
};

// The best of all starts. Multipliers give the adjoints: lambda(t) is the derivative of the least cost by the state.
// Outcome: of the best start that ended well, else of the first; its message names constraints that cannot be met.
// InputError: what check_problem says; collocated controls in multiple shooting; arcs that do not fit the horizon; free end without bounds.
// Sources: Bock & Plitt 1984, IFAC Proc 17:1603 (multiple shooting); Biegler 2010, Nonlinear Programming, ch. 10 (collocation);
// Garg et al. 2011, Comput Optim Appl 49:335 (adjoints at Radau points).
ControlSolution solve_optimal_control(const OptimalControlProblem& problem, const OptimalControlOptions& options = {});

}  // namespace hyped::control
