// Has a set of predictions collapsed: how much the predictions differ among themselves, beside how much the truths do.
#pragma once
#include <string>
#include <vector>

#include "libhyped/score/metric.hpp"

namespace hyped {

// Not scores: a meter has no better and worse end, it is read beside the truth's own.
struct CollapseMeter {
  std::string id, formula;
  MetricValue truth, predicted;
};
// systematic_variation (mean cosine of changes with their mean, Systema), variance (between conditions, summed over genes), effective_rank (participation
// ratio), nearest_neighbour (median distance to the nearest other, in units of the median distance), duplicates (share of conditions with an equal one),
// systematic_share (share of squared change on the axis of the truth's mean change). Conditions of one context among themselves, then all together.
std::vector<CollapseMeter> collapse_meters(const EffectComparison& pair);

}  // namespace hyped
