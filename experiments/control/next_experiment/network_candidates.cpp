// Means and information from the engine's forward sensitivities.
#include "experiments/control/next_experiment/network_candidates.hpp"

#include <cmath>
#include <numbers>

#include "libhyped/simulate/simulate.hpp"

namespace hyped::control {

NetworkMeans network_means(const Model& model, std::vector<double> parameters, const NetworkUnknowns& unknowns, const Eigen::VectorXd& theta, const Experiment& experiment,
                           const NetworkReading& reading, bool derivatives) {
  NetworkMeans out;
  const auto count = static_cast<Eigen::Index>(unknowns.parameters.size());
  for (Eigen::Index i = 0; i < count; ++i) parameters[static_cast<std::size_t>(unknowns.parameters[static_cast<std::size_t>(i)])] = std::pow(10, theta[i]);
  const Trajectory course = simulate(model, parameters, experiment, Automatic{}, derivatives ? Sensitivities::parameters : Sensitivities::none);
  if (!(out.outcome = course.outcome).ok()) return out;
  const auto species = static_cast<Eigen::Index>(reading.species.size()), samples = static_cast<Eigen::Index>(course.times_h.size());
  out.mean.resize(samples * species);
  out.sd.resize(samples * species);
  if (derivatives) out.jacobian.resize(samples * species, count);
  for (Eigen::Index t = 0; t < samples; ++t)
    for (Eigen::Index k = 0; k < species; ++k) {
      const Eigen::Index row = t * species + k;
      const int state = reading.species[static_cast<std::size_t>(k)];
      out.mean[row] = course.states(t, state);
      out.sd[row] = std::hypot(reading.absolute, reading.relative * out.mean[row]) / std::sqrt(static_cast<double>(reading.replicates));
      if (!(out.sd[row] > 0)) {
        out.outcome = {Status::not_finite, "a reading of '" + std::string(model.states()[static_cast<std::size_t>(state)].name) + "' would have no error: give an absolute one"};
        return out;
      }
      for (Eigen::Index i = 0; derivatives && i < count; ++i) {
        const int p = unknowns.parameters[static_cast<std::size_t>(i)];
        out.jacobian(row, i) = course.sensitivities[static_cast<std::size_t>(t)](state, p) * parameters[static_cast<std::size_t>(p)] * std::numbers::ln10;
      }
    }
  return out;
}

Eigen::MatrixXd network_information(const NetworkMeans& means) {
  const Eigen::MatrixXd whitened = means.sd.cwiseInverse().asDiagonal() * means.jacobian;
  return whitened.transpose() * whitened;
}

Eigen::MatrixXd prior_information(const NetworkUnknowns& unknowns) {
  Eigen::VectorXd diagonal(static_cast<Eigen::Index>(unknowns.parameters.size()));
  for (Eigen::Index i = 0; i < diagonal.size(); ++i) {
    const double sd = unknowns.prior_sd[static_cast<std::size_t>(i)];
    diagonal[i] = sd > 0 ? 1 / (sd * sd) : 0;
  }
  return diagonal.asDiagonal();
}

}  // namespace hyped::control
