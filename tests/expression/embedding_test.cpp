// Components, neighbours, pictures and communities against dense arithmetic and what was planted.
#include <Eigen/SVD>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "libhyped/errors.hpp"
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

namespace {


SparseRows logs_of(const SimulatedCells& cells) {
  SparseRows logs = cells.counts;
  log_normalise(logs, row_totals(logs), 1e4);
  return logs;
}

// Gaussian clouds far apart, a label each.
struct Clouds {
  PointMatrix points;
  std::vector<int> label;
};
Clouds clouds(int n, int kinds, int dimensions, double apart) {
  Clouds out{PointMatrix(n, dimensions), {}};
  PointMatrix centre(kinds, dimensions);
  RandomStream random(8, 0, 0);
  for (int k = 0; k < kinds; ++k)
    for (int d = 0; d < dimensions; ++d) centre(k, d) = apart * random.normal();
  for (int i = 0; i < n; ++i) {
    out.label.push_back(i % kinds);
    for (int d = 0; d < dimensions; ++d) out.points(i, d) = centre(i % kinds, d) + random.normal();
  }
  return out;
}

double same_label_share(const PointMatrix& picture, const std::vector<int>& label) {
  const Neighbours near = nearest_neighbours(picture, 10);
  int same = 0;
  for (Eigen::Index i = 0; i < near.index.rows(); ++i)
    for (int k = 0; k < 10; ++k) same += label[static_cast<std::size_t>(near.index(i, k))] == label[static_cast<std::size_t>(i)];
  return same / (10.0 * static_cast<double>(near.index.rows()));
}

}  // namespace

TEST_CASE("components are those of the dense decomposition, however they are computed") {
  const SparseRows logs = logs_of(simulated_cells({.cells = 500, .genes = 900, .groups = 5, .depth = 1500, .changed = 0.3, .effect = 1.5}));
  const Eigen::MatrixXd x = dense(logs), centred = x.rowwise() - x.colwise().mean();
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(centred, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::MatrixXd scores = svd.matrixU().leftCols(20) * svd.singularValues().head(20).asDiagonal();
  const Eigen::VectorXd variance = svd.singularValues().head(20).cwiseAbs2() / 499;
  for (const int dense_genes : {5000, 100}) {      // formed covariance, applied covariance
    CAPTURE(dense_genes);
    const auto compute = [&] {
      PcaOptions options;
      options.components = 20, options.dense_genes = dense_genes;
      return principal_components(logs, options);
    };
    const Pca pca = with_threads(1, compute);
    REQUIRE(pca.outcome.ok());
    CAPTURE(pca.products, pca.least_gap, pca.residual);
    CHECK(worst_up_to_sign(pca.scores, scores) < 1e-8);
    CHECK((pca.variance - variance).cwiseAbs().maxCoeff() < 1e-10 * variance[0]);
    CHECK(pca.variance_share.sum() == Approx(variance.sum() / (centred.squaredNorm() / 499)).epsilon(1e-10));
    CHECK((pca.loadings.transpose() * pca.loadings - Eigen::MatrixXd::Identity(20, 20)).cwiseAbs().maxCoeff() < 1e-12);
    for (int c = 0; c < 20; ++c) CHECK(pca.loadings.col(c).maxCoeff() >= -pca.loadings.col(c).minCoeff());
    const Pca many = with_threads(2, compute);
    CHECK(many.scores == pca.scores);
  }
  // few genes: dense solver; a matrix of lower rank than asked
  SparseRows repeated = columns_of(logs, std::vector<int>{1, 5, 9, 20, 30, 40, 50, 60});
  PcaOptions few;
  few.components = 8;
  CHECK(principal_components(repeated, few).variance_share.sum() == Approx(1));
  few.components = 9;
  CHECK_THROWS_AS(principal_components(repeated, few), InputError);
}

TEST_CASE("components say when they did not converge") {
  const SparseRows logs = logs_of(simulated_cells({.cells = 400, .genes = 900, .groups = 1, .depth = 1500}));
  PcaOptions options;
  options.most_products = 40;
  CHECK(principal_components(logs, options).outcome.status == Status::not_converged);
}

TEST_CASE("neighbours are those of all pairs") {
  const Clouds data = clouds(700, 3, 12, 1);
  const Neighbours near = with_threads(1, [&] { return nearest_neighbours(data.points, 9); });
  CHECK(with_threads(2, [&] { return nearest_neighbours(data.points, 9); }).index == near.index);
  for (int i = 0; i < 700; ++i) {
    std::vector<std::pair<double, int>> all;
    for (int j = 0; j < 700; ++j)
      if (j != i) all.emplace_back((data.points.row(i) - data.points.row(j)).norm(), j);
    std::sort(all.begin(), all.end());
    for (int k = 0; k < 9; ++k) {
      REQUIRE(near.index(i, k) == all[static_cast<std::size_t>(k)].second);
      REQUIRE(near.distance(i, k) == Approx(all[static_cast<std::size_t>(k)].first));
    }
  }
  PointMatrix copies = PointMatrix::Zero(5, 3);
  CHECK(nearest_neighbours(copies, 2).index(4, 0) == 0);      // at equal distance the lower index
  CHECK_THROWS_AS(nearest_neighbours(copies, 5), InputError);
}

TEST_CASE("links of a point sum to what was asked and both directions agree") {
  const Clouds data = clouds(400, 2, 8, 1);
  const Neighbours near = nearest_neighbours(data.points, 14);
  const NeighbourGraph graph = fuzzy_neighbour_graph(near);
  std::map<std::pair<int, int>, double> weight;
  for (int i = 0; i < 400; ++i)
    for (auto l = graph.start[static_cast<std::size_t>(i)]; l < graph.start[static_cast<std::size_t>(i) + 1]; ++l) weight[{i, graph.other[static_cast<std::size_t>(l)]}] = graph.weight[static_cast<std::size_t>(l)];
  for (const auto& [pair, w] : weight) {
    REQUIRE(weight.at({pair.second, pair.first}) == w);
    REQUIRE((w > 0 && w <= 1));
    REQUIRE(pair.first != pair.second);
  }
  for (int i = 0; i < 400; ++i) CHECK(weight.at({i, near.index(i, 0)}) == Approx(1).epsilon(1e-14));      // the nearest one is linked for sure
  const NeighbourGraph affinity = perplexity_graph(near, 5);
  double sum = 0;
  for (const double w : affinity.weight) sum += w;
  CHECK(sum == Approx(1));
  CHECK_THROWS_AS(perplexity_graph(near, 14), InputError);
}

TEST_CASE("the curve of UMAP is the one of umap-learn") {
  const auto tenth = umap_curve(0.1, 1), half = umap_curve(0.5, 1);
  CHECK(tenth.first == Approx(1.5769434602).epsilon(1e-6));      // umap-learn 0.5, find_ab_params(1, 0.1) and (1, 0.5)
  CHECK(tenth.second == Approx(0.8950608779).epsilon(1e-6));
  CHECK(half.first == Approx(0.5830300205).epsilon(1e-6));
  CHECK(half.second == Approx(1.3341669924).epsilon(1e-6));
}

TEST_CASE("the gradient of t-SNE is that of the divergence, and the tree is near it") {
  const Clouds data = clouds(120, 3, 6, 2);
  const NeighbourGraph affinity = perplexity_graph(nearest_neighbours(data.points, 30), 10);
  PointMatrix y = data.points.leftCols(2);
  y.row(7) = y.row(3);      // copies push nowhere
  const auto divergence = [&](const PointMatrix& at) {
    double total = 0, sum = 0;
    for (int i = 0; i < 120; ++i)
      for (int j = 0; j < 120; ++j)
        if (i != j) total += 1 / (1 + (at.row(i) - at.row(j)).squaredNorm());
    for (int i = 0; i < 120; ++i)
      for (auto l = affinity.start[static_cast<std::size_t>(i)]; l < affinity.start[static_cast<std::size_t>(i) + 1]; ++l) {
        const double p = affinity.weight[static_cast<std::size_t>(l)];
        sum += p * std::log(p * total * (1 + (at.row(i) - at.row(affinity.other[static_cast<std::size_t>(l)])).squaredNorm()));
      }
    return sum;
  };
  const TsneGradient exact = tsne_gradient(affinity, y, 0);
  for (const int i : {0, 3, 7, 50, 119})
    for (int d = 0; d < 2; ++d) {
      PointMatrix up = y, down = y;
      up(i, d) += 1e-5, down(i, d) -= 1e-5;
      CHECK(exact.value(i, d) == Approx((divergence(up) - divergence(down)) / 2e-5).margin(1e-8));
    }
  const TsneGradient tree = tsne_gradient(affinity, y, 0.5);
  CHECK((tree.value - exact.value).norm() < 0.03 * exact.value.norm());
  CHECK(tree.normalisation == Approx(exact.normalisation).epsilon(0.01));
}

TEST_CASE("pictures keep clouds apart, are the same for a seed and on any number of threads", "[standard]") {
  const Clouds data = clouds(900, 6, 15, 2.5);
  const Neighbours near = nearest_neighbours(data.points, 60);
  const Neighbours few{near.index.leftCols(14), near.distance.leftCols(14)};
  const NeighbourGraph graph = fuzzy_neighbour_graph(few), affinity = perplexity_graph(near, 20);
  const PointMatrix one = with_threads(1, [&] { return umap(graph, data.points); });
  CHECK(with_threads(2, [&] { return umap(graph, data.points); }) == one);
  UmapOptions other;
  other.seed = 2;
  CHECK(umap(graph, data.points, other) != one);
  CHECK(one.allFinite());
  CHECK(same_label_share(one, data.label) > 0.98);
  const PointMatrix two = with_threads(1, [&] { return tsne(affinity, data.points); });
  CHECK(with_threads(2, [&] { return tsne(affinity, data.points); }) == two);
  CHECK(same_label_share(two, data.label) > 0.98);
  for (const PointMatrix& picture : {one, two}) {
    const EmbeddingQuality quality = embedding_quality(data.points, picture);
    CAPTURE(quality.trustworthiness, quality.neighbours_kept);
    CHECK(quality.trustworthiness > 0.93);
    CHECK(quality.neighbours_kept > 0.2);
  }
}

TEST_CASE("quality of a picture in closed form") {
  const Clouds data = clouds(200, 1, 3, 0);
  const EmbeddingQuality same = embedding_quality(data.points, 3 * data.points, 5);
  CHECK(same.trustworthiness == 1);
  CHECK(same.neighbours_kept == 1);
  // a line folded in two: the picture of i has n - 1 - i beside it
  PointMatrix line(100, 1), folded(100, 1);
  for (int i = 0; i < 100; ++i) line(i, 0) = i, folded(i, 0) = (i < 50 ? i : 99 - i) + 0.001 * (i >= 50);
  const EmbeddingQuality fold = embedding_quality(line, folded, 2);
  CHECK(fold.neighbours_kept < 0.6);
  CHECK(fold.trustworthiness < 0.9);
  CHECK_THROWS_AS(embedding_quality(line, folded, 80), InputError);
}

TEST_CASE("communities are the clouds, and their modularity is its definition") {
  const Clouds data = clouds(600, 5, 10, 3);
  const NeighbourGraph graph = fuzzy_neighbour_graph(nearest_neighbours(data.points, 14));
  for (const bool by_leiden : {true, false}) {
    CommunityOptions options;
    options.resolution = 0.3;
    const Communities found = by_leiden ? leiden(graph, options) : louvain(graph, options);
    REQUIRE(found.size.size() == 5);
    for (int i = 5; i < 600; ++i) REQUIRE(found.of[static_cast<std::size_t>(i)] == found.of[static_cast<std::size_t>(i % 5)]);
    CHECK((by_leiden ? leiden(graph, options) : louvain(graph, options)).of == found.of);
    double inside = 0, all = 0;
    std::vector<double> strength(5, 0);
    for (int i = 0; i < 600; ++i)
      for (auto l = graph.start[static_cast<std::size_t>(i)]; l < graph.start[static_cast<std::size_t>(i) + 1]; ++l) {
        const double w = graph.weight[static_cast<std::size_t>(l)];
        all += w;
        strength[static_cast<std::size_t>(found.of[static_cast<std::size_t>(i)])] += w;
        if (found.of[static_cast<std::size_t>(i)] == found.of[static_cast<std::size_t>(graph.other[static_cast<std::size_t>(l)])]) inside += w;
      }
    double expected = inside / all;
    for (const double s : strength) expected -= 0.3 * s * s / (all * all);
    CHECK(found.modularity == Approx(expected));
  }
  CHECK(leiden(NeighbourGraph{{0, 0, 0}, {}, {}}).size == std::vector<int>{1, 1});      // no links
}

TEST_CASE("the adjusted Rand index in closed form") {
  CHECK(adjusted_rand_index({0, 0, 1, 1}, {5, 5, 2, 2}) == 1);
  CHECK(adjusted_rand_index({0, 0, 1, 1}, {0, 1, 0, 1}) == Approx(-0.5));
  CHECK(adjusted_rand_index({0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 2, 2}) == Approx(0.2424242424));      // by hand: (2 - 1.2) / (4.5 - 1.2)
}

TEST_CASE("adjusted mutual information as scikit-learn 1.9.1 gives it") {
  CHECK(adjusted_mutual_information({0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 2, 2}) == Approx(0.298792458171).epsilon(1e-10));
  CHECK(adjusted_mutual_information({0, 0, 1, 1}, {0, 1, 0, 1}) == Approx(-0.5).epsilon(1e-10));
  CHECK(adjusted_mutual_information({0, 1, 2, 0, 1, 2, 2, 1, 0, 0}, {1, 1, 0, 1, 1, 0, 2, 2, 1, 0}) == Approx(0.175143456243).epsilon(1e-10));
  CHECK(adjusted_mutual_information({0, 0, 0, 0}, {0, 1, 2, 3}) == Approx(0).margin(1e-12));
  CHECK(adjusted_mutual_information({3, 3, 1, 1}, {0, 0, 7, 7}) == Approx(1));
}
