// A jump network at large size: propensities per size as functions of densities, in coordinates that conserve what reactions conserve.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"

namespace hyped::control {

// Density x = counts / size; y are coordinates along what reactions can move: x = origin + basis y, basis orthonormal [S x K].
class DensityNetwork {
 public:
  // parameters: those of the model at `size`. origin: a density with the conserved totals meant [S].
  // InputError: no jump process, rates that vary in time, sizes that do not fit.
  DensityNetwork(const Model& model, std::vector<double> parameters, double size, Eigen::VectorXd origin);

  int dimension() const { return static_cast<int>(basis_.cols()); }
  int reaction_count() const { return static_cast<int>(jumps_.cols()); }
  const Eigen::MatrixXd& jumps() const { return jumps_; }            // [K x R] in y
  Eigen::VectorXd density(const Eigen::VectorXd& y) const { return origin_ + basis_ * y; }
  Eigen::VectorXd coordinates(const Eigen::VectorXd& density) const { return basis_.transpose() * (density - origin_); }
  // Propensities over size [R]; false where a density is negative or a rate negative or not finite.
  bool rates(const Eigen::VectorXd& y, Eigen::VectorXd& out) const;
  // Their derivatives [R x K], central differences with one extrapolation (error of the order of 1e-10 of a rate).
  bool slopes(const Eigen::VectorXd& y, Eigen::MatrixXd& out) const;
  bool drift(const Eigen::VectorXd& y, Eigen::VectorXd& out) const;  // [K]
  // Newton's method for a point of rest near y; damped. False where none is found.
  bool rest_near(Eigen::VectorXd& y, int iteration_limit = 60) const;
  // Eigenvalues of the drift's Jacobian with positive real part at y: 0 stable, 1 saddle.
  int unstable_directions(const Eigen::VectorXd& y) const;

 private:
  const Model& model_;
  std::vector<double> parameters_;
  double size_;
  Eigen::VectorXd origin_;
  Eigen::MatrixXd basis_, jumps_;
  mutable std::vector<double> counts_, rate_;
};

}  // namespace hyped::control
