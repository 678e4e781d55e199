// A tracking in the Cell Tracking Challenge's form: a label picture per frame and a text of tracks.
#pragma once
#include <filesystem>
#include <map>
#include <vector>

#include "libhyped/image/plane.hpp"
#include "libhyped/image/quality/tracking_scores.hpp"

namespace hyped {

struct CtcTracking {
  TrackGraph graph;                            // a detection per label and frame, by frame, then label; places are centroids [px]
  std::vector<int> label;                      // of each detection
  std::map<int, std::filesystem::path> pictures;      // by frame
};
// The folder holds man_track.txt or res_track.txt ("label begin end parent") and maskNNN.tif or man_trackNNN.tif, NNN the frame. InputError (file, line): no such text, a line that is not four
// whole numbers, a label without a track or outside its frames, a track whose last or first frame holds no such label, a parent that is not there or does not end before.
// Frames inside a track that lack its label are gaps.
CtcTracking read_ctc(const std::filesystem::path& folder);

// By detection of the reference the found one that covers more than half of it, or -1. InputError for frames the found one lacks, or shapes that differ.
std::vector<int> match_ctc(const CtcTracking& reference, const CtcTracking& found);

bool is_ctc(const std::filesystem::path& folder);      // holds one of the two texts

}  // namespace hyped
