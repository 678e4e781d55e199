// The covariance of genes, formed or only applied, and its leading eigenpairs.
#include "libhyped/expression/embedding/principal_components.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "libhyped/expression/embedding/leading_eigenpairs.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int dense_solver_genes = 600;

// Sum over cells of x_g x_h, [G x G]. Each gene adds up the rows of its cells, in their order.
RowMajorMatrix sum_of_products(const SparseRows& cells, const SparseRows& genes) {
  RowMajorMatrix out = RowMajorMatrix::Zero(genes.rows, genes.rows);
  parallel_for(genes.rows, [&](int g) {
    double* sum = out.data() + static_cast<std::ptrdiff_t>(g) * genes.rows;
    const auto rows = genes.columns_of(g);
    const auto mine = genes.values_of(g);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto columns = cells.columns_of(rows[i]);
      const float* value = cells.values_of(rows[i]).data();
      const double x = mine[i];
      const std::int32_t* from = std::lower_bound(columns.data(), columns.data() + columns.size(), g);
      for (const std::int32_t* c = from; c != columns.data() + columns.size(); ++c) sum[*c] += x * value[c - columns.data()];
    }
  });
  for (Eigen::Index g = 0; g < genes.rows; ++g)
    for (Eigen::Index h = 0; h < g; ++h) out(g, h) = out(h, g);
  return out;
}

// rows of a sparse matrix times a block, minus `shift` [1 x b] in every row.
void times(const SparseRows& matrix, const RowMajorMatrix& block, const Eigen::RowVectorXd& shift, RowMajorMatrix& out) {
  constexpr int panel = 128;
  out.resize(matrix.rows, block.cols());
  parallel_for((matrix.rows + panel - 1) / panel, [&](int p) {
    for (int r = p * panel; r < std::min(matrix.rows, (p + 1) * panel); ++r) {
      const auto columns = matrix.columns_of(r);
      const auto values = matrix.values_of(r);
      out.row(r) = -shift;
      for (std::size_t i = 0; i < columns.size(); ++i) out.row(r) += static_cast<double>(values[i]) * block.row(columns[i]);
    }
  });
}

}  // namespace

Pca principal_components(const SparseRows& values, const PcaOptions& options) {
  const int n = values.rows, genes = values.columns, k = options.components;
  if (n < 2) throw InputError("principal components", "need at least 2 cells", "");
  if (k < 1 || k > std::min(n - 1, genes))
    throw InputError("principal components", fmt::format("{} were asked of {} cells and {} genes", k, n, genes), fmt::format("ask for 1 to {}", std::min(n - 1, genes)));
  const SparseRows by_gene = transposed(values);
  Pca out;
  out.mean.resize(genes);
  Eigen::VectorXd squares(genes);
  parallel_for(genes, [&](int g) {
    double sum = 0, square = 0;
    for (const float value : by_gene.values_of(g)) sum += value;
    out.mean[g] = sum / n;
    for (const float value : by_gene.values_of(g)) square += (value - out.mean[g]) * (value - out.mean[g]);
    squares[g] = square + (n - static_cast<double>(by_gene.values_of(g).size())) * out.mean[g] * out.mean[g];
  });
  const double total = squares.sum() / (n - 1);

  RowMajorMatrix covariance, vectors;
  if (genes <= options.dense_genes) {
    covariance = sum_of_products(values, by_gene);
    for (Eigen::Index g = 0; g < genes; ++g) covariance.row(g) = (covariance.row(g) - n * out.mean[g] * out.mean.transpose()) / (n - 1);
  }
  const EigenpairOptions wanted{.count = k, .block = 16, .most_products = options.most_products, .tolerance = options.tolerance, .seed = options.seed};
  if (genes <= dense_solver_genes || k + 2 * wanted.block > genes) {
    if (covariance.size() == 0) throw InputError("principal components", fmt::format("{} of {} genes are too many", k, genes), fmt::format("ask for at most {}", genes - 2 * wanted.block));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    out.variance = solver.eigenvalues().tail(k).reverse();
    vectors = solver.eigenvectors().rightCols(k).rowwise().reverse();
  } else {
    RowMajorMatrix cells;
    const ApplyBlock apply = covariance.size() > 0 ? ApplyBlock([&](const RowMajorMatrix& in, RowMajorMatrix& image) {
      constexpr int panel = 64;
      parallel_for((genes + panel - 1) / panel, [&](int p) {
        const Eigen::Index from = p * panel, count = std::min<Eigen::Index>(panel, genes - from);
        image.middleRows(from, count).noalias() = covariance.middleRows(from, count) * in;
      });
    })
                                                   : ApplyBlock([&](const RowMajorMatrix& in, RowMajorMatrix& image) {
      times(values, in, out.mean.transpose() * in, cells);
      const Eigen::RowVectorXd sums = cells.colwise().sum();      // 0 but for rounding
      times(by_gene, cells, Eigen::RowVectorXd::Zero(in.cols()), image);
      image = (image - out.mean * sums) / (n - 1);
    });
    LeadingEigenpairs pairs = leading_eigenpairs(genes, apply, wanted);
    out.variance = pairs.value;
    vectors = std::move(pairs.vector);
    out.residual = pairs.residual;
    out.products = pairs.products;
    out.outcome = pairs.outcome;
  }
  out.variance = out.variance.cwiseMax(0);
  for (Eigen::Index c = 0; c < k; ++c) {
    Eigen::Index at = 0;
    vectors.col(c).cwiseAbs().maxCoeff(&at);
    if (vectors(at, c) < 0) vectors.col(c) *= -1;
  }
  RowMajorMatrix scores;
  times(values, vectors, out.mean.transpose() * vectors, scores);
  out.scores = scores;
  out.loadings = vectors;
  out.variance_share = total > 0 ? Eigen::VectorXd(out.variance / total) : Eigen::VectorXd::Zero(k);
  out.least_gap = 1;
  for (Eigen::Index c = 1; c < k; ++c) out.least_gap = std::min(out.least_gap, out.variance[0] > 0 ? (out.variance[c - 1] - out.variance[c]) / out.variance[0] : 0);
  return out;
}

}  // namespace hyped
