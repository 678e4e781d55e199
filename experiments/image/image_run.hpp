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
  std::filesystem::path labels;          // label pictures made elsewhere, <sample>/<well>/labels_<n>.hdf5|tif|tiff|png|npy below it; empty: nuclei are found here
  int overlays = 3;                      // frames a well that are drawn with their outlines
};

struct MeasuredWells {
  CellTracks tracks;                     // of all wells, one film each; channels g1, cycling, DNA, DNA_total above the ring; pixels of the frame itself
  std::vector<BadFrame> bad;
  std::vector<std::string> notes;
  double radius = 0;                     // [px]
  std::vector<std::string> doubts;       // wells whose nuclei are of another size
  long frames = 0, nuclei = 0, debris = 0, gaps = 0, divisions = 0;
  double saturated = 0;                  // nuclei of which more than a tenth is at the white level, share
};

// The nuclei of one frame's DNA picture, with the scale of the run; or its label picture, where such are given: InputError, with its file, if there is none, or it is of
// another shape.
Segmentation segment_frame(const WellFrames& well, const FrameStamp& stamp, const CameraPlane& dna, const ImageRunSettings& settings, double radius);
// One frame: segmented on the DNA channel, measured in all three. An unreadable one is an InputError.
FrameNuclei measure_frame(const WellFrames& well, const FrameStamp& stamp, const ImageRunSettings& settings, double radius);

// The radius for all frames: middle value over the first readable frame of every well. `doubts`: wells whose nuclei are more than 1.4 times as large or small as the middle
// well's, which pixels of another size make them. InputError if no well shows nuclei.
double radius_of_wells(const std::vector<WellFrames>& wells, const std::string& dna_channel, std::vector<std::string>& doubts);

// Wells one after another, small frames side by side, large ones one at a time (segmentation is then parallel inside). A frame that
// fails is in `bad` and a gap in its film; it never stops the run. shelf: null: nothing is kept. Nuclei that no track holds
// become cells of one row. Same result for any number of threads.
MeasuredWells measure_wells(const std::vector<WellFrames>& wells, const ImageRunSettings& settings, FrameShelf* shelf);

// All of it, and the report; bad frames are listed in table bad_frames and are the run's outcome.
void run_images(RunDirectory& run, const std::filesystem::path& folder, const ImageRunSettings& settings, const std::function<std::unique_ptr<FrameShelf>(const std::map<std::string, std::string>&)>& open_shelf);

// The number of every file with its size and time, hashed: a folder of 140 GB is not read for its name.
std::string folder_identity(const HypedWells& wells, const std::filesystem::path& folder);

}  // namespace hyped
