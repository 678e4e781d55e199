// Groups of cells that are linked more among themselves than chance links them: Leiden and Louvain.
#pragma once
#include <cstdint>
#include <vector>

#include "libhyped/expression/embedding/neighbour_graph.hpp"

namespace hyped {

struct CommunityOptions {
  double resolution = 1;             // above 1: more and smaller ones
  std::uint64_t seed = 1;
  int iterations = -1;               // of Leiden; below 0: until nothing moves
};
struct Communities {
  std::vector<int> of;               // [N] 0 is the largest
  std::vector<int> size;
  double modularity = 0;             // at the resolution asked
};
// Modularity with weights and resolution (Reichardt and Bornholdt). Same result for the same seed. They use igraph's one generator: not
// from two threads at once. Leiden: Traag, Waltman and van Eck 2019, Sci. Rep. 9, 5233. Louvain: Blondel et al. 2008.
Communities leiden(const NeighbourGraph& graph, const CommunityOptions& options = {});
Communities louvain(const NeighbourGraph& graph, const CommunityOptions& options = {});

// Of two partitions of the same points: 1 if they are the same, 0 on average by chance (Hubert and Arabie 1985, J. Classif. 2, 193).
double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b);
// Mutual information beyond that of chance, over the mean entropy beyond it: 1 if they are the same, 0 on average by chance (Vinh, Epps and Bailey 2010, JMLR 11, 2837).
double adjusted_mutual_information(const std::vector<int>& a, const std::vector<int>& b);

}  // namespace hyped
