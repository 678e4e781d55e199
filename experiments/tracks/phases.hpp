// What `hyped tracks phases` does.
#pragma once
#include <string>

#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/run_directory.hpp"
#include "libhyped/tracks/calls/phase_gates.hpp"
#include "libhyped/tracks/calls/smoother_fit.hpp"

namespace hyped {

struct PhaseSettings {
  std::string reporter, g1_channel, cycling_channel;      // required: nothing of them is guessed
  std::string method = "auto";                            // auto: kinetics or levels, whichever has the lower BIC; kinetics, levels (also "smoother"), gates
  bool allow_saturated = false;
  int stages = 3;
  double most_misfit = 0.2;                               // share of frames that may fit no phase's light; above it the outcome is not ok
  GateSettings gates;
};

// Phases of every row and stays of every cell: in `tracks` itself. Prints and stores the map used, how certain the calls are, what the data
// say of the other maps, and what the gates would have called.
void call_phases(RunDirectory& run, CellTracks& tracks, const PhaseSettings& settings);
// Reads, calls, writes the tidy form with phases to data/, tables light_models, smoother, map_support, stays and figures lineages, traces, shares.
void run_phases(RunDirectory& run, const std::filesystem::path& file, const TrackReading& reading, const PhaseSettings& settings);

// Share of each phase among the called cells of each condition over time: arm phase time_h value.
Table phase_shares(const CellTracks& tracks);
// The largest trees as segments of phases: figure "lineages". `trees` at most.
void add_lineages(RunDirectory& run, const CellTracks& tracks, int trees);

}  // namespace hyped
