// What a HYPED imaging folder holds, before anything is measured: wells, frames, channels, numbers, and what is wrong with which file.
#pragma once
#include <filesystem>

#include "experiments/image/hyped_wells.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct ImageInspection {
  HypedImageReading reading;
  int every = 20;                        // of a well's frames, beside the first and the last; 1: all
};

// Tables wells, channels (light and saturation of the frames read, by well and channel), bad_frames; doubts as warnings. Bad frames are the
// run's outcome. One channel of one frame in memory at a time.
void run_inspect_images(RunDirectory& run, const std::filesystem::path& folder, const ImageInspection& settings);

}  // namespace hyped
