// Spots linked over time by two assignment problems: from frame to frame, then the ends and starts of what came out, with gaps, splits and merges.
#pragma once
#include <functional>
#include <vector>

namespace hyped {

struct Spot {
  int frame = 0;
  double row = 0, column = 0;
};

// Price of a link of one kind. Spots further apart than max_distance are never linked.
struct LinkStep {
  double max_distance = 0;                               // 0: no links of this kind
  int max_frames = 1;                                    // between the two spots; 2: one frame may be missing
  std::function<double(int from, int to)> cost = {};     // of the spots with these indices; infinite: never. Empty: the squared distance
  bool price_limited = true;                             // TrackMate's: nor are links that cost more than max_distance squared
};
// split: `from` goes on (or ends) in another spot as well; merge: `to` has another one before it.
enum class LinkKind { frame_to_frame, gap, split, merge };
struct SpotEdge {
  int from = 0, to = 0;
  LinkKind kind = LinkKind::frame_to_frame;
  double cost = 0;
};
struct SpotTrackerOptions {
  LinkStep linking, gaps, splits, merges;
  bool lone_spots = false;                               // spots linked to nothing may be ends and starts too: not in TrackMate
  bool splits_anywhere = false;                          // a track's first and last spot may split too: TrackMate lets only its middle ones
  double alternative_factor = 1.05, percentile = 0.9;    // TrackMate's: price of staying alone, times the greatest (frames) or this percentile (segments) of all costs
  double segment_alternative = 0;                        // > 0: this price for segments, whatever the others cost
};

// TrackMate's LAP tracker (Jaqaman et al. 2008; Tinevez et al. 2017, Methods 115:80; its cost functions and defaults) with costs of one's own.
// Frames with spots are linked to the next one with spots, at most linking.max_frames later. Links in the order of their sources; deterministic.
// InputError for positions that are not finite.
std::vector<SpotEdge> link_spots(const std::vector<Spot>& spots, const SpotTrackerOptions& options);

}  // namespace hyped
