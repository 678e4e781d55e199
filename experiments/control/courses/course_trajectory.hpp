// A problem's dynamics and cost followed under given controls, by error-controlled integration.
#pragma once
#include "experiments/control/courses/control_course.hpp"
#include "experiments/control/courses/optimal_control_problem.hpp"
#include "libhyped/errors.hpp"

namespace hyped::control {

struct CourseTrajectory {
  std::vector<double> times;                 // [K x places]: of every interval, its places
  Eigen::MatrixXd states;                    // [times x S]
  Eigen::MatrixXd controls;                  // [times x U], of the interval that the place belongs to
  double running_cost = 0, cost = 0;         // cost: with the terminal one
  Outcome outcome;
};

// What the controls of a plan do, without the solver that found them; `places` in (0, 1] of every interval. A problem that reads the
// clock is followed with its clock. initial [S].
CourseTrajectory follow_course(const OptimalControlProblem& problem, const Eigen::VectorXd& initial, const ControlCourse& course, const std::vector<double>& places = {1},
                               double tolerance = 1e-10);

}  // namespace hyped::control
