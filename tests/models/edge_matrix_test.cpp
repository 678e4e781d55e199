// Dense products of edge matrices against plain ones, for every way they are made (alone, by lanes, in blocks), and by threads.
#include "models/gene_network/edge_matrix.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;
using namespace hyped::models;

TEST_CASE("dense edges: products and their adjoints for any number of columns, the same bytes for any number of threads") {
  RandomStream random(8, 1, 2);
  const auto drawn = [&](int rows, int columns) {
    Eigen::MatrixXd out(rows, columns);
    for (double& entry : out.reshaped()) entry = 2 * random.uniform() - 1;
    return out;
  };
  for (const int genes : {7, 130, 500})      // one block, several, and enough work for threads
    for (const int columns : {1, 5, 8, 13, 32, 40, 64, 70}) {
      const Eigen::MatrixXd weights = drawn(genes, genes), levels = drawn(genes, columns), bar = drawn(genes, columns);
      const EdgeMatrix edges(weights);
      const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = weights;
      const std::vector<double> p(rows.data(), rows.data() + rows.size());
      EdgeMatrix::Room room;
      edges.place(p.data(), room);
      Eigen::MatrixXd first_out, first_back;
      for (const int threads : {1, 4}) {
        set_threads(threads);
        Eigen::MatrixXd out(genes, columns), back = Eigen::MatrixXd::Ones(genes, columns);
        std::vector<double> p_bar(p.size(), 0.5);
        edges.multiply(levels, out, room);
        edges.pull_back(bar, levels, back, p_bar.data(), room);
        INFO(genes << " genes, " << columns << " columns, " << threads << " threads");
        // sums of so many products of numbers up to 1, in another order
        CHECK((out - weights * levels).cwiseAbs().maxCoeff() < 1e-15 * 10 * genes);
        CHECK((back - Eigen::MatrixXd::Ones(genes, columns) - weights.transpose() * bar).cwiseAbs().maxCoeff() < 1e-15 * 10 * genes);
        CHECK(p_bar[static_cast<std::size_t>(genes)] == Approx(0.5 + bar.row(1).dot(levels.row(0))).epsilon(1e-12));
        if (threads == 1) first_out = out, first_back = back;
        CHECK(out == first_out);
        CHECK(back == first_back);
      }
      set_threads(0);
    }
}
