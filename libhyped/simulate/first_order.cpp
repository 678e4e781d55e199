// Finds out by probing whether a network is affine in its state.
#include "libhyped/simulate/first_order.hpp"

#include <cmath>

namespace hyped {

using Eigen::Index;

Eigen::MatrixXd stoichiometry_matrix(const Model& model) {
  const std::span<const int> table = model.stoichiometry();
  Eigen::MatrixXd matrix(model.reaction_count(), model.state_count());
  for (Index r = 0; r < matrix.rows(); ++r)
    for (Index s = 0; s < matrix.cols(); ++s) matrix(r, s) = table[static_cast<std::size_t>(r * matrix.cols() + s)];
  return matrix;
}

std::optional<FirstOrderNetwork> first_order_network(const Model& model, double t, std::span<const double> parameters) {
  const Index reactions = model.reaction_count(), states = model.state_count();
  if (reactions == 0) return std::nullopt;
  FirstOrderNetwork network{Eigen::VectorXd(reactions), Eigen::MatrixXd(reactions, states)};
  Eigen::VectorXd x = Eigen::VectorXd::Zero(states), a(reactions);
  const auto probe = [&] {
    model.propensities(t, {x.data(), static_cast<std::size_t>(states)}, parameters, {a.data(), static_cast<std::size_t>(reactions)});
  };
  probe();
  network.constant = a;
  for (Index i = 0; i < states; ++i) {
    x[i] = 1;
    probe();
    network.coefficient.col(i) = a - network.constant;
    x[i] = 0;
  }
  for (const double scale : {3.0, 170.0, 2.5e4}) {
    for (Index i = 0; i < states; ++i) x[i] = scale * (1 + 0.37 * std::sin(1.0 + 2.0 * static_cast<double>(i)));
    probe();
    const Eigen::VectorXd affine = network.constant + network.coefficient * x;
    const double size = std::max(affine.cwiseAbs().maxCoeff(), a.cwiseAbs().maxCoeff());
    if (!((a - affine).cwiseAbs().maxCoeff() <= 1e-10 * size)) return std::nullopt;
  }
  return network;
}

std::optional<FirstOrderNetwork> first_order_structure(const Model& model, double t, std::span<const double> parameters) {
  std::vector<double> nudged(parameters.begin(), parameters.end());
  for (double& p : nudged) p = p == 0 ? 0.013 : p * 1.01;
  return first_order_network(model, t, nudged);
}

bool depends_on_time(const Model& model, std::span<const double> parameters, double from_h, double until_h) {
  const auto states = static_cast<std::size_t>(model.state_count());
  std::vector<double> x(states), slope(states);
  for (const double share : {0.0, 0.31, 0.77})
    for (const double scale : {1.0, 50.0}) {
      for (std::size_t i = 0; i < states; ++i) x[i] = scale * (1 + 0.2 * static_cast<double>(i % 5));
      model.time_derivative(from_h + share * (until_h - from_h), x, parameters, slope);
      for (const double entry : slope)
        if (entry != 0) return true;
    }
  return false;
}

}  // namespace hyped
