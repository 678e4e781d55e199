// Thick-restart block Lanczos: the basis is kept orthonormal to rounding, pairs are judged by their own residuals.
#include "libhyped/expression/embedding/leading_eigenpairs.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <vector>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr Eigen::Index panel = 512;      // rows

// Calls body(from, rows) for fixed panels; little work is not worth waking threads for.
template <class Body>
void each_panel(Eigen::Index rows, Eigen::Index columns_and_columns, const Body& body) {
  const int panels = static_cast<int>((rows + panel - 1) / panel);
  const auto one = [&](int p) { body(p, p * panel, std::min(panel, rows - p * panel)); };
  if (rows * columns_and_columns > (1 << 23)) parallel_for(panels, one);
  else
    for (int p = 0; p < panels; ++p) one(p);
}

// a [n x p]^T b [n x q], rows in fixed panels whose parts are added in order.
Eigen::MatrixXd inner(const Eigen::Ref<const RowMajorMatrix>& a, const Eigen::Ref<const RowMajorMatrix>& b) {
  std::vector<Eigen::MatrixXd> part(static_cast<std::size_t>((a.rows() + panel - 1) / panel));
  each_panel(a.rows(), a.cols() * b.cols(), [&](int p, Eigen::Index from, Eigen::Index count) { part[static_cast<std::size_t>(p)].noalias() = a.middleRows(from, count).transpose() * b.middleRows(from, count); });
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(a.cols(), b.cols());
  for (const auto& one : part) sum += one;
  return sum;
}

// to (+)= sign * a [n x p] m [p x q]
void add_product(Eigen::Ref<RowMajorMatrix> to, const Eigen::Ref<const RowMajorMatrix>& a, const Eigen::MatrixXd& m, double sign) {
  each_panel(a.rows(), m.size(), [&](int, Eigen::Index from, Eigen::Index count) { to.middleRows(from, count).noalias() += sign * (a.middleRows(from, count) * m); });
}

struct Basis {
  RowMajorMatrix q, aq;      // [n x room]
  int used = 0;
  RandomStream random;

  // Orthonormalises the block against the basis and within itself, column by column, twice; a column with nothing left becomes random.
  void append(RowMajorMatrix& block, const ApplyBlock& apply) {
    const Eigen::Index n = block.rows(), b = block.cols();
    for (int pass = 0; pass < 2; ++pass) {
      if (used > 0) add_product(block, q.leftCols(used), inner(q.leftCols(used), block), -1);
      for (Eigen::Index c = 0; c < b; ++c) {
        const double before = block.col(c).norm();
        for (int again = 0; again < 2 && c > 0; ++again) {
          const Eigen::VectorXd along = block.leftCols(c).transpose() * block.col(c);
          block.col(c) -= block.leftCols(c) * along;
        }
        double left = block.col(c).norm();
        if (!(left > 1e-13 * before) || before == 0) {      // nothing new in this direction
          for (Eigen::Index i = 0; i < n; ++i) block(i, c) = random.normal();
          for (int again = 0; again < 2; ++again) {
            if (used > 0) block.col(c) -= q.leftCols(used) * (q.leftCols(used).transpose() * block.col(c)).eval();
            if (c > 0) block.col(c) -= block.leftCols(c) * (block.leftCols(c).transpose() * block.col(c)).eval();
          }
          left = block.col(c).norm();
        }
        block.col(c) /= left;
      }
    }
    RowMajorMatrix image(n, b);
    apply(block, image);
    q.middleCols(used, b) = block;
    aq.middleCols(used, b) = image;
    used += static_cast<int>(b);
    block = image;
  }
};

}  // namespace

LeadingEigenpairs leading_eigenpairs(int n, const ApplyBlock& apply, const EigenpairOptions& options) {
  const int k = options.count, b = options.block, kept = k + 5 * b / 2, room = std::min(n, kept + 8 * b);      // found by trial: fewest products times their cost
  HYPED_REQUIRE(k > 0 && b > 0 && k + 2 * b <= n);
  Basis basis{RowMajorMatrix(n, room), RowMajorMatrix(n, room), 0, RandomStream(options.seed, 0, 0)};
  RowMajorMatrix block(n, b);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index c = 0; c < b; ++c) block(i, c) = basis.random.normal();
  LeadingEigenpairs out;
  for (;;) {
    while (basis.used + b <= room) {
      basis.append(block, apply);
      out.products += b;
    }
    const int m = basis.used;
    const Eigen::MatrixXd projected = inner(basis.q.leftCols(m), basis.aq.leftCols(m));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(0.5 * (projected + projected.transpose()));
    const int keep = std::min(kept, m - b);
    const Eigen::MatrixXd turn = solver.eigenvectors().rightCols(keep).rowwise().reverse();
    const Eigen::VectorXd value = solver.eigenvalues().tail(keep).reverse();
    const double largest = solver.eigenvalues().cwiseAbs().maxCoeff();
    RowMajorMatrix q = RowMajorMatrix::Zero(n, keep), aq = RowMajorMatrix::Zero(n, keep);
    add_product(q, basis.q.leftCols(m), turn, 1);
    add_product(aq, basis.aq.leftCols(m), turn, 1);
    const RowMajorMatrix residual = aq.leftCols(k) - q.leftCols(k) * value.head(k).asDiagonal();
    const Eigen::VectorXd size = residual.colwise().norm().transpose();
    out.residual = largest > 0 ? size.maxCoeff() / largest : 0;
    out.value = value.head(k);
    out.vector = q.leftCols(k);
    if (out.residual <= options.tolerance) return out;
    if (out.products >= options.most_products) {
      out.outcome = {Status::not_converged, fmt::format("residual {:.2g} of the largest eigenvalue after {} products, asked {:.2g}", out.residual, out.products, options.tolerance)};
      return out;
    }
    // go on from the first pairs that are not there yet
    std::vector<int> open;
    for (int i = 0; i < k; ++i)
      if (size[i] > options.tolerance * largest) open.push_back(i);
    block.setZero();
    for (int c = 0; c < b && c < static_cast<int>(open.size()); ++c) block.col(c) = residual.col(open[static_cast<std::size_t>(c)]) / size[open[static_cast<std::size_t>(c)]];
    basis.q.leftCols(keep) = q;
    basis.aq.leftCols(keep) = aq;
    basis.used = keep;
  }
}

}  // namespace hyped
