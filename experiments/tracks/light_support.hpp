// What the light of two channels says about which reporter it is, before anybody calls a phase.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// For every pair of channels with two levels each: the reading (reporter, which channel is which) that explains the order of light in the
// tracks best and how far the next is behind, and what is on in the first frame: after starvation that is the G1 reporter.
// Names and sentences; empty without two usable channels.
std::vector<std::pair<std::string, std::string>> light_support(const CellTracks& tracks);

}  // namespace hyped
