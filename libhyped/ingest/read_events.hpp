// Tables of annotated events, one row per cell: birth, ends of phases, division, death, loss.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Which column is what, by name; empty: there is none. Times in cells that are empty or NA were not seen.
struct EventColumns {
  std::vector<std::string> film;               // joined by a blank; films differ in their clocks
  std::string condition, cell, mother, family;
  std::string birth, division, death, lost;    // film clock
  std::string film_end;                        // the film's last moment; empty: film_end_h, or the latest time of the film's rows
  double film_end_h = 0;                       // > 0: all films end then
  bool founders_unborn = false;                // the birth of a cell without a mother is only when it was first seen
  std::string survived;                        // not empty: only cells with something in it were still there at the film's end
  std::vector<std::pair<std::string, std::string>> phases;      // name and column of its end, in the order of the cycle; the last phase ends
                                                                // with the cell and has no column
  std::vector<std::pair<std::string, std::string>> marks;       // events of the film: name and column
  bool since_birth = false;                    // ends of phases count from birth
  bool ends_since_birth = false;               // so do division, death and loss
  double hours_per_unit = 1;                   // of every time
  bool leave_out_contradictions = false;       // rows whose times contradict each other become notes, not errors
};

// A cell with a birth is born, even if its mother is not in the table. InputError with line and cell: times out of order (a phase
// before birth, a division before a phase's end), a cell twice in its film, and what check_lineages refuses.
CellTracks read_events(const std::filesystem::path& file, const EventColumns& columns, std::string format = "events");

// Dowling et al. 2014, cells.csv: 685 lymphocytes, all divided; phases G1 and S/G2/M meet where green comes on. Conditions as in the
// table; cells the paper does not analyse have " (not in paper)" added.
CellTracks read_dowling2014(const std::filesystem::path& file);
// Imig et al. 2020, trail_lineages.csv: frames of 15 min, TRAIL as a mark of the film, conditions "NCI-H460 TRAIL in G1". Granddaughters
// belong to the cell their name says (17.12 to 17.1); the table's column says their grandmother.
CellTracks read_imig2020_lineages(const std::filesystem::path& file);
// Imig et al. 2020, untreated_durations.csv: durations, so every cell is on a clock of its own; censored ones end with the film.
CellTracks read_imig2020_durations(const std::filesystem::path& file);

}  // namespace hyped
