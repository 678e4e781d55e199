// The eigenvalue of a matrix with the largest real part.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <optional>

namespace hyped {

// With a non-negative imaginary part. All eigenvalues up to 400 rows; above, Arnoldi's method with restarts to a residual of 1e-9 of
// the matrix, and all eigenvalues if it does not get there. Empty where the matrix is not finite or the iteration fails.
// Source: Saad 2011, Numerical Methods for Large Eigenvalue Problems, 6.2 and 6.4.
std::optional<std::complex<double>> leading_eigenvalue(const Eigen::MatrixXd& matrix);

}  // namespace hyped
