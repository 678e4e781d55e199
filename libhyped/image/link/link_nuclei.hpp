// The nuclei of one film linked to cells: who is who from frame to frame, over gaps, over divisions and over the film's break.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "libhyped/image/link/division_evidence.hpp"
#include "libhyped/image/link/registration.hpp"
#include "libhyped/image/nucleus.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

struct LinkOptions {
  double max_distance_px = 0;          // a nucleus moves no further from frame to frame; 0: 1.4 times the 99.5 % point of the steps of unmistakable pairs, at least a nucleus' diameter (of places alone the 5 % point of the distance to the nearest neighbour)
  int max_gap_frames = 3;              // between two sightings of one cell: at most two frames are missing
  bool divisions = true;
  double least_evidence = 0.5;         // of the weighted mean of a division's evidence
  double light_weight = 0.1;           // of TrackMate's penalties for DNA light and area that differ; 0: distances alone
  double evidence_weight = 0.03;       // of the penalties for what speaks against a division
  std::string dna_channel, cycling_channel;      // as in FrameNuclei::channels; empty: that light is no evidence, and a note says so
  double missing_weight = 2;           // of the penalty for each frame in which a daughter was not seen
  double alternative = 1.05;           // price of a start or an end that is linked to nothing, over the square of the greatest distance
  bool link_over_break = true;         // false: every cell ends at the break
  std::string film = "film", condition = "all";
  double pixel_um = 0;                 // > 0: positions of the tracks in um
};

struct FoundDivision {
  int mother = -1, first = -1, second = -1;      // cells; -1 of those that were not accepted
  int frame = 0;                       // the mother's last
  double time_h = 0, row = 0, column = 0;
  DivisionEvidence evidence;
  bool accepted = false;
};

struct LinkedFilm {
  CellTracks tracks;                   // one film; its light is NucleusLight::above_ring of each channel: of a dark nucleus it may be below nought
  std::vector<std::pair<int, int>> nucleus_of_row;      // by row of tracks.frames: which of the given frames, which of its nuclei
  std::vector<FoundDivision> divisions;
  std::vector<FrameShift> breaks;
  double max_distance_px = 0;          // as used
  long gaps = 0;                       // links over missing frames
  std::vector<std::string> notes;
  Outcome outcome;                     // not ok: fewer than two frames with nuclei
};

// TrackMate's two assignment problems on what the nuclei show (spot_tracker.hpp): cost (D (1 + sum p))^2 with p = 3 W |f1 - f2| / (f1 + f2) for total DNA light and
// area, but distance alone decides what is possible, since a nucleus in mitosis changes both; starts and ends that stay alone pay one price. A division's price is raised by what speaks against it, and afterwards every division is asked for its evidence as a whole: one that falls short is forbidden,
// and all is linked again. Debris is left out; nuclei at the border are linked, but their total light is not used. Frames that
// could not be read are gaps. Frames of another stage are shifted by register_nuclei before linking; where that is not trusted no link crosses. Nuclei linked to nothing are rows after the
// last cell's. Frames in rising order. InputError for frames out of order, channels that are not there or differ between frames, an unknown channel name.
LinkedFilm link_nuclei(const std::vector<FrameNuclei>& frames, const LinkOptions& options = {});

}  // namespace hyped
