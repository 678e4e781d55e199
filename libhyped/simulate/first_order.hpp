// First-order networks: every propensity affine in the state, so chains, means and covariances are exact.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>

#include "libhyped/model/model.hpp"

namespace hyped {

// Propensities a(x) = constant + coefficient x at one time and parameter vector.
struct FirstOrderNetwork {
  Eigen::VectorXd constant;        // [R]
  Eigen::MatrixXd coefficient;     // [R x S]
};

// N as numbers [R x S]; empty for a model that is not a network.
Eigen::MatrixXd stoichiometry_matrix(const Model& model);

// The network's affine form at (t, parameters), found by probing and confirmed at points off the axes; nothing if the model is
// not a network or not affine. Exact for networks built from zero and first-order reactions.
std::optional<FirstOrderNetwork> first_order_network(const Model& model, double t, std::span<const double> parameters);

// The same at parameters moved off zero and a little aside, so that a rate that is zero now does not hide a reaction: says what
// the network is, not what its rates are.
std::optional<FirstOrderNetwork> first_order_structure(const Model& model, double t, std::span<const double> parameters);

// Whether the propensities depend explicitly on time (inputs not counted), judged by df/dt at several states and times.
bool depends_on_time(const Model& model, std::span<const double> parameters, double from_h, double until_h);

}  // namespace hyped
