// Readers of the three published data sets in the form they are distributed; their quirks stay in here.
#pragma once
#include <filesystem>

#include "libhyped/observe/phase_counts.hpp"

namespace hyped {

// AU565 (Gross et al. 2023): population_timecourse.csv or its folder. Conditions "lapatinib 25 nM"; dose 0 of every drug is
// the one condition "untreated" with wells "lapatinib 1"; classes G1, S/G2 relative to the well's own start.
PhaseCounts read_au565(const std::filesystem::path& folder_or_file);

// BJ fibroblasts with PIP-FUCCI: nuclei per channel (green, blue, red), which overlap; one well per arm. The interval must be
// chosen: the axis says 25 min, the tracks of the same laboratory 22.3 min.
PhaseCounts read_bj_channels(const std::filesystem::path& file, double frame_interval_h);

// HYPED nuclei counts by stage and frame: stage 1 starts at 0 h, stage 2 at its own start; class "nuclei".
struct HypedTimeAxis {
  double stage2_start_h = 24;
  double frame_interval_h = 1.0 / 3;
};
PhaseCounts read_nuclei_counts(const std::filesystem::path& file, const HypedTimeAxis& axis = {});

}  // namespace hyped
