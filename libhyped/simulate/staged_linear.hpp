// Staged models without density dependence are linear between events: solved exactly where rates are constant, by a
// fourth-order commutator-free Magnus method where inputs vary.
#pragma once
#include <span>

#include "libhyped/model/staged.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/uniformisation.hpp"

namespace hyped {

// Constant rates: dense exponential once per segment for up to dense_stage_limit stages when only states are asked for on an
// even grid, uniformisation over the stencil otherwise (its truncation bound is the result's error_bound).
// Varying inputs: CF4 (Blanes & Moan 2006, Appl Numer Math 56:1519); the step is halved until one step and two halves of it
// agree, and 16/15 of their summed difference is the error estimate.
inline constexpr int dense_stage_limit = 40;

Trajectory simulate_linear(const StagedModel& model, std::span<const double> parameters, const Experiment& experiment,
                           const LinearOptions& options = {}, Sensitivities sensitivities = Sensitivities::none);

}  // namespace hyped
