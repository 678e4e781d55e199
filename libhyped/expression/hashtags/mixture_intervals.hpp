// Intervals, identifiability and checks of a fitted hashtag mixture.
#pragma once
#include <Eigen/Core>
#include <utility>
#include <vector>

#include "libhyped/expression/hashtags/demultiplex.hpp"

namespace hyped {

// Which coordinates of theta (see curvature) the data can move: dispersions away from their bounds, classes that hold cells.
struct FreeParameters {
  std::vector<int> classes;            // with log-odds against `reference`, the largest class
  int reference = 0, size = 0;         // size of theta
  std::vector<int> kept;               // coordinates of theta that are free
  Eigen::VectorXd chosen(const Eigen::VectorXd& theta) const;
  Eigen::MatrixXd chosen(const Eigen::MatrixXd& matrix) const;
  Eigen::VectorXd spread(const Eigen::VectorXd& free) const;      // back, 0 elsewhere
};
FreeParameters free_parameters(const HashtagMixture& mixture, const ReadPatterns& data, double least_dispersion, double greatest_dispersion);

// Wald intervals on the log scale (shares: log-odds) from the exact Hessian; limits of shares that are 0 from the likelihood. Fills parameters,
// doublets, covariance; sets the outcome where the Hessian is not negative definite.
void add_intervals(Demultiplexed& fit, const ReadPatterns& data, const FreeParameters& free, std::pair<double, double> dispersion_bounds);
// Each hashtag's distribution over all cells, and products of two hashtags, against the model's.
void add_checks(Demultiplexed& fit, const ReadPatterns& data);

}  // namespace hyped
