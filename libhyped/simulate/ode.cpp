// The explicit simulator: Dormand-Prince over the variational system.
#include "libhyped/simulate/ode.hpp"

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/event_loop.hpp"

namespace hyped {

Trajectory simulate_ode(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                        const OdeOptions& options, Sensitivities sensitivities) {
  VariationalSystem system(model, parameters, experiment, sensitivities);
  DormandPrince stepper(system.state_count(), system.column_scales(options.derivatives), options);
  return follow(system, stepper, "explicit ODE (Dormand-Prince 5(4))");
}

}  // namespace hyped
