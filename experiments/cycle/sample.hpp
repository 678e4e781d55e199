// The posterior of a scenario: draws by NUTS, Laplace beside it, and bands of what the draws predict.
#pragma once
#include "experiments/cycle/cycle_fit.hpp"

namespace hyped {

struct SampleSettings {
  int chains = 4, warmup = 300, draws = 500;
};

// Fits the scenario, freezes the process covariance and the wells' effects at the fit, and samples -1/2 |r|^2 with the scenario's priors,
// flat within the bounds otherwise. Tables posterior, laplace; figures posterior, bands. The outcome is not_converged when the
// chains have not mixed. Returns what failed on the way of the fit.
FailedSolves run_sample(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const SampleSettings& settings);

}  // namespace hyped
