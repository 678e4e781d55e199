// How near a tracking is to a reference: the Cell Tracking Challenge's TRA and DET, and F1 of links and of divisions.
#pragma once
#include <Eigen/Core>
#include <utility>
#include <vector>

#include "libhyped/image/plane.hpp"
#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// Detections and who follows whom. A detection with two followers divides; `to_daughter` marks links from a mother to a daughter.
struct TrackGraph {
  std::vector<int> frame;                          // of each detection
  Eigen::Matrix<double, Eigen::Dynamic, 2> place;  // x, y [detections x 2]
  struct Link {
    int from = 0, to = 0;
    bool to_daughter = false;
  };
  std::vector<Link> links;
  int size() const { return static_cast<int>(frame.size()); }
};
// One detection per row of tracks.frames. InputError for more than one film.
TrackGraph graph_of(const CellTracks& tracks);

// By reference detection the found one, or -1. Frame by frame the assignment of least squared distance among pairs within `max_distance`.
std::vector<int> match_places(const TrackGraph& reference, const TrackGraph& found, double max_distance);
// The challenge's rule for one frame's label pictures: a found nucleus stands for a reference one if it covers more than half of it; pairs of labels
// (reference, found). One found nucleus may stand for several. InputError for pictures of different shapes.
std::vector<std::pair<int, int>> match_labels(const Labels& reference, const Labels& found);

struct HitCounts {
  long hit = 0, missed = 0, wrong = 0;
  double precision() const { return hit + wrong > 0 ? static_cast<double>(hit) / static_cast<double>(hit + wrong) : 1; }
  double recall() const { return hit + missed > 0 ? static_cast<double>(hit) / static_cast<double>(hit + missed) : 1; }
  double f1() const { return 2 * hit + missed + wrong > 0 ? 2.0 * static_cast<double>(hit) / static_cast<double>(2 * hit + missed + wrong) : 1; }
};

// Operations that make the found graph the reference, and what they cost (Matula et al. 2015, PLoS ONE 10:e0144959).
struct GraphEdits {
  long splits = 0, missed_nodes = 0, false_nodes = 0, false_links = 0, missed_links = 0, wrong_links = 0;      // NS FN FP ED EA EC
  double cost = 0, empty_cost = 0;                  // AOGM with weights 5 10 1 1 1.5 1; of an empty tracking
  double detection_cost = 0, empty_detection_cost = 0;
  double tra() const { return empty_cost > 0 ? 1 - std::min(cost, empty_cost) / empty_cost : 1; }
  double det() const { return empty_detection_cost > 0 ? 1 - std::min(detection_cost, empty_detection_cost) / empty_detection_cost : 1; }
};

struct TrackingScores {
  HitCounts detections;
  GraphEdits edits;
  // Links and divisions among what was detected: the reference is joined over detections that were missed, so that a tracker is not blamed for the segmentation,
  // and a gap bridged rightly is a hit. Found links from or to false detections are wrong.
  HitCounts links;
  HitCounts links_strict;                           // against all links of the reference as it is
  HitCounts divisions_exact, divisions_near;        // same mother and same daughters in the very frame; within the tolerance along the lineage
};
// `matched`: by reference detection, from match_places or match_labels. Tolerance in frames.
TrackingScores score_tracking(const TrackGraph& reference, const TrackGraph& found, const std::vector<int>& matched, int tolerance = 1);

}  // namespace hyped
