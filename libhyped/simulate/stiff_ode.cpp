// Rodas5P behind the shared event loop.
#include "libhyped/simulate/stiff_ode.hpp"

#include "libhyped/simulate/event_loop.hpp"
#include "libhyped/simulate/rodas5p.hpp"

namespace hyped {

Trajectory simulate_stiff(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                          const StiffOptions& options, Sensitivities sensitivities) {
  VariationalSystem system(model, parameters, experiment, sensitivities);
  Rodas5P stepper(system, options);
  return follow(system, stepper, "stiff ODE (Rodas5P)");
}

}  // namespace hyped
