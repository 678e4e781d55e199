// Interval after interval, each from where the one before ended.
#include "experiments/control/courses/course_trajectory.hpp"

#include "experiments/control/courses/interval_flow.hpp"

namespace hyped::control {

CourseTrajectory follow_course(const OptimalControlProblem& given, const Eigen::VectorXd& initial, const ControlCourse& course, const std::vector<double>& places, double tolerance) {
  const OptimalControlProblem problem = with_clock(given);
  const auto s = static_cast<Eigen::Index>(problem.states.size()), shown = static_cast<Eigen::Index>(given.states.size()), u = static_cast<Eigen::Index>(problem.controls.size());
  const auto b = static_cast<Eigen::Index>(course.basis.size());
  const IntervalFlow flow(problem, course.basis, tolerance);
  CourseTrajectory way;
  const auto rows = static_cast<Eigen::Index>(course.values.size() * places.size());
  way.states.setZero(rows, shown);
  way.controls.setZero(rows, u);
  Eigen::VectorXd z(flow.inputs());
  z.head(initial.size()) = initial;
  if (s > initial.size()) z[s - 1] = course.breaks.front();
  std::vector<double> stops = places;
  if (stops.back() < 1) stops.push_back(1);
  std::vector<IntervalAnswer> answers;
  Eigen::Index row = 0;
  for (std::size_t k = 0; k < course.values.size(); ++k) {
    const double from = course.breaks[k], length = course.breaks[k + 1] - from;
    for (Eigen::Index j = 0; j < b; ++j) z.segment(s + j * u, u) = course.values[k].row(j);
    z[s + b * u] = length;
    way.outcome = flow.carry(z, stops, false, answers);
    if (!way.outcome.ok()) {
      way.outcome.time_h = from + length * (way.outcome.time_h > 0 ? way.outcome.time_h : 0);
      return way;
    }
    for (std::size_t p = 0; p < places.size(); ++p, ++row) {
      way.times.push_back(from + places[p] * length);
      way.states.row(row) = answers[p].end.head(shown);
      way.controls.row(row) = course.values[k].transpose() * lagrange_weights(course.basis, places[p]);
    }
    z.head(s) = answers.back().end.head(s);
    way.running_cost += answers.back().end[s];
  }
  way.cost = way.running_cost;
  if (problem.terminal_cost) {
    PointValue end;
    if (!problem.terminal_cost(0, z.head(s), Eigen::VectorXd(), end)) way.outcome = {Status::not_finite, "the terminal cost cannot be evaluated"};
    else way.cost += end.values[0];
  }
  return way;
}

}  // namespace hyped::control
