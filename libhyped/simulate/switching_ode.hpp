// ODE trajectories by the explicit method where it is free to choose its step, by the stiff one where it is not.
#pragma once
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// As simulate_ode; the method's name says how many switches there were.
Trajectory simulate_switching(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                              const SwitchingOptions& options = {}, Sensitivities sensitivities = Sensitivities::none);

}  // namespace hyped
