// What a microscope and a tracker make of simulated cells: two channels frame by frame, with their mistakes, and the truth beside it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/twin/twin.hpp"
#include "libhyped/tracks/cell_tracks.hpp"
#include "libhyped/tracks/calls/reporter_map.hpp"

namespace hyped {

struct FilmSettings {
  Reporter reporter = Reporter::cdt1_geminin;
  std::array<std::string, 2> channels{"mKate", "tagGFP"};      // of G1, of cycling cells
  std::vector<double> times_h;                  // frames
  double frame_interval_h = 1.0 / 3;
  std::array<double, 2> gain{600, 300}, background{120, 90};   // light of one unit of the reporter model, and without any
  double light_sd = 0.15;                       // of the logarithm of one measurement
  double cell_sd = 0.3;                         // of the logarithm of a cell's brightness, kept by its daughters
  double misread = 0.01;                        // frames whose light is another cell's
  double dropped = 0.03;                        // frames in which a nucleus is not found
  double missed_division = 0.03;                // the track goes on as one daughter, the other appears
  double swapped = 2e-4;                        // per frame and cell: two tracks go on as each other
  double lost = 5e-4;                           // per frame and cell: the track ends, what follows appears as another cell
  int founders = 60;                            // labelled ones filmed per well; their descendants too
};

struct FilmedCells {
  CellTracks tracks;
  std::vector<std::string> true_phases;         // names in the twin's model
  std::vector<int> true_phase;                  // [O] index
  std::vector<int> true_cell;                   // [O] number within the well
  long dropped = 0, misread = 0, missed_divisions = 0, swaps = 0, lost = 0;
};

// Light by models/reporter along every cell's true phases, measurement noise, then the tracker's mistakes. Phases are known by name: G0
// and G1 are before S; S and S/G2/M destroy the CDT1 part; G2/M and M do so in cdt1_geminin alone. Parallel over wells, same bytes
// for any number of threads. InputError for phases the reporter cannot show.
FilmedCells film_cells(const std::vector<TwinPhase>& phases, const FilmSettings& settings, std::uint64_t seed);

}  // namespace hyped
