// How well found nuclei match those drawn by hand: one-to-one matches by overlap, merges and splits, the Cell Tracking Challenge's SEG.
#pragma once
#include <vector>

#include "libhyped/image/plane.hpp"

namespace hyped {

// Counts of one picture or, summed by add(), of many.
struct SegmentationScore {
  double threshold = 0.5;        // of intersection over union
  long reference = 0, found = 0, matched = 0;
  long merges = 0;               // found nuclei that hold most of two or more reference nuclei
  long splits = 0;               // reference nuclei most of whose area is in two or more found nuclei, each mostly inside it
  double matched_overlap = 0;    // sum of intersection over union of the matches
  double seg = 0;                // sum over reference nuclei of the Jaccard index with the found nucleus that covers more than half of it, else 0
  long missed() const { return reference - matched; }
  long false_ones() const { return found - matched; }
  double f1() const { return reference + found > 0 ? 2.0 * matched / (reference + found) : 1; }
  double precision() const { return found > 0 ? double(matched) / found : 1; }
  double recall() const { return reference > 0 ? double(matched) / reference : 1; }
  double ap() const { const long n = reference + found - matched; return n > 0 ? double(matched) / n : 1; }      // as StarDist and DSB2018 name it: TP / (TP + FP + FN)
  double mean_overlap() const { return matched > 0 ? matched_overlap / matched : 0; }
  double mean_seg() const { return reference > 0 ? seg / reference : 1; }
  void add(const SegmentationScore& other);
};

// `threshold` of 0.5 or more, below 1: there a nucleus can match one other only, so the match is unique (two halves cannot both be more than half). A pair matches when its
// intersection over union is above the threshold. Merges and splits: of two nuclei, more than half of the smaller part's area decides.
// SEG: Maska et al. 2014, Bioinformatics 30:1609, eq. of section 2.2. InputError for pictures of different shapes, a threshold out of range.
SegmentationScore segmentation_score(const Labels& reference, const Labels& found, double threshold = 0.5);

}  // namespace hyped
