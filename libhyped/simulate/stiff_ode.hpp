// Adaptive stiff integration (Rosenbrock, Rodas5P) of any model, with exact stops at events and forward sensitivities.
#pragma once
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// As simulate_ode, L-stable and of order 5 also when the right-hand side depends on time or inputs (df/dt is exact).
// Sensitivities: Rodas5P applied to [x | dx/dc] with its full Jacobian [[J, 0], [H, J]]: staggered, one factorisation of the
// S x S matrix per step shared by all columns; H k is a central directional difference of the exact J (error about 1e-8,
// multiplied by the step squared), so the order stays 5.
// Source: Steinebach 2023, BIT Numer Math 63:27 (coefficients of Rodas5P, in the transformed form without matrix products).
Trajectory simulate_stiff(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                          const StiffOptions& options = {}, Sensitivities sensitivities = Sensitivities::none);

}  // namespace hyped
