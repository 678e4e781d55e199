// Who follows whom between two sets: the linear assignment problem with a price for staying alone, solved on the links that are possible at all.
#pragma once
#include <vector>

namespace hyped {

struct GatedLink {
  int source = 0, target = 0;
  double cost = 0;
};

// For each source its target or -1, at least total cost: links pay their cost, every source and every target without a link pays `alternative`.
// This is TrackMate's (n + m) x (n + m) problem (Jaqaman et al. 2008, Nat Methods 5:695): its lower right block, the transposed links at the
// alternative price, is entered once for each link, so that a link pays its cost + one alternative against two. Solved as what it is, a matching of
// greatest gain alternative - cost, by shortest augmenting paths with prices (Jonker & Volgenant 1987, Computing 38:325), which never leave the
// connected component of the links they start in. Of equal solutions the one of the first links. BugError for indices out of range.
std::vector<int> assign(int sources, int targets, const std::vector<GatedLink>& links, double alternative);

// The sorted value at the nearest whole place to share (n - 1), no mean of neighbours: imglib2's percentile, which TrackMate uses. NaN for none.
double percentile_of(std::vector<double> values, double share);

}  // namespace hyped
