// UMAP in two dimensions: the same picture for a seed, whatever the number of threads.
#pragma once
#include <cstdint>
#include <utility>

#include "libhyped/expression/embedding/neighbour_graph.hpp"

namespace hyped {

struct UmapOptions {
  double min_distance = 0.5, spread = 1;      // scanpy's defaults
  int epochs = 0;                             // 0: 500 up to 10,000 points, 200 above
  int negatives = 5;                          // per pull
  std::uint64_t seed = 1;
};

// a and b of 1 / (1 + a d^(2b)), fitted by least squares to 1 up to min_distance and exp(-(d - min_distance) / spread) beyond it,
// at 300 distances up to 3 spread.
std::pair<double, double> umap_curve(double min_distance, double spread);

// [N x 2]. McInnes et al. 2018, section 4.2, with the sampling of umap-learn: a link is drawn in weight / largest weight of the epochs, each draw pulls both ends
// and pushes from `negatives` random points. Points move in eight fixed turns an epoch: those of a turn see the others where they were when it began, and
// their random numbers depend on (seed, epoch, point) alone; umap-learn moves one link after the other instead. `start` [N x 2 or more]: its
// first two columns, as a rule principal components, scaled to 10, with noise of 1e-4 (Kobak and Linderman 2021, Nat. Biotechnol. 39, 156: such a start keeps the large-scale order).
PointMatrix umap(const NeighbourGraph& graph, const PointMatrix& start, const UmapOptions& options = {});

}  // namespace hyped
