// Group means from cells, and their bootstrap over cells or over wells.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// Cells of one group: counts of the fitted genes, the size of each cell (counts of genes outside), the well it came from.
struct GroupCells {
  std::string name;
  Eigen::MatrixXd counts;              // [N x S]
  Eigen::VectorXd size;                // [N]
  std::vector<int> well;               // [N]; empty: one well
};

// Ratio of sums, counts over sizes, with standard errors from the residuals counts - ratio * size; over wells if `by_wells`: then each
// well is one observation. `weights` [units] of mean and residuals alike; empty: 1. Source: Cochran 1977, Sampling Techniques, ch. 6.
// InputError for fewer than two units with a weight, or no counts outside.
struct RatioMeans {
  Eigen::VectorXd mean, standard_error;      // [S]
  int units = 0;
};
RatioMeans ratio_means(const GroupCells& cells, const std::vector<double>& weights = {}, bool by_wells = false);

enum class ResampledUnit { cells, wells };
struct CellBootstrapOptions {
  ResampledUnit unit = ResampledUnit::cells;
  int replicates = 200;
  std::uint64_t seed = 1;
  double level = 0.95;
};

// Refits to resampled means: `refit` gets the means of every group [groups] of [S] and returns the numbers of interest [F].
using RefitToMeans = std::function<Outcome(const std::vector<Eigen::VectorXd>& means, Eigen::VectorXd& numbers)>;
struct CellBootstrap {
  Eigen::MatrixXd numbers;             // refits that worked [R x F]
  Eigen::VectorXd sd, lower, upper;    // percentiles, as far from the median again as few units ask for [F]
  int failures = 0;
  std::string failure;                 // the first one
  Outcome outcome;                     // not_converged when more than a tenth failed
};
// Units drawn with replacement within each group; wells n - 1 of n (Rao & Wu 1988). Percentiles behave as normal quantiles of a known
// spread: their distance from the median is multiplied by t / z of 2 (n - 1) degrees of freedom, n the fewest units of a group and 2 as an effect is a
// difference of two, and over cells by sqrt(n / (n - 1)) (Hesterberg 2015, Am Stat 69:371). InputError for a group with one well where wells are
// asked for: nothing is known of their spread. Stream (seed, replicate): the same for any number of threads.
CellBootstrap bootstrap_groups(const std::vector<GroupCells>& groups, const RefitToMeans& refit, const CellBootstrapOptions& options = {});

}  // namespace hyped
