// Linear dynamics and quadratic cost over a finite horizon: tracking by the Riccati equation, transfer with the least energy.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {

// minimise 1/2 (x - r)' Qe (x - r) at the end + integral of 1/2 (x - r)' Q (x - r) + 1/2 u' R u, dx/dt = A x + B u + c.
// The reference is linear between the grid's times.
struct TrackingProblem {
  Eigen::MatrixXd a, b;                        // [S x S], [S x U]
  Eigen::VectorXd drift = {};                  // c [S]; empty: zero
  Eigen::MatrixXd state_weight, control_weight, end_weight;      // Q, R (positive definite), Qe
  std::vector<double> times;                   // [K + 1] increasing
  Eigen::MatrixXd reference;                   // [K + 1 x S]
  Eigen::VectorXd initial;                     // [S]
};

struct TrackingSolution {
  std::vector<Eigen::MatrixXd> riccati;        // [K + 1] of P [S x S]
  Eigen::MatrixXd offsets;                     // s [K + 1 x S]: adjoint = P x + s, u = -R^-1 B' (P x + s)
  Eigen::MatrixXd states, controls;            // [K + 1 x S], [K + 1 x U] at the grid's times
  double cost = 0;
  Outcome outcome;                             // singular: the grid is too coarse for the Riccati solution's growth
};

// Exact at the grid's times (up to rounding): the Hamiltonian system is carried by matrix exponentials, P by its fractions.
// InputError: sizes, weights that are not symmetric or R not positive definite, times not increasing.
// Source: Davison & Maki 1973, IEEE Trans Autom Control 18:71; Anderson & Moore 1990, Optimal Control, 4.1.
TrackingSolution track(const TrackingProblem& problem);

// The input of least 1/2 integral u' u that takes x0 to x1 in `duration`: u(t) = B' exp(A' (duration - t)) W^-1 (x1 - exp(A duration) x0).
struct LeastEnergyTransfer {
  double energy = 0;                           // 1/2 integral u' u
  Eigen::VectorXd weights;                     // W^-1 (x1 - exp(A duration) x0) [S]
  Outcome outcome;                             // singular: the target cannot be reached with these inputs
  Eigen::VectorXd control(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double time_left) const;
};
// Gramian by Van Loan 1978, IEEE Trans Autom Control 23:395.
LeastEnergyTransfer least_energy_transfer(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const Eigen::VectorXd& from, const Eigen::VectorXd& to, double duration);

}  // namespace hyped::control
