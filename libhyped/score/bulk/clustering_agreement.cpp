// Neighbours, communities and their agreement over resolutions.
#include "libhyped/score/bulk/clustering_agreement.hpp"

#include <algorithm>
#include <mutex>

#include "libhyped/expression/embedding/communities.hpp"

namespace hyped {
namespace {

bool all_same(const ProfileMatrix& m) { return (m.rowwise() - m.row(0)).cwiseAbs().maxCoeff() <= 1e-12 * m.cwiseAbs().maxCoeff(); }

std::vector<int> groups_of(const NeighbourGraph& graph, double resolution) {
  static std::mutex one_at_a_time;      // igraph has one generator of random numbers
  const std::lock_guard lock(one_at_a_time);
  return leiden(graph, {.resolution = resolution, .seed = 1, .iterations = 2}).of;
}

}  // namespace

MetricValue clustering_agreement(const ProfileMatrix& truth, const ProfileMatrix& predicted) {
  if (truth.rows() < 3) return {std::nullopt, "fewer than three conditions"};
  if (all_same(truth) || all_same(predicted)) return {std::nullopt, "all conditions of one side are the same"};
  const int neighbours = std::min(15, static_cast<int>(truth.rows()) - 1) - 1;      // without the point itself
  const NeighbourGraph real = fuzzy_neighbour_graph(nearest_neighbours(truth, neighbours)), other = fuzzy_neighbour_graph(nearest_neighbours(predicted, neighbours));
  const std::vector<int> wanted = groups_of(real, 1);
  double best = 0;
  for (const double resolution : {0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0}) best = std::max(best, adjusted_mutual_information(wanted, groups_of(other, resolution)));
  return {best, ""};
}

}  // namespace hyped
