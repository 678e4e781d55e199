// From a folder of frames to phase counts: every well segmented, measured and followed, then all wells called together.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/image/frame_shelf.hpp"
#include "experiments/image/hyped_wells.hpp"
#include "experiments/image/image_phases.hpp"
#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/image/measure/measure_nuclei.hpp"
#include "libhyped/image/segment/segment_nuclei.hpp"

namespace hyped {

struct ImageRunSettings {
  HypedImageReading reading;
  ImagePhaseSettings phases;             // channels; tiles of 0 are found from the size of the picture
  SegmentOptions segment;                // radius 0: measured once, on the first frames of the first wells
  LinkOptions link;
  int overlays = 3;                      // frames a well that are drawn with their outlines
};

struct MeasuredWells {
  CellTracks tracks;                     // of all wells, one film each; channels g1, cycling, DNA, DNA_total above the ring; pixels of the frame itself
  std::vector<BadFrame> bad;
  std::vector<std::string> notes;
  double radius = 0;                     // [px]
  long frames = 0, nuclei = 0, debris = 0, gaps = 0, divisions = 0;
  double saturated = 0;                  // nuclei of which more than a tenth is at the white level, share
};

// The nuclei of one frame's DNA picture, with the scale of the run.
Segmentation segment_frame(const WellFrames& well, const CameraPlane& dna, const ImageRunSettings& settings, double radius);
// One frame: segmented on the DNA channel, measured in all three. An unreadable one is an InputError.
FrameNuclei measure_frame(const WellFrames& well, const FrameStamp& stamp, const ImageRunSettings& settings, double radius);

// The radius for all frames: middle value over the first readable frame of up to four wells; what is read of bad frames is in `bad`.
double radius_of_wells(const std::vector<WellFrames>& wells, const std::string& dna_channel);

// Wells one after another, small frames side by side, large ones one at a time (segmentation is then parallel inside). A frame that
// fails is in `bad` and a gap in its film; it never stops the run. shelf: null: nothing is kept. Nuclei that no track holds
// become cells of one row. Same result for any number of threads.
MeasuredWells measure_wells(const std::vector<WellFrames>& wells, const ImageRunSettings& settings, FrameShelf* shelf);

// All of it, and the report; bad frames are listed in table bad_frames and are the run's outcome.
void run_images(RunDirectory& run, const std::filesystem::path& folder, const ImageRunSettings& settings, const std::function<std::unique_ptr<FrameShelf>(const std::map<std::string, std::string>&)>& open_shelf);

// The number of every file with its size and time, hashed: a folder of 140 GB is not read for its name.
std::string folder_identity(const HypedWells& wells, const std::filesystem::path& folder);

}  // namespace hyped
