// Pontryagin's first-order conditions of a plan, with adjoints integrated anew.
#pragma once
#include "experiments/control/courses/optimal_control.hpp"

namespace hyped::control {

// H = L + lambda' f is least over the controls' bounds, constant where nothing reads the clock (with the clock's adjoint where something
// does), zero where the end is free. All figures are relative: to the largest sum of magnitudes of the terms they are made of.
struct FirstOrderReport {
  std::vector<double> times;                   // [M] inside the intervals
  Eigen::MatrixXd adjoints;                    // [M x S], the clock's last where the problem reads it
  Eigen::MatrixXd controls, switching;         // [M x U]; switching: dH/du
  Eigen::VectorXd hamiltonian;                 // [M]
  double adjoint_gap = 0;                      // adjoints of the multipliers against those integrated backward
  double hamiltonian_spread = 0;               // largest less smallest H
  double end_hamiltonian = 0;                  // |H| at the end; 0 where the end is fixed
  double sign_violation = 0;                   // dH/du where a control is free to move, or of the wrong sign at its bound
  double minimum_gap = 0;                      // how far below H(u) H is at other admissible controls (nine levels each, and corners)
  Eigen::VectorXd end_adjoint;                 // [S] by transversality
  Outcome outcome;
  bool met(double tolerance) const {
    return outcome.ok() && std::max({adjoint_gap, hamiltonian_spread, end_hamiltonian, sign_violation, minimum_gap}) <= tolerance;
  }
};

// Follows the solution's controls forward from its start, then the adjoint equation d lambda/dt = -(dL/dx + lambda' df/dx) backward by the
// exact derivative of the flow, from transversality at the end. Outcome: not covered where path constraints or bounds of states can
// make adjoints jump; integration that failed. Source: Pontryagin et al. 1962; Hartl, Sethi & Vickson 1995, SIAM Review 37:181.
FirstOrderReport check_first_order(const OptimalControlProblem& problem, const ControlSolution& solution, double integrator_tolerance = 1e-11);

}  // namespace hyped::control
