// What a person looks at to see whether it worked: outlines in the colours of the phases, tails of the tracks, all wells on one sheet.
#pragma once
#include <vector>

#include "experiments/image/image_run.hpp"

namespace hyped {

// overlays/<sample>_<id>_t_<n>.png for some frames of every well, overlays/contact_sheet.png, and the sheet as a figure of the report. The
// frames are read and segmented again; one that fails now has been said.
void add_overlays(RunDirectory& run, const std::vector<WellFrames>& wells, const MeasuredWells& measured, const ImagePhases& phases, const ImageRunSettings& settings);

}  // namespace hyped
