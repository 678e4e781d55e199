// From a picture of a DNA dye to a label picture of nuclei: two floods, the first by light, the second by light and shape.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/image/plane.hpp"
#include "libhyped/image/segment/union_rule.hpp"

namespace hyped {

struct SegmentOptions {
  double radius = 0;              // of a nucleus [px]: set once per acquisition; 0: measured on the picture itself
  // In units of the radius or of the nucleus' own light; chosen on DSB2018, but for
  // otsu_share and least_light: there 1 and .2 are best, in films dim nuclei must not be lost.
  double mask_smoothing = 0.10;   // sd of the blur of the picture that is cut [radius]
  double flood_smoothing = 0.17;  // sd of the blur of the picture that is flooded [radius]
  double noise_cut = 4;           // a nucleus pixel is above the background by so many sd of the noise
  double otsu_share = 0.4;        // and above this share of Otsu's level
  double near_reach = 2;          // haze is the least light within so many radii
  double contrast = 0.4;          // a basin's own light above the haze, of all its light: less is haze itself
  double light_dynamics = 0.05;   // a basin of log light stands so much above the saddle
  double level_share = 0.40;      // outline of a nucleus: this share of its own 85th percentile,
  double haze_level = 0.4;        // and so much more where all its light is haze
  double least_area = 0.12;       // of pi radius^2: smaller is dropped
  double sliver_area = 0.06;      // the same for what the picture's edge cuts
  double least_light = 0.16;      // of the picture's bright nuclei: dimmer is dropped
  double shape_weight = 0.8;      // of distance against light in the second flood
  double shape_dynamics = 0.005;      // the pieces are small: the rule decides which belong together
  UnionRule rule;                 // which unions of pieces are nuclei
  double debris_area = 0.25;      // of pi radius^2: smaller is kept and marked
  double white_level = 0;         // of the camera; 0: not looked at
  std::vector<int> seam_rows, seam_columns;      // first row / column of each tile but the first, where tiles abut
};

struct NucleusFlags {
  bool at_border = false, at_seam = false, debris = false;
};

struct Segmentation {
  Labels labels;                               // 0: background; 1, 2, ... in raster order of their first pixel
  std::vector<NucleusFlags> flags;             // by label - 1
  double radius = 0;                           // that was used [px]
  double noise = 0, level = 0;                 // of the smoothed picture above its background: sd, level of the mask
  std::vector<std::string> notes;
  Outcome outcome;                             // not ok: black, saturated or without contrast; then there are no nuclei
  int count() const { return static_cast<int>(flags.size()); }
};

// Bright seams, haze and unevenness wider than a nucleus are taken off first. InputError for an empty picture, values that are not finite, settings out of range. Same result for any number of threads.
// Sources: the scheme of flooding in log light, cut at a share of each nucleus' own light, then flooding of distance and light: Malpica et al. 1997, Cytometry
// 28:289 (combined watershed); Otsu 1979; union-find floods: flood.hpp.
Segmentation segment_nuclei(const Plane& dna, const SegmentOptions& options = {});
Segmentation segment_nuclei(const CameraPlane& dna, const SegmentOptions& options = {});

// What nuclei are chosen from: pieces of the picture (picture.labels) and the tree of their unions.
struct NucleusCandidates {
  Segmentation picture;                        // labels: pieces; no flags
  std::vector<segmentation::PieceUnion> unions;
};
NucleusCandidates nucleus_candidates(const Plane& dna, const SegmentOptions& options);
// Places of the unions chosen: the disjoint ones whose scores, weighted by a power of their area, sum to most.
std::vector<int> chosen_unions(const std::vector<segmentation::PieceUnion>& unions, const UnionRule& rule);

// Flags of any label picture: at the border of the picture; over a seam (pixels on both sides of it); debris by area (radius 0: none).
std::vector<NucleusFlags> nucleus_flags(const Labels& labels, double radius, const SegmentOptions& options);

// Radius of the nuclei of these pictures [px]: the scale to set once for an acquisition, on some of its frames. The least radius at which bright blobs stand
// out, by the power of a difference of Gaussians whose answer a disc of that radius gives most of (Lindeberg 1998, Int J Comput Vis 30:79). On DSB2018
// it is within -20 to +35 % of the radius of the median nucleus for 90 % of pictures. 0 where a picture is flat or smaller than 15 pixels.
double nucleus_radius(std::span<const CameraPlane* const> frames);
double nucleus_radius(const Plane& picture);

}  // namespace hyped
