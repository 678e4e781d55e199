// Other optima of single arms: where arms have parameters of their own, each is tried again from several starts.
#pragma once
#include "fitting/process_fit.hpp"
#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

// Fits that differ by less than this in -2 log L (with priors) are the same optimum.
inline constexpr double refit_gain = 2;

// An arm with parameters of its own is a small problem once shared parameters and variances are known, and may have several optima
// (slow cycling, or fast cycling and death). Each is fitted alone from its present values, its neighbours' (adjacent doses), the
// bounds' design and the default start; when any arm gains, all parameters are fitted again from the best. data: as the problem's.
ProcessFit fit_process_by_arm(const CycleProblem& problem, const PhaseCounts& data, const ProcessOptions& options = {});

}  // namespace hyped
