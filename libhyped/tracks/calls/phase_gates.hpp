// Phases by fixed gates on two channels, frame by frame: the simplest call, kept to compare with.
#pragma once
#include <string>
#include <vector>

#include "libhyped/tracks/calls/reporter_map.hpp"

namespace hyped {

// Of intensities min-max normalised over the whole table. Defaults: the HYPED authors' (hyb_imaging, notebooks/predict_phase.ipynb).
struct GateSettings {
  double on = 0.5, off = 0.2;
};

struct GateCalls {
  std::vector<int> phase;             // [O] index into phases_of(reporter); -1: neither gate, or both channels dark
  int unlabelled = 0;                 // rows with -1
  std::string words;                  // what was normalised by what
};

// A channel is on above `on` and off below `off`; a row whose pattern is no phase's is unlabelled. Both dark is unlabelled: gates see no
// history, and a dead cell is dark too.
GateCalls call_by_gates(const CellTracks& tracks, const ReporterMap& map, const GateSettings& settings = {});

}  // namespace hyped
