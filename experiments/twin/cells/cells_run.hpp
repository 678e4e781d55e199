// `hyped twin cells`: the sequencing half of a scenario's twin, written with its truth.
#pragma once
#include <cstdint>

#include "experiments/scenario.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// GeneExpression/Genexpression.h5ad, data/cells_truth.h5ad and .tsv, tables of the network and of the libraries, figures. InputError if
// the scenario has no [cells].
void run_cells_twin(RunDirectory& run, const Scenario& scenario, std::uint64_t seed);

}  // namespace hyped
