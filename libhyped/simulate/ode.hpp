// Adaptive explicit integration (Dormand-Prince 5(4)) of any model, with exact stops at events and forward sensitivities.
#pragma once
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// States [T x S] and, if wanted, sensitivities [S x C] at every sample; the step error of sensitivities is controlled too.
// Throws InputError for a wrong experiment; step limits and infinities are in `outcome`.
// Source: Dormand & Prince 1980, J Comput Appl Math 6:19.
Trajectory simulate_ode(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                        const OdeOptions& options = {}, Sensitivities sensitivities = Sensitivities::none);

}  // namespace hyped
