// Which genes to measure so that the state of a linear system can be told: leading directions of what it does, and a greedy choice with a guarantee.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped::control {

// Dynamic sensor selection of Pickard et al. 2024 (arXiv 2405.09809): output energy of one trajectory, max over q of sum_t (q'x_t)^2, is solved by the leading
// eigenvectors of G = sum_t x_t x_t'; genes of large weight in them are the sensors. With time-invariant A: x_t = A^t x_0. With data-guided
// A_k the x_t are the measured means themselves (A_k x_k = x_{k+1}), so G holds the data and nothing of a model.
struct TrajectorySensors {
  Eigen::VectorXd energy;            // eigenvalues of G, falling [D]
  Eigen::MatrixXd directions;        // eigenvectors; the largest entry of each is positive [G x D]
  Eigen::VectorXd weight;            // of each gene: sum over directions of energy share x squared entry; sums to 1 [G]
};
// trajectory [G x T]; InputError if it is all zero. directions 0: all.
TrajectorySensors trajectory_sensors(const Eigen::MatrixXd& trajectory, int directions = 0);

// x0, A x0, ..., A^K x0 [S x (K + 1)].
Eigen::MatrixXd linear_trajectory(const Eigen::MatrixXd& a, const Eigen::VectorXd& start, int steps);

// Greedy choice of genes for f(S) = log det(I + sum over g in S of O_g / ridge), O_g = sum_{t <= K} (A^t)' c_g c_g' A^t, c_g [D] = row g of `rows`: information on the initial
// state, or prior and noise in ridge = noise variance / prior variance. f is monotone and submodular with f(none) = 0 (Summers, Cortesi & Lygeros 2016, IEEE Trans Control
// Netw Syst 3:91), so greedy has at least (1 - 1/e) of the best (Nemhauser et al. 1978); `at_most` is a bound on the best from the marginal gains, often much nearer.
struct GreedySensors {
  std::vector<int> chosen;           // in the order they were taken
  std::vector<double> value;         // f after each
  double at_most = 0;                // no choice of as many has more
};
GreedySensors greedy_sensors(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& a, int steps, int count, double ridge);
// f of any choice.
double sensor_value(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& a, int steps, const std::vector<int>& chosen, double ridge);

}  // namespace hyped::control
