// Do predicted condition means fall into the same groups as the measured ones (cell-eval's clustering_agreement).
#pragma once
#include "libhyped/score/metric.hpp"

namespace hyped {

// Leiden on the means of conditions [N x G]: neighbour graph of min(15, N - 1) cells (the point itself among them, as scanpy counts), resolution 1 for the truth; the best
// adjusted mutual information over resolutions .2, .4, .6, .8, 1, 1.5, 2 of the prediction, at least 0. The best of seven is optimistic, and with few conditions (below
// some 30) groups are chance. Undefined: fewer than three conditions, or all means of one side the same. Leiden's order of moves is random: our own seed.
MetricValue clustering_agreement(const ProfileMatrix& truth, const ProfileMatrix& predicted);

}  // namespace hyped
