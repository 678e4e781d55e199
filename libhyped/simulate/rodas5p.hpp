// Inside the ODE simulators: the stiffly accurate Rosenbrock method Rodas5P with PI step control.
#pragma once
#include <Eigen/Core>
#include <Eigen/LU>
#include <vector>

#include "libhyped/simulate/variational.hpp"

namespace hyped {

// Source: Steinebach 2023, BIT Numer Math 63:27 (coefficients of the 8-stage method, order 5(4), L-stable). Sensitivities are staggered
// direct: the state's step is accepted first, then all columns are solved with the step's one factorisation; they are the
// derivative of the state's step at that step length up to the error of a difference quotient in J (relative 1e-8).
// No allocation after construction.
class Rodas5P {
 public:
  Rodas5P(VariationalSystem& system, const StiffOptions& options);
  void restart() { step_ = 0; }
  void start_with(double step) { step_ = step; }      // after another method gave up
  Outcome advance(VariationalSystem& system, double& t, double until, Eigen::VectorXd& y);

  double step() const { return step_; }
  bool wants_explicit() const { return calm_steps_ >= calm_needed_; }      // the step is no longer limited by stiffness
  void be_calm(bool ask, int needed) { leave_when_calm_ = ask, calm_needed_ = needed, calm_steps_ = 0; }

 private:
  double norm(const Eigen::VectorXd& v, const Eigen::VectorXd& y, const Eigen::VectorXd& other, bool columns) const;
  double first_step(const Eigen::VectorXd& y, double span) const;
  void second_order(VariationalSystem& system, double t, const Eigen::VectorXd& y, const double* v, double* out);
  void column_drift(VariationalSystem& system, double t, double h, const Eigen::VectorXd& y);
  double state_step(VariationalSystem& system, double t, double h, double end, const Eigen::VectorXd& y);
  double column_step(VariationalSystem& system, double t, double h, double end, const Eigen::VectorXd& y);

  StiffOptions options_;
  Eigen::Index states_, columns_;
  std::vector<double> scales_;
  Eigen::MatrixXd k_, matrix_;      // [n x 8], [S x S]
  Eigen::PartialPivLU<Eigen::MatrixXd> lu_;
  Eigen::VectorXd stage_, f_, drift_, state_drift_, rhs_, probe_, unused_, extra_;
  Linearisation here_, there_, plus_, minus_;
  double step_ = 0, previous_error_ = 1e-4;
  long steps_ = 0;
  int calm_steps_ = 0, calm_needed_ = 1 << 30;
  bool just_rejected_ = false, leave_when_calm_ = false;
};

}  // namespace hyped
