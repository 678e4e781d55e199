// The weighted graph of near cells that embeddings and communities are computed on.
#pragma once
#include <cstdint>
#include <vector>

#include "libhyped/expression/embedding/neighbours.hpp"

namespace hyped {

// Symmetric, without loops; the others of a point ascend.
struct NeighbourGraph {
  std::vector<std::int64_t> start = {0};      // [N + 1]
  std::vector<int> other;                     // [links, each seen from both ends]
  std::vector<double> weight;
  int points() const { return static_cast<int>(start.size()) - 1; }
};

// McInnes, Healy and Melville 2018, arXiv:1802.03426, sections 3.1 and 4.1: a link from i to its neighbour has exp(-(d - rho_i) / sigma_i), sigma_i such that
// the links of a point sum to log2(k + 1) for its k neighbours (umap-learn and scanpy count the point itself among them: their n_neighbors is k + 1);
// both directions join as a + b - ab. Weights are scanpy's connectivities.
NeighbourGraph fuzzy_neighbour_graph(const Neighbours& neighbours);

// Conditional Gaussian affinities of the perplexity given, symmetric, summing to 1 (van der Maaten and Hinton 2008, JMLR 9, 2579).
// The perplexity must be below the number of neighbours: InputError; three times as many neighbours is usual.
NeighbourGraph perplexity_graph(const Neighbours& neighbours, double perplexity);

}  // namespace hyped
