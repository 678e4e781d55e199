// Channels that are no light: masks, labels of nuclei, classes.
#pragma once
#include <string>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Why a channel cannot be light, in words; empty if it may be. Means over a nucleus that are all whole numbers and (a) two values at most, (b) numbers
// of the nuclei in their frame (1 to N, each once), (c) the same all along each track, or (d) a dozen values at most in a hundred rows. Light that is
// rounded to whole numbers varies along tracks, repeats within frames, and has more values. Any two values alone are a mask too.
std::string why_no_light(const CellTracks& tracks, int channel);

}  // namespace hyped
