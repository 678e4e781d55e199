// Wasserstein-2 distance in one dimension, and its mean over directions for clouds of cells, with the gradient by the first cloud.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>

namespace hyped {

// Squared W2 between two samples on a line: the integral of (F^-1 - G^-1)^2, exact for any sizes. by_x [N], if not empty, gets the derivative.
double wasserstein2_squared(std::span<const double> x, std::span<const double> y, std::span<double> by_x = {});

// Unit directions [D x L], uniform on the sphere, from stream (seed, l).
Eigen::MatrixXd slicing_directions(int dimension, int count, std::uint64_t seed);

// Mean over directions of the squared W2 between projections. x [N x D], y [M x D], directions [D x L]; by_x as above. Parallel, the same
// bytes for any number of threads. Source: Rabin et al. 2012, SSVM, LNCS 6667:435; Bonneel et al. 2015, J Math Imaging Vis 51:22.
double sliced_wasserstein2_squared(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const Eigen::MatrixXd& directions, Eigen::MatrixXd* by_x = nullptr);

}  // namespace hyped
