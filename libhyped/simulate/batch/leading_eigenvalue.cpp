// Dense or by Arnoldi's method.
#include "libhyped/simulate/batch/leading_eigenvalue.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>

namespace hyped {
namespace {

Eigen::Index rightmost(const Eigen::VectorXcd& values) {
  Eigen::Index best = 0;
  for (Eigen::Index i = 1; i < values.size(); ++i)
    if (values[i].real() > values[best].real()) best = i;
  return best;
}

std::complex<double> upper(std::complex<double> value) { return {value.real(), std::abs(value.imag())}; }

std::optional<std::complex<double>> by_all(const Eigen::MatrixXd& matrix) {
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(matrix, false);
  if (solver.info() != Eigen::Success) return std::nullopt;
  return upper(solver.eigenvalues()[rightmost(solver.eigenvalues())]);
}

std::optional<std::complex<double>> by_arnoldi(const Eigen::MatrixXd& matrix) {
  const Eigen::Index n = matrix.rows(), m = 120;
  const double scale = matrix.norm() / std::sqrt(static_cast<double>(n));
  Eigen::MatrixXd basis(n, m + 1), h = Eigen::MatrixXd::Zero(m + 1, m);
  Eigen::VectorXd start(n);
  for (Eigen::Index i = 0; i < n; ++i) start[i] = 1 + 0.5 * std::sin(1.7 * static_cast<double>(i));      // no symmetry of the network
  for (int restart = 0; restart < 30; ++restart) {
    basis.col(0) = start.normalized();
    h.setZero();
    Eigen::Index size = m;
    for (Eigen::Index j = 0; j < m; ++j) {
      Eigen::VectorXd w = matrix * basis.col(j);
      for (int twice = 0; twice < 2; ++twice) {      // orthogonal to rounding
        const Eigen::VectorXd c = basis.leftCols(j + 1).transpose() * w;
        w -= basis.leftCols(j + 1) * c;
        h.col(j).head(j + 1) += c;
      }
      h(j + 1, j) = w.norm();
      if (h(j + 1, j) <= 1e-14 * scale) {
        size = j + 1;
        break;
      }
      basis.col(j + 1) = w / h(j + 1, j);
    }
    const Eigen::EigenSolver<Eigen::MatrixXd> solver(h.topLeftCorner(size, size));
    if (solver.info() != Eigen::Success) return std::nullopt;
    const Eigen::Index best = rightmost(solver.eigenvalues());
    const Eigen::VectorXcd vector = solver.eigenvectors().col(best);
    const double residual = size < m ? 0 : h(m, m - 1) * std::abs(vector[m - 1]);
    if (residual <= 1e-9 * scale) return upper(solver.eigenvalues()[best]);
    // Restart with the few rightmost Ritz vectors: the span of one alone loses its neighbours.
    Eigen::VectorXcd values = solver.eigenvalues();
    Eigen::VectorXcd sum = Eigen::VectorXcd::Zero(size);
    for (int k = 0; k < 8 && k < size; ++k) {
      const Eigen::Index i = rightmost(values);
      sum += solver.eigenvectors().col(i);
      values[i] = -1e300;
    }
    start = basis.leftCols(size) * (sum.real() + sum.imag());
  }
  return by_all(matrix);
}

}  // namespace

std::optional<std::complex<double>> leading_eigenvalue(const Eigen::MatrixXd& matrix) {
  if (matrix.size() == 0 || !matrix.allFinite()) return std::nullopt;
  return matrix.rows() <= 400 ? by_all(matrix) : by_arnoldi(matrix);
}

}  // namespace hyped
