// t-SNE in two dimensions by the Barnes-Hut tree.
#pragma once
#include <cstdint>

#include "libhyped/expression/embedding/neighbour_graph.hpp"

namespace hyped {

struct TsneOptions {
  double theta = 0.5;             // size of a tree cell over its distance, below which it counts as one point; 0: exact
  double exaggeration = 12;       // of the first iterations
  int early_iterations = 250, iterations = 500;
};

struct TsneGradient {
  PointMatrix value;              // [N x 2]
  double normalisation = 0;       // sum over pairs of 1 / (1 + d^2)
};
// Of the Kullback-Leibler divergence, affinities times `exaggeration` (van der Maaten 2014, JMLR 15, 3221, eq. 5 and 9).
TsneGradient tsne_gradient(const NeighbourGraph& affinities, const PointMatrix& position, double theta, double exaggeration = 1);

// [N x 2]. No random numbers: starts from the first two columns of `start` (principal components) at a standard deviation of 1e-4, learning rate N / exaggeration
// (at least 50), momentum 0.5 then 0.8, with gains (Kobak and Berens 2019, Nat. Commun. 10, 5416; Belkina et al. 2019, 10, 5415).
PointMatrix tsne(const NeighbourGraph& affinities, const PointMatrix& start, const TsneOptions& options = {});

}  // namespace hyped
