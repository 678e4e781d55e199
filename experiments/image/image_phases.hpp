// From followed nuclei to phases with intervals: the calls, the tests of what the user said of them, and the report.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/image/phases/phase_shares.hpp"
#include "libhyped/image/phases/polarity.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct ImagePhaseSettings {
  PhaseCallOptions calls;                // reporter and channels: required
  LightOptions light;                    // DNA channel and tiles
  PolarityOptions polarity;
  ShareOptions shares;
};

struct ImagePhases {
  NuclearLight light;
  NucleusCalls calls;
  std::vector<PolarityEvidence> polarity;
  LabelCheck labels;
  PhaseShares shares;                    // of no wells if no phases could be called
};

// Nuclei of each well, mean over the second half of its film: what the labels are checked by.
std::vector<ArmNuclei> nuclei_of_wells(const CellTracks& tracks);

// Nuclei that no track holds (rows after the last cell's of each film) must be cells of one row each. Channels: two reporters, the DNA
// stain, and, if there is one, <DNA>_total. InputError as channels_of.
ImagePhases image_phases(const CellTracks& tracks, const ImagePhaseSettings& settings);

// Tables light, mixtures, polarity, phase_shares, arm_shares, frames; figures shares of the arms and of the wells; data/phase_counts.tsv
// (for `hyped cycle fit`), data/misread.toml (what the calls' doubt is to that fit); answers and warnings. A polarity that the data
// contradict is the run's outcome.
void report_phases(RunDirectory& run, const CellTracks& tracks, const ImagePhases& phases, const ImagePhaseSettings& settings);

// Tidy tracks written by `hyped image run|track`, phases called anew.
void run_image_phases(RunDirectory& run, const std::filesystem::path& folder, const ImagePhaseSettings& settings);

// The tracks' phases and P(on), for writing them down again.
CellTracks with_phases(const CellTracks& tracks, const NucleusCalls& calls);

}  // namespace hyped
