// The state and the running cost carried over one interval of the grid by simulate(), with their derivatives.
#pragma once
#include <vector>

#include "experiments/control/courses/optimal_control_problem.hpp"
#include "libhyped/errors.hpp"

namespace hyped::control {

// What one interval does: end states and cost, derivatives by (start, control coefficients, length).
struct IntervalAnswer {
  Eigen::VectorXd end;            // [S + 1], the last one the cost
  Eigen::MatrixXd by_input;       // [S + 1 x (S + B U + 1)]; empty unless asked for
};

// A clockless problem as a Model whose time runs from 0 to 1 over an interval of any length. Safe in threads.
class IntervalFlow {
 public:
  // basis: places of the control coefficients (control_basis). Tolerances are those of the integrator, relative; absolute a hundredth of it.
  IntervalFlow(const OptimalControlProblem& problem, std::vector<double> basis, double tolerance);
  ~IntervalFlow();
  IntervalFlow(IntervalFlow&&) noexcept;
  int inputs() const;             // S + B U + 1
  // z = (start [S], coefficients [B x U] basis after basis, length); one answer per place in (0, 1], increasing.
  Outcome carry(const Eigen::VectorXd& z, const std::vector<double>& places, bool derivatives, std::vector<IntervalAnswer>& answers) const;

 private:
  class FlowModel;
  std::unique_ptr<FlowModel> model_;
  double tolerance_;
};

}  // namespace hyped::control
