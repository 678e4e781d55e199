// Gathers spots into cells with starts and ends; shared by the readers of tracks.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/ingest/read_tracks.hpp"

namespace hyped {

// One nucleus in one frame.
struct TrackedSpot {
  int film = 0;
  std::string cell;                            // empty: linked to nothing
  int frame = 0;
  double time_h = 0;
  double x = std::numeric_limits<double>::quiet_NaN(), y = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> intensity;               // [C]
  int phase = -1;
  bool filled = false;
  int line = 0;
};

class TrackBuilder {
 public:
  TrackBuilder(std::string source, std::string format, const TrackReading& reading);

  CellTracks tracks;                           // time_axis, length_unit, notes, channels are the reader's to fill in
  // Index of a film, made when first named. Empty names: the reading's, else the file's and "all".
  int film(const std::string& name = "", const std::string& condition = "");
  void set_span(int film, double first_h, double last_h);
  // Index of a phase, made when first named unless the reading names them all. -1 for an empty name. InputError: `where`, with the cell.
  int phase(const std::string& name, const std::string& where, const std::string& cell);
  void add(TrackedSpot spot);
  // An empty mother is none. InputError if another line said another; nothing for a spot without a cell.
  void set_mother(int film, const std::string& cell, const std::string& mother, int line);
  void set_death(int film, const std::string& cell);
  // Cells in the order of their first line. Positions are scaled, starts and ends found, lineages checked, stays made of phases.
  CellTracks build(double frame_interval_h);

 private:
  struct Gathered {
    std::vector<TrackedSpot> spots;
    std::string mother;
    int mother_line = 0;
    bool died = false;
  };
  using Key = std::pair<int, std::string>;
  void place_rows();
  void find_mothers();
  void find_ends();
  const TrackReading& reading_;
  std::map<Key, std::size_t> index_;
  std::vector<std::pair<Key, Gathered>> cells_;
  std::vector<TrackedSpot> unlinked_;
  std::vector<char> span_given_;
  bool has_phases_ = false;
  Gathered& gathered(int film, const std::string& cell);
};

}  // namespace hyped
