// Reporter light of followed nuclei made comparable: flat field, bleed-through and the step between acquisitions taken out.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/tracks/calls/reporter_map.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// The mark of a film at which its second acquisition begins (Film::marks).
inline constexpr const char* break_mark = "second acquisition";
// 0 before the film's break, 1 from it on [O].
std::vector<int> stage_of_rows(const CellTracks& tracks);

struct LightOptions {
  std::string dna_channel;
  int tile_rows = 0, tile_columns = 0;      // of the stitched picture [px]; 0: no flat field is taken out
  bool bleed_through = true;
};

// Light that reaches a reporter's channel from elsewhere, found on nuclei of the well that do not show the reporter.
struct BleedThrough {
  int film = 0, stage = 0, channel = 0;     // channel: 0 g1, 1 cycling
  double offset = 0, by_dna = 0, by_other = 0;      // counts; counts a count of the DNA stain, of the other reporter
  double noise = 0;                         // sd of a dark nucleus [counts]
  int nuclei = 0;
  bool found = false;                       // false: too few dark nuclei; nothing was taken out but the lowest light
};

struct NuclearLight {
  Eigen::MatrixX2d light;                   // of g1 and cycling channel, counts of the first acquisition; 0: dark, may be negative [O x 2]
  Eigen::RowVector2d noise;                 // sd of a dark nucleus, median over wells
  Eigen::VectorXd flat;                     // log illumination: x, y, x2, y2, xy over the tile, each from -1 to 1; empty: none
  double corner = 1;                        // illumination in the darkest corner over the centre's
  Eigen::RowVector2d step;                  // of the second acquisition's light over the first's
  std::vector<BleedThrough> bleed;
  std::vector<std::string> notes;
};

// Channels of `tracks` are counts above the local ring (NucleusLight::above_ring), positions pixels. (1) The illumination within a
// tile is a quadratic surface in the logarithm of the DNA stain, which every nucleus has, pooled over wells and frames: biweight
// regression; used for all channels. (2) Per well and acquisition nuclei dark in both reporters give an offset and how much of the DNA stain is
// seen in a reporter's channel, those that shine in the other reporter how much of that (fit_dark_plane). (3) The gain of the second acquisition is the middle change of
// bright cells followed across the break, all wells, less what such cells change by in that time on either side of it; 1 of fewer than 20. InputError as channels_of.
NuclearLight correct_light(const CellTracks& tracks, const ReporterMap& map, const LightOptions& options);

}  // namespace hyped
