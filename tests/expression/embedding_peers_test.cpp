// Our pictures and communities against those of umap-learn, scikit-learn and leidenalg on the same points.
#include <catch2/catch.hpp>
#include <set>

#include "libhyped/expression/embedding/communities.hpp"
#include "libhyped/expression/embedding/embedding_quality.hpp"
#include "libhyped/expression/embedding/principal_components.hpp"
#include "libhyped/expression/embedding/tsne.hpp"
#include "libhyped/expression/embedding/umap.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "tests/expression/peer_exchange.hpp"
#include "tests/expression/simulated_cells.hpp"

using namespace hyped;
using namespace hyped::testing;

TEST_CASE("pictures and communities are as good as those of scanpy", "[peers]") {
  if (!PeerFolder::has("scanpy, leidenalg, sklearn", true)) return;
  SparseRows logs = simulated_cells({.cells = 2500, .genes = 1500, .groups = 8, .depth = 2500, .changed = 0.1, .effect = 0.8}).counts;
  log_normalise(logs, row_totals(logs), 1e4);
  PcaOptions options;
  options.components = 30;
  const PointMatrix points = principal_components(logs, options).scores;
  const Neighbours near = nearest_neighbours(points, 90);
  const NeighbourGraph graph = fuzzy_neighbour_graph({near.index.leftCols(14), near.distance.leftCols(14)}), affinity = perplexity_graph(near, 30);
  const PointMatrix by_umap = umap(graph, points), by_tsne = tsne(affinity, points);
  const Communities groups = leiden(graph);
  const PeerFolder folder;
  folder.write("shape", std::vector<std::int64_t>{points.rows(), points.cols()});
  folder.write("points", std::vector<double>(points.data(), points.data() + points.size()));
  folder.write("ours", std::vector<double>(by_umap.data(), by_umap.data() + by_umap.size()));
  if (!folder.run("embedding_reference.py", "", true)) FAIL(folder.said());

  // the same graph: scanpy's distances and weights are floats, and its search for sigma ends at 1e-5
  const auto start = folder.read("start"), other = folder.read("other"), weight = folder.read("weight");
  REQUIRE(start.size() == graph.start.size());
  REQUIRE(other.size() == graph.other.size());
  double worst = 0;
  for (std::size_t l = 0; l < other.size(); ++l) {
    REQUIRE(static_cast<int>(other[l]) == graph.other[l]);
    worst = std::max(worst, std::abs(weight[l] - graph.weight[l]));
  }
  CAPTURE(worst);
  CHECK(worst < 1e-4);

  const EmbeddingQuality ours = embedding_quality(points, by_umap, 15, 1 << 30);
  CHECK(ours.trustworthiness == Approx(folder.read("trust_ours")[0]).margin(1e-10));      // our measure is scikit-learn's
  const auto quality_of = [&](const Eigen::MatrixXd& rows, Eigen::Index at) { return embedding_quality(points, rows.middleRows(at * points.rows(), points.rows()), 15, 1 << 30); };
  const Eigen::MatrixXd umaps = folder.read("umap", 3 * points.rows()), tsnes = folder.read("tsne", points.rows());
  const EmbeddingQuality ours_tsne = embedding_quality(points, by_tsne, 15, 1 << 30), their_tsne = quality_of(tsnes, 0);
  double trust = 0, kept = 0;
  for (int s = 0; s < 3; ++s) trust += quality_of(umaps, s).trustworthiness / 3, kept += quality_of(umaps, s).neighbours_kept / 3;
  WARN("UMAP trustworthiness " << ours.trustworthiness << " (umap-learn " << trust << "), neighbours kept " << ours.neighbours_kept << " (" << kept << "); t-SNE " << ours_tsne.trustworthiness << " (scikit-learn " << their_tsne.trustworthiness
                               << "), kept " << ours_tsne.neighbours_kept << " (" << their_tsne.neighbours_kept << ")");
  CHECK(ours.trustworthiness > trust - 0.01);
  CHECK(ours.neighbours_kept > 0.93 * kept);
  CHECK(ours_tsne.trustworthiness > their_tsne.trustworthiness - 0.01);
  CHECK(ours_tsne.neighbours_kept > 0.93 * their_tsne.neighbours_kept);

  const auto labels = folder.read("leiden");
  double total = 0, inside = 0;
  std::vector<double> strength(labels.size(), 0);
  for (int i = 0; i < graph.points(); ++i)
    for (auto l = graph.start[static_cast<std::size_t>(i)]; l < graph.start[static_cast<std::size_t>(i) + 1]; ++l) {
      const auto at = static_cast<std::size_t>(l);
      total += graph.weight[at];
      strength[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])] += graph.weight[at];
      if (labels[static_cast<std::size_t>(i)] == labels[static_cast<std::size_t>(graph.other[at])]) inside += graph.weight[at];
    }
  double modularity = inside / total;
  for (const double s : strength) modularity -= s * s / (total * total);
  WARN("Leiden: modularity " << groups.modularity << " in " << groups.size.size() << " communities (leidenalg " << modularity << " in " << std::set<double>(labels.begin(), labels.end()).size() << ")");
  CHECK(groups.modularity > modularity - 0.005);
}
