// `hyped image segment` and `hyped image measure`: nuclei of pictures, their labels, light and shape.
#pragma once
#include "experiments/image/picture_frames.hpp"
#include "libhyped/image/segment/segment_nuclei.hpp"

namespace hyped {

struct NucleiSettings {
  PictureSettings pictures;
  SegmentOptions segment;
  bool denoise = false;                        // find nuclei on the denoised picture; light is measured on the raw one always
  std::string labels;                          // measure: a label picture made elsewhere, in place of our own segmentation
  bool flat_field = false;                     // measure: divide by the lamp's surface, found on the frames themselves
  double pedestal = 0;                         // counts without light
  double ring_from = 3, ring_to = 8;           // [px]
  int overlays = 12;                           // at most so many pictures with outlines
};

// Labels as data/labels.ome.tif, overlays, the table of frames.
void run_segment(RunDirectory& run, const NucleiSettings& settings);
// Besides, the table of nuclei with every channel's light.
void run_measure(RunDirectory& run, const NucleiSettings& settings);

}  // namespace hyped
