// Light and shape of every nucleus of a frame, on the raw counts.
#pragma once
#include <string>
#include <vector>

#include "libhyped/image/nucleus.hpp"
#include "libhyped/image/segment/segment_nuclei.hpp"

namespace hyped {

struct MeasureOptions {
  std::vector<std::string> channels;             // names, one per plane; empty: "0", "1", ...
  double ring_from = 3, ring_to = 8;             // distance of the background ring from the nucleus, and at least ring_from from every other nucleus [px]
  double white_level = 0;                        // counts at or above are saturated (16383 for 14 bits); 0: not looked at
  std::vector<NucleusFlags> flags;               // by label - 1, as segment_nuclei gave them; empty: borders only
  std::vector<const Plane*> flat_fields;         // gain of each channel (flat_field.hpp), null or empty: none
  double pedestal = 0;                           // counts without light, kept as they are when a gain is divided out
};

// Nuclei in the order of their labels; a label that no pixel has is left out. Each channel [H x W], as the labels. Rings that other nuclei leave no pixel of take the
// median of all background pixels of the frame. Shape by skimage's definitions (measure.regionprops 0.26: inertia tensor without the pixel's own moment, 4-connected
// border perimeter of Benkrid & Crookes, hull of edge midpoints). InputError for planes of another shape than the labels, names or flags of another number.
FrameNuclei measure_nuclei(const Labels& labels, const std::vector<const CameraPlane*>& channels, const MeasureOptions& options = {});

}  // namespace hyped
