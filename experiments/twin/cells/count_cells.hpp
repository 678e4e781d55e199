// From expression to counts: depth, library offsets, ambient RNA, Poisson sampling.
#pragma once
#include "experiments/twin/cells/cells_twin.hpp"

namespace hyped {

// Fills counts, ambient_share, soup and the cells' depth. Two passes: the ambient profile of each library is the mean of its cells.
void count_cells(CellsTwin& twin, const CellsTwinSettings& settings, std::uint64_t seed);

}  // namespace hyped
