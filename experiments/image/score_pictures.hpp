// `hyped image score pictures|tracks|labels`: how near pictures, tracks and segmentations are to a reference.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct PictureScoring {
  std::filesystem::path reference;       // clean, or where none exists the noisy one that was denoised
  std::vector<std::filesystem::path> pictures;
  std::filesystem::path labels;          // of the nuclei; empty: no signal-to-noise ratios
  double range = 0;                      // of the values: 255, 16383, 1; asked for, as a default is wrong without a word
  bool noisy_reference = false;          // the paper's way: compared with the noisy input
};
// Tables scores and table_4.
void run_score_pictures(RunDirectory& run, const PictureScoring& settings);

struct TrackScoring {
  std::filesystem::path reference, found;
  TrackReading reading;                  // of both files
  double max_distance = 0;               // within which a found nucleus is the reference's; in the files' unit
  int tolerance = 1;                     // frames, of a division
};
void run_score_tracks(RunDirectory& run, const TrackScoring& settings);

struct LabelScoring {
  std::vector<std::filesystem::path> reference, found;      // label pictures, pair by pair
  std::vector<double> thresholds = {0.5, 0.7, 0.9};         // of intersection over union
};
void run_score_labels(RunDirectory& run, const LabelScoring& settings);

}  // namespace hyped
