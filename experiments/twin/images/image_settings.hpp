// What the microscope of the imaging twin is like: size, optics, dyes, camera, and what goes wrong.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "libhyped/observe/class_map.hpp"

namespace hyped {

struct ImageTwinSettings {
  int rows = 942, columns = 1298;              // [px]; the release: 2826 x 3245
  int tile_rows = 471, tile_columns = 649;     // of the stitched tiles [px]
  int frames = 0;                              // of the scenario's times, from the first; 0: all
  int first_number = 0;                        // of the first file's name: 0 or 1
  int break_frame = -1;                        // index of the first frame of the second acquisition; -1: where the scenario's times jump; 0: none
  double cells_per_frame = 700;                // seeded in a field of the release's size; fields of another size have their share
  std::map<std::string, double> arm_cells = {{"control", 0.8}, {"siPRRX1", 1.5}, {"mmMYOD1", 0.55}, {"dual", 1.1}};      // factor on it by arm, as the lab counted them; not named: 1

  Reporter reporter = Reporter::cdt1_geminin;
  std::string g1_channel = "MKate", cycling_channel = "tagGFP", dna_channel = "Cy5";      // which reporter is seen in which channel
  double radius_px = 7, radius_sd = 0.1;       // of a nucleus of 2N DNA; sd of the logarithm between cells
  double step_px = 1.5, persistence = 0.6;     // sd of the movement per frame and axis; kept from frame to frame
  double brightness_sd = 0.3;                  // of the logarithm of a cell's reporter light, kept by its daughters

  std::array<double, 2> gain{60, 90};          // camera counts of one unit of the reporter model: G1 part, cycling part
  double dna_counts = 500, dna_sd = 0.1;       // of a 2N nucleus of usual size, at its flat top; sd of the logarithm between cells
  double dye_uptake = 0.18, uptake_h = 9;      // the DNA stain grows by this share, with this time
  double bleaching = 5e-4;                     // per frame, every dye
  double psf_px = 0.9, haze = 0.06, haze_px = 7;      // sd of the edge; share of the light that is out of focus, and how wide
  double cytoplasm = 6, cytoplasm_px = 13;     // autofluorescence of a cell in the cycling channel, counts
  std::array<double, 2> dna_bleed{0.03, 0.01}; // of the DNA stain's light into the G1 and the cycling channel
  double reporter_bleed = 0.02;                // of the G1 reporter into the cycling channel
  double background = 200, background_tilt = 0.15;      // counts; relative change across the field
  double vignette = 0.18;                      // loss of light in the corner of a tile
  double tile_jitter_px = 0.7;                 // sd of how wrongly a tile is placed
  double break_shift_px = 12, break_gain = 1.12, break_blur = 1.25;      // second acquisition: field moved, brighter, less sharp

  double pedestal = 100, counts_per_electron = 0.8, read_noise = 6, correlation = 0.35;      // correlation: weight of the two neighbours in the noise's kernel
  int white_level = 16383;
  int debris = 3;                              // bright spots per million pixels; some of them saturate the camera
};

// The channels as the release stores them.
inline const std::vector<std::string> release_channels = {"tagGFP", "MKate", "Cy5", "Oblique"};

}  // namespace hyped
