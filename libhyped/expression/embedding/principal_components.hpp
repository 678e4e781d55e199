// Principal components of cells x genes without centring the zeros away: block Lanczos, converged to a stated residual.
#pragma once
#include <Eigen/Core>
#include <cstdint>

#include "libhyped/errors.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct PcaOptions {
  int components = 50;
  std::uint64_t seed = 1;            // of the first block; the result depends on it below the tolerance only
  double tolerance = 1e-12;          // residual |C v - lambda v| of every component, as a share of the largest lambda
  int most_products = 20000;         // of the covariance with a vector
  int dense_genes = 5000;            // up to here the covariance is formed, above only applied
};

struct Pca {
  Eigen::MatrixXd scores;            // [N x K] of centred cells
  Eigen::MatrixXd loadings;          // [G x K] orthonormal; the largest one of each component in size is positive
  Eigen::VectorXd variance;          // [K] falling; cells - 1 in the denominator
  Eigen::VectorXd variance_share;    // [K] of the variance of all genes
  Eigen::VectorXd mean;              // [G]
  double residual = 0;               // the largest, as `tolerance` counts it
  double least_gap = 0;              // smallest relative distance of neighbouring variances: below 1e-6 two components are one plane
  int products = 0;
  Outcome outcome;                   // not_converged: what there is stands
};

// Thick-restart block Lanczos with full reorthogonalisation and residuals of the computed pairs (Wu and Simon 2000, SIAM J. Matrix Anal.
// Appl. 22, 602; Saad 2011, "Numerical methods for large eigenvalue problems", ch. 6). Up to 600 genes: dense eigensolver.
// InputError for fewer than 2 cells, or more components than min(cells - 1, genes).
Pca principal_components(const SparseRows& values, const PcaOptions& options = {});

}  // namespace hyped
