// Spots linked from frame to frame, cut into cells where a link divides.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

struct LinkedSpot {
  std::string id, track;                       // as in the file; the track names its cells
  int frame = 0, line = 0;
};
struct SpotLink {
  int source = 0, target = 0;                  // indices of spots, in either order of time
  int line = 0;
};

struct LinkedCells {
  std::vector<std::string> cell;               // per spot; empty: linked to nothing
  std::vector<std::string> mother;             // per spot: the mother of its cell, empty: none
  int merges = 0;                              // links into spots with more than one source: all of them are cut
  int splits = 0;
};

// A cell is a stretch without a split. Names: the track's for a root, then .1, .2 in the order of the spots' lines. A spot that
// no link touches is of no cell, or (`single_cells`) a cell of one frame. InputError (`source`) for a link within one frame.
LinkedCells cells_of_links(const std::string& source, const std::vector<LinkedSpot>& spots, std::vector<SpotLink> links, bool single_cells);

// What was cut, as a note; nothing if nothing was.
void note_merges(CellTracks& tracks, int merges);

}  // namespace hyped
