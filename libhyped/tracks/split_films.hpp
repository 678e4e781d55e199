// Films cut in two at a moment, such as the time of a dose.
#pragma once
#include <string>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Marks of the films by name, with what lies on either side of them.
struct MarkedStays {
  std::string mark;
  int films = 0;                               // that carry it
  double first_h = 0, last_h = 0;              // when, over those films
  long before = 0, across = 0, after = 0;      // stays over before it, under way at it, begun after it
};
std::vector<MarkedStays> marked_stays(const CellTracks& tracks);

// Every film that carries the mark becomes two: one that ends at it, of condition "X before MARK", and one that begins there, "X after MARK". `at` may
// also be a time in hours, which is then that of all films. A stay under way at the cut is cut off in the first film; in the second its begin was not
// seen. Daughters keep their mothers within a film; sisters whose mother is in the film before are of one family. Of several marks of one name
// in a film the first counts (a note). InputError: no film carries the mark, or the hour lies in no film.
CellTracks split_films(const CellTracks& tracks, const std::string& at);

}  // namespace hyped
