// Controls over time as a piecewise polynomial.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped::control {

// How controls run within one interval of the grid. collocated: the polynomial through the collocation points, jumps allowed between
// intervals (collocation only; the most accurate where controls are smooth).
enum class ControlShape { piecewise_constant, piecewise_linear, collocated };

// Places in [0, 1] whose values fix the polynomial of one interval [B]. Three Radau points where collocated.
std::vector<double> control_basis(ControlShape shape);
// Values and slopes of the Lagrange polynomials through `nodes` at place s [B].
Eigen::VectorXd lagrange_weights(const std::vector<double>& nodes, double s);
Eigen::VectorXd lagrange_slopes(const std::vector<double>& nodes, double s);

struct ControlCourse {
  std::vector<double> basis;                      // [B]
  std::vector<double> breaks;                     // [K + 1] times, increasing (not strictly)
  std::vector<Eigen::MatrixXd> values;            // [K] of [B x U]
  int interval_of(double t) const;                // the interval that begins at t, if one does
  Eigen::VectorXd at(double t) const;             // [U]; right limit at a break
};

}  // namespace hyped::control
