// Losses of a network against single cells: counts, moments, whole distributions; each plugs in as a SampleLoss.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/simulate/batch_ode.hpp"

namespace hyped {

// Counts of cells of several groups; group b is column b of the simulated batch.
struct CellCounts {
  Eigen::MatrixXd counts;              // whole numbers [G x N]
  std::vector<int> column;             // of each cell [N]
  Eigen::VectorXd size;                // size factor of each cell, about 1 [N]
  Eigen::VectorXd capture;             // counts per unit of level in a cell of size 1: capture efficiency and unit together [G]
  Eigen::VectorXd dispersion;          // of each gene; 0: Poisson [G]
};

// -log likelihood: counts ~ NB(mean = capture_g size_n level_gb, variance mean + dispersion_g mean^2), with derivatives by level (level_bar
// [G x B], added) and by dispersion ([G], added; may be null). Levels that are not positive give an infinite loss. Constants included.
double negative_binomial_loss(const CellCounts& cells, const Eigen::MatrixXd& level, BatchMatrix level_bar, Eigen::VectorXd* by_dispersion = nullptr);
// Most likely dispersion of each gene at these levels, by bisection on its logarithm within [1e-6, 1e3].
Eigen::VectorXd fitted_dispersion(const CellCounts& cells, const Eigen::MatrixXd& level);

// Means and covariance of measured cells with their standard errors (entries that are not finite are not used).
struct CellMoments {
  Eigen::VectorXd mean, mean_se;                 // [S]
  Eigen::MatrixXd covariance, covariance_se;     // [S x S]; the lower triangle and diagonal count
  std::string words;                             // how many moments have no standard error, NaN, and are not used; empty: none
};
// Of cells [N x S]; errors of the covariance from fourth moments, NaN for genes that do not vary and where the fourth moments leave no
// variance (two values, half of the cells each). InputError for fewer than three cells.
CellMoments moments_of(const Eigen::MatrixXd& cells);
// Half the sum of squared differences over standard errors, between moments of the batch's columns (cells of one group) and the measured.
double moment_loss(const CellMoments& measured, const Eigen::MatrixXd& state, BatchMatrix state_bar);

enum class CloudDistance { energy, sliced_wasserstein };
struct CloudOptions {
  CloudDistance distance = CloudDistance::sliced_wasserstein;
  int directions = 64;                 // of slicing
  std::uint64_t seed = 1;
};
// Distance between the batch's columns and measured cells [N x S], both scaled by the measured standard deviation of each gene.
class CloudLoss {
 public:
  CloudLoss(Eigen::MatrixXd cells, CloudOptions options = {});
  double operator()(const Eigen::MatrixXd& state, BatchMatrix state_bar) const;

 private:
  Eigen::MatrixXd cells_, directions_;
  Eigen::RowVectorXd scale_;
  CloudOptions options_;
};

// As SampleLoss: `sample` says at which sample time; others cost nothing.
SampleLoss counts_at(int sample, CellCounts cells);
SampleLoss moments_at(int sample, CellMoments measured);
SampleLoss cloud_at(int sample, Eigen::MatrixXd cells, CloudOptions options = {});

}  // namespace hyped
