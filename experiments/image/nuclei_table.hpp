// Nuclei of frames as one table, with the columns that regionprops tables have.
#pragma once
#include <span>

#include "libhyped/image/nucleus.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

// One row per nucleus and frame. Names as skimage's regionprops_table gives them where it has the quantity; light of each channel as <channel>_mean and so on.
// pixel_um > 0 adds centroids in micrometres. What a nucleus at the border has no true value of (area, total light) is still what is seen: the flag says so.
Table nuclei_table(std::span<const FrameNuclei> frames, double pixel_um = 0);

}  // namespace hyped
