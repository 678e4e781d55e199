// Cells followed over time: lineages, how each cell began and ended, what was measured of it frame by frame, its phases.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hyped {

// Why a cell is first seen when it is. film_start: it was there already, so its birth was not seen. appeared: it came into view
// or was found late; its age is unknown.
enum class CellStart { division, film_start, appeared };
// Why it is last seen when it is. lost: out of view, or the tracker lost it; the film went on.
enum class CellEnd { division, death, lost, film_end };
std::string_view to_string(CellStart);
std::string_view to_string(CellEnd);

// How a stay in a phase ended. `next` is the phase after it in the same cell.
enum class StayEnd { next, division, death, lost, film_end };
std::string_view to_string(StayEnd);

// One stay of a cell in one phase. A change between two frames is known to lie between them: `from` the last moment it was not
// yet, `by` the first moment it was; equal where the time was annotated. Of an unseen entry (the film began, the cell appeared)
// both are the first moment the cell was seen in the phase; of an unseen end (lost, film_end) both are the last.
struct PhaseStay {
  int phase = 0;                                    // index into CellTracks::phases
  double entered_from_h = 0, entered_by_h = 0;      // h, film clock
  double left_from_h = 0, left_by_h = 0;
  bool entry_seen = false;
  StayEnd end = StayEnd::lost;
  bool exit_seen() const { return end == StayEnd::next || end == StayEnd::division || end == StayEnd::death; }
};

struct Film {
  std::string name, condition;
  double frame_interval_h = 0;                 // 0: no frames, times were annotated
  double first_h = 0, last_h = 0;              // first and last frame (or annotated end of the film)
  std::vector<std::pair<std::string, double>> marks = {};      // doses and other events of the film, name and time [h, film clock]
};

struct FollowedCell {
  std::string id;                              // as in the file; unique within its film
  int film = 0;
  int mother = -1;                             // index into CellTracks::cells; -1: none known
  std::vector<int> daughters;                  // indices
  std::string family;                          // cells of one film that share it are sisters whose mother was not followed; empty: none
  CellStart start = CellStart::appeared;
  CellEnd end = CellEnd::lost;
  double start_h = 0, end_h = 0;               // annotated birth and end; of cells with frames the first and the last one it was seen in
  int first_row = 0, row_count = 0;            // its rows of CellTracks::frames, times increasing; 0 rows: annotated events only
  std::vector<PhaseStay> stays = {};           // by time; empty before phases are called
  int source_line = 0;
};

// What was measured, one row per cell and frame, cell by cell [O rows]. Rows after the last cell's are nuclei that were found but
// linked to nothing (of the first film).
struct FrameTable {
  std::vector<int> frame;                      // number as in the file
  std::vector<double> time_h;
  Eigen::Matrix<double, Eigen::Dynamic, 2> position;      // x, y; NaN where the file has none [O x 2]
  std::vector<std::string> channels;           // reporter channels, names as in the file
  Eigen::MatrixXd intensity;                   // mean over the nucleus; NaN where missing [O x C]
  std::vector<int> phase;                      // as given by the file, -1: none; empty if the file has no phases
  std::vector<char> filled;                    // 1: the tracker put it in (btrack's dummy), nothing was seen
  std::vector<int> source_line;
  int rows() const { return static_cast<int>(frame.size()); }
};

// What a tracker or an annotator exported, whatever its format.
struct CellTracks {
  std::string source, format;                  // the file that was given; trackmate-xml, trackmate-csv, btrack, ...
  std::string origin;                          // of the tidy form: the file it was made from; else empty
  std::string time_axis, length_unit;          // what was used and why, printed; "px", "um"
  std::vector<std::string> notes;              // doubts of the reader, printed
  std::vector<Film> films;
  std::vector<FollowedCell> cells;
  std::vector<std::string> phases;             // names of the phases in the order of the cycle; empty before they are called
  FrameTable frames;
  double merges = 0;                           // links the file has where two cells become one: dropped, and said
};

// Counts that a reader's user wants to check against what the tool itself shows.
struct TrackCounts {
  int cells = 0, trees = 0, divisions = 0, deaths = 0, lost = 0, rows = 0, unlinked_rows = 0;      // trees: cells without a mother
};
TrackCounts counts_of(const CellTracks& tracks);

// Pairs of sisters, by index: daughters of one mother, or of one family. Of three or more every pair.
std::vector<std::pair<int, int>> sisters_of(const CellTracks& tracks);

// The oldest known ancestor of every cell, sisters of one family whose mother was not followed having one; lineages without cycles (check_lineages).
std::vector<int> founders_of(const CellTracks& tracks);

// The rules every lineage keeps, whoever wrote it. Fills daughters from mothers; throws InputError with the line, the cell and what
// to do: a cycle, a daughter before its mother's end, frames of one cell out of order or twice, two cells of one film at exactly
// one place in one frame, a mother in another film. More than two daughters is a note, not an error.
void check_lineages(CellTracks& tracks);

// The stays of every cell from FrameTable::phase: equal neighbours join, rows without a phase are bridged if both sides agree and
// are else part of the interval in which the change happened. `cycle` gives nothing here: what the calls say is taken.
void stays_from_frames(CellTracks& tracks);

}  // namespace hyped
