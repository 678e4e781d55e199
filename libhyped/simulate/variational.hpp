// Inside the ODE simulators: state and forward sensitivities [x | dx/dc] as one vector, their rates, and what events do to both.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/simulate/segments.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// y = [x (S) | dx/dc, column after column (S each)]; columns c: all parameters, then all event times, as asked for.
// Event-time columns jump by J f(before) - f(after) (saltation); parameter columns as written in schedule.hpp.
class VariationalSystem {
 public:
  VariationalSystem(const Model& model, std::span<const double> parameters, const Experiment& experiment, Sensitivities wanted);

  Eigen::Index state_count() const { return states_; }
  Eigen::Index column_count() const { return columns_; }
  const Model& model() const { return model_; }
  const Plan& plan() const { return plan_; }
  ActiveParameters& parameters() { return parameters_; }
  Eigen::VectorXd& y() { return y_; }
  std::vector<std::string> column_names() const;
  // What an absolute tolerance on the state means for column c: tolerance / |parameter c| (or / 1 h).
  // Infinite, so that no error of a column shortens a step, when derivatives are frozen.
  std::vector<double> column_scales(Derivatives derivatives) const;

  // Applies the segment's events to y and makes its parameters and its clock current; columns of parameters that move a switch at its
  // start jump by (f(before) - f(after)) d time / d parameter.
  Outcome begin(const Segment& segment);
  // A time at which the current segment's rates hold.
  double clock(double t) const { return segment_ == nullptr ? t : segment_->inside(t); }
  // Parameters whose columns miss a jump, by name.
  std::vector<std::string> one_sided() const;
  // dy/dt inside the current segment.
  void operator()(double t, const double* y, double* dy);
  // dx/dt alone.
  void state_rates(double t, const double* x, double* dx);
  // Rates and their derivatives at x inside the current segment.
  void linearise(double t, const double* x, double* dx, Linearisation& out);
  // df/dt at fixed x: the model's own and, through the inputs, df/dp * slope. `at` is the linearisation there.
  void time_derivative(double t, const double* x, const Linearisation& at, Eigen::VectorXd& out);
  // dS/dt = J S + df/dp * dp/dc for all columns.
  void column_rates(const Linearisation& at, const double* columns, double* out) const;

  WorkCounters work;

 private:
  Outcome apply(const BoundEvent& event, const Segment& segment);
  void move_switch(const Segment& before, const Segment& after);
  const Model& model_;
  Plan plan_;
  const Segment* segment_ = nullptr;      // the current one
  ActiveParameters parameters_;
  Eigen::Index states_, columns_ = 0, parameter_columns_ = 0;
  Eigen::VectorXd y_;
  Linearisation linearisation_;
  std::vector<double> before_, after_, caller_;
  std::vector<double> column_scale_;
};

}  // namespace hyped
