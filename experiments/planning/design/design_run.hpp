// What `hyped control design` does.
#pragma once
#include <cstdint>
#include <string>

#include "experiments/planning/design/design_plan.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// data: counts of the cycle scenario; empty: its own file, else a pilot is simulated from its [twin]. force: design also from a fit
// that did not converge. Tables and figures of write_design and write_checks.
void run_design(RunDirectory& run, const DesignPlan& plan, const std::string& data, std::uint64_t seed, bool force);

// Parts of it.
void run_cycle_design(RunDirectory& run, const DesignPlan& plan, const std::string& data, std::uint64_t seed, bool force);
void run_network_design(RunDirectory& run, const DesignPlan& plan, std::uint64_t seed);

}  // namespace hyped
