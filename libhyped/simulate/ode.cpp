// The explicit simulator: Dormand-Prince over the variational system.
#include "libhyped/simulate/ode.hpp"

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/event_loop.hpp"

namespace hyped {

Trajectory simulate_ode(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                        const OdeOptions& options, Sensitivities sensitivities) {
  VariationalSystem system(model, parameters, experiment, sensitivities);
  std::vector<double> scales;
  for (Eigen::Index c = 0; c < system.column_count(); ++c) scales.push_back(system.column_scale(c));
  DormandPrince stepper(system.state_count(), scales, options);
  return follow(system, stepper, "explicit ODE (Dormand-Prince 5(4))");
}

}  // namespace hyped
