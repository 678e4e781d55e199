// Optimal transport between clouds with entropic smoothing, debiased: zero between a cloud and itself.
#pragma once
#include <Eigen/Core>

#include "libhyped/distance/energy.hpp"
#include "libhyped/errors.hpp"

namespace hyped {

struct SinkhornOptions {
  PairDistance cost = PairDistance::squared_euclidean;
  double relative_epsilon = 0.05;      // of the median cost between the two clouds
  double epsilon = 0;                  // in the unit of the cost; above 0 it counts instead: to compare divergences of many clouds take one for all
  double tolerance = 1e-8;             // of the residual
  int most_iterations = 5000;
};

// S = OT(x, y) - OT(x, x) / 2 - OT(y, y) / 2 with OT = min over plans P of sum P cost + epsilon KL(P | uniform x uniform).
// Sources: Cuturi 2013, NIPS; Genevay, Peyre & Cuturi 2018, AISTATS; Feydy et al. 2019, AISTATS.
struct SinkhornDivergence {
  double divergence = 0, se = 0;       // se of cells drawn anew, by the linear part (Goldfeld et al. 2024, Electron J Stat 18:980); too small near S = 0
  double between = 0, within_x = 0, within_y = 0;      // the three OT
  double epsilon = 0, median_cost = 0;
  double residual = 0;                 // largest of the three problems: sum of |marginal - asked one|, which is 2 at most
  int iterations = 0;                  // most of the three
  Eigen::VectorXd influence_x, influence_y;            // [N], [M] mean 0
  Outcome outcome;                     // not_converged: the values stand with their residual, and are not the divergence
};
// x [N x D], y [M x D]. In the log domain: no under- or overflow for any epsilon. Memory 16 bytes for each pair of all three problems, time
// iterations x pairs. InputError: clouds of different width, more than 2e8 pairs, NaN, all cells of both clouds coincide (the median cost is 0).
SinkhornDivergence sinkhorn_divergence(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const SinkhornOptions& options = {});

}  // namespace hyped
