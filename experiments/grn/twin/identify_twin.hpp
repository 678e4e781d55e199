// `hyped grn identify`: which edges of a twin's network its own data would determine, before any experiment is made.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Simulates the scenario's sequencing twin, fits its network to group means, and says which edges are determined, weakly determined or
// prior only, with the truth beside them; predicts the dual arm from the others where [predict] names one; shows what delivery
// makes uncertain. Genes of the network are the scenario's, at most 140 are fitted (InputError: lower network_genes).
// profiles: edges by name ("PRRX1 -> COL1A1"), or "non-additive GENE"; each costs some ten refits.
void run_identify_twin(RunDirectory& run, const Scenario& scenario, std::uint64_t seed, const std::vector<std::string>& profiles = {});

}  // namespace hyped
