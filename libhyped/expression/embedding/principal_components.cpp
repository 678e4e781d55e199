// The covariance of genes, formed or only applied, and its leading eigenpairs.
#include "libhyped/expression/embedding/principal_components.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "libhyped/expression/embedding/leading_eigenpairs.hpp"
#include "libhyped/expression/preparation/gene_moments.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int dense_solver_genes = 600;
constexpr int block_width = 16;      // two registers of eight doubles

// Sum over cells of x_g x_h, [G x G]. A job is a tile of genes whose sums stay in the cache while the cells pass by in their order, so every
// sum is the same whatever the threads do.
RowMajorMatrix sum_of_products(const SparseRows& cells) {
  constexpr int tile = 32;
  const int genes = cells.columns, tiles = (genes + tile - 1) / tile;
  std::vector<std::uint32_t> begin(static_cast<std::size_t>(tiles + 1) * static_cast<std::size_t>(cells.rows));      // [T + 1 x N] where a tile's genes begin within a cell
  parallel_for((cells.rows + 255) / 256, [&](int block) {
    for (int r = block * 256; r < std::min(cells.rows, (block + 1) * 256); ++r) {
      const auto columns = cells.columns_of(r);
      std::uint32_t at = 0;
      for (int t = 0; t <= tiles; ++t) {
        while (at < columns.size() && columns[at] < t * tile) ++at;
        begin[static_cast<std::size_t>(t) * static_cast<std::size_t>(cells.rows) + static_cast<std::size_t>(r)] = at;
      }
    }
  });
  RowMajorMatrix out(genes, genes);
  parallel_for(tiles, [&](int t) {
    const std::uint32_t* first = begin.data() + static_cast<std::size_t>(t) * static_cast<std::size_t>(cells.rows);
    const std::uint32_t* last = first + cells.rows;
    out.middleRows(t * tile, std::min(tile, genes - t * tile)).setZero();
    for (int r = 0; r < cells.rows; ++r) {
      const std::int32_t* column = cells.columns_of(r).data();
      const float* value = cells.values_of(r).data();
      const auto count = static_cast<std::uint32_t>(cells.columns_of(r).size());
      for (std::uint32_t i = first[r]; i < last[r]; ++i) {
        double* sum = out.data() + static_cast<std::ptrdiff_t>(column[i]) * genes;
        const double x = value[i];
        for (std::uint32_t j = i; j < count; ++j) sum[column[j]] += x * static_cast<double>(value[j]);
      }
    }
  });
  for (Eigen::Index g = 0; g < genes; ++g)
    for (Eigen::Index h = 0; h < g; ++h) out(g, h) = out(h, g);      // tiles fill from the diagonal on
  return out;
}

// image = symmetric [G x G] times a block of `width` vectors: eight rows at a time, whose sums stay in registers.
template <int width>
void times_symmetric(const RowMajorMatrix& symmetric, const RowMajorMatrix& in, RowMajorMatrix& image) {
  constexpr int rows = 8;
  using Sums = Eigen::Array<double, 1, width>;
  const Eigen::Index n = symmetric.rows();
  parallel_for(static_cast<int>((n + rows * 8 - 1) / (rows * 8)), [&](int p) {
    for (Eigen::Index from = p * rows * 8; from < std::min<Eigen::Index>(n, (p + 1) * rows * 8); from += rows) {
      const Eigen::Index count = std::min<Eigen::Index>(rows, n - from);
      const double* row[rows];
      for (int r = 0; r < rows; ++r) row[r] = symmetric.data() + (from + std::min<Eigen::Index>(r, count - 1)) * n;
      Sums sum[rows];
      for (auto& one : sum) one.setZero();
      for (Eigen::Index j = 0; j < n; ++j) {
        const Sums x = Eigen::Map<const Sums>(in.data() + j * width);
        for (int r = 0; r < rows; ++r) sum[r] += row[r][j] * x;
      }
      for (Eigen::Index r = 0; r < count; ++r) Eigen::Map<Sums>(image.data() + (from + r) * width) = sum[r];
    }
  });
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
  Pca out;
  out.mean = gene_sums<1>(values, {}, [](int, double value, double* to) { *to += value; }).transpose() / n;
  RowMajorMatrix covariance, vectors;
  SparseRows by_gene;
  double total = 0;
  if (genes <= options.dense_genes) {
    covariance = sum_of_products(values);
    for (Eigen::Index g = 0; g < genes; ++g) covariance.row(g) = (covariance.row(g) - n * out.mean[g] * out.mean.transpose()) / (n - 1);
    total = covariance.trace();
  } else {
    by_gene = transposed(values);
    const Eigen::MatrixXd squares = gene_sums<2>(values, {}, [&](int gene, double value, double* to) { to[0] += (value - out.mean[gene]) * (value - out.mean[gene]), to[1] += 1; });
    total = (squares.row(0).transpose() + (n - squares.row(1).transpose().array()).matrix().cwiseProduct(out.mean.cwiseAbs2())).sum() / (n - 1);
  }
  const EigenpairOptions wanted{.count = k, .block = block_width, .most_products = options.most_products, .tolerance = options.tolerance, .seed = options.seed};
  if (genes <= dense_solver_genes || k + 2 * wanted.block > genes) {
    if (covariance.size() == 0) throw InputError("principal components", fmt::format("{} of {} genes are too many", k, genes), fmt::format("ask for at most {}", genes - 2 * wanted.block));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    out.variance = solver.eigenvalues().tail(k).reverse();
    vectors = solver.eigenvectors().rightCols(k).rowwise().reverse();
  } else {
    RowMajorMatrix cells;
    const ApplyBlock apply = covariance.size() > 0 ? ApplyBlock([&](const RowMajorMatrix& in, RowMajorMatrix& image) {
      times_symmetric<block_width>(covariance, in, image);
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
