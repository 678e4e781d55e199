// Links between nuclei made into cells with mothers and daughters.
#pragma once
#include <vector>

#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/image/link/spot_tracker.hpp"

namespace hyped::image {

// Where a spot comes from: which of the frames, which of its nuclei.
using SpotOrigins = std::vector<std::pair<int, int>>;

// Followers of each spot, rising: at most two.
std::vector<std::vector<int>> followers_of(std::size_t spots, const std::vector<SpotEdge>& links);

// Fills tracks and nucleus_of_row; returns the cell of each spot, -1 for spots linked to nothing. Cells are numbered from 1 by their first frame.
std::vector<int> build_cells(LinkedFilm& film, const std::vector<FrameNuclei>& frames, const SpotOrigins& origins, const std::vector<std::vector<int>>& followers, const LinkOptions& options);

}  // namespace hyped::image
