// What `hyped control transitions` does.
#pragma once
#include <cstdint>

#include "experiments/planning/transitions/transition_plan.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Tables efficiency, persistence, latency, barrier, path; figures efficiency, latency, barrier, path; answers. Each part that the plan
// asks for; what could not be computed exactly is said, the sample paths stand beside it.
void run_transitions(RunDirectory& run, const TransitionPlan& plan, std::uint64_t seed);

// Parts of it.
void run_efficiency(RunDirectory& run, const TransitionPlan& plan, std::uint64_t seed);
void run_barrier(RunDirectory& run, const TransitionPlan& plan, std::uint64_t seed);

}  // namespace hyped
