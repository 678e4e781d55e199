// Correlations between phases of one cell, sisters, mothers and daughters: table and scatter.
#pragma once
#include <vector>

#include "fitting/records.hpp"
#include "libhyped/store/run_directory.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Table pairs (log-normal margins, Gaussian copula, censoring kept; Pearson of the complete pairs beside) and figure pairs. Kinds with fewer
// than ten pairs are said and left out.
void add_pairs(RunDirectory& run, const CellTracks& tracks, const std::vector<int>& phases, const Records& records = {});

}  // namespace hyped
