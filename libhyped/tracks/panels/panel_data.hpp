// Phases of cells as they were seen at frames: the data of multi-state models.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// One look at a cell. `seen` is a phase's index; unknown_alive: it was there, its phase was not called; nothing: no look at all.
struct PanelLook {
  static constexpr int unknown_alive = -1, nothing = -2;
  double time_h = 0;
  int seen = 0;
  bool exact = false;                    // an absorbing phase entered at this very moment (death annotated to the minute)
};
struct PanelSubject {
  std::string id;
  std::vector<PanelLook> looks;          // times increasing
  int covariate_row = 0;                 // of PanelData::covariates
  bool entered = false;                  // its first look is its entry into that phase (birth): first stage, not any
};
struct PanelData {
  std::string source;
  std::vector<std::string> phases;       // what can be seen, absorbing phases too
  std::vector<std::string> covariate_names;
  std::string reference;                 // condition whose covariates are all 0
  Eigen::MatrixXd covariates;            // distinct rows [rows x C]; one row of no columns if there are none
  std::vector<PanelSubject> subjects;
  std::vector<std::string> notes;        // what was left out and why
};

// Every cell a subject: its called phases frame by frame, then "divided" or "dead" at the first frame after its end (seen to lie
// between two frames), or nothing more. Conditions become 0/1 covariates against `reference` (empty: the first film's). Rows without a
// phase are unknown_alive. Phases that the tracks name but no cell shows are left out, and said.
PanelData panel_from_tracks(const CellTracks& tracks, const std::string& reference = "");

// Changes from the last phase to the first within one track: counted and said in the notes.
struct PanelCuts {
  long leftover = 0;                     // cells born with light of the last phase that then show the first: the light is the mother's, those looks are left out
  long undivided = 0;                    // other cells: a division that the tracker missed, between the two looks; one daughter goes on as a cell of its own
  long divided = 0;                      // cells that were seen to divide
};
// Living cells leave the last phase of the cycle by dividing. Where the data have divisions ("divided") no cell goes from it to phase 0 otherwise. Cut off
// instead, such stays would make the rate of division low by their share: they are cut just where they end.
PanelCuts cut_undivided(PanelData& data);

// InputError: times that do not increase, unknown indices, a look after an absorbing phase, a subject with one look only is a note.
void check_panel(const PanelData& data, const std::vector<char>& absorbing);

}  // namespace hyped
