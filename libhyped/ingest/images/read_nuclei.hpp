// Tables of measured nuclei, one row per nucleus and frame, as `hyped image measure` or skimage's regionprops_table write them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/nucleus.hpp"

namespace hyped {

struct NucleiColumns {      // by name; empty: one of the usual names
  std::string frame, time_h, row, column, label, area, stage;
};
struct NucleiReading {
  NucleiColumns columns;
  double frame_interval_h = 0;      // of tables without times; InputError if neither is there
  int break_frame = 0;              // > 0: frames from this number on are the second acquisition, where the table has no column stage
};

// Usual names: frame, FRAME, t; time_h; row, centroid-0, centroid_y, y, POSITION_Y; column, centroid-1, centroid_x, x, POSITION_X; label, id, ID, object; area, AREA; stage; at_border; debris.
// A channel is every pair NAME_median or NAME_mean, with NAME_ring, NAME_sum and NAME_saturated where they are. Without a ring its light is the mean itself, and a note of the first frame
// says so. Rows may come in any order. InputError with file and line: a nucleus twice, a place that is no number, a time that runs back, no rows.
std::vector<FrameNuclei> read_nuclei(const std::filesystem::path& file, const NucleiReading& reading = {});

}  // namespace hyped
