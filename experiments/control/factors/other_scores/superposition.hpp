// Measured responses added up: which few of them bring the start nearest to the target, in the coordinates that tell cell states apart.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {

enum class SuperpositionAmounts { on_off, nonnegative };

struct SuperpositionSet {
  std::vector<int> responses;        // ascending
  std::vector<double> amounts;       // 1 each, or >= 0
  double distance = 0;               // left
};
struct Superposition {
  double distance = 0;               // without any response
  std::vector<SuperpositionSet> best;         // by rising distance, `listed` of all sets of up to `most`
  std::vector<double> alone;         // distance after each response alone, amount 1 or the best one [P]
  SuperpositionSet all;              // nonnegative: the best amounts of all responses at once; empty for on_off
  Outcome outcome;
};

// The leading directions of reference states [G x S] about their mean, each divided by its standard deviation over them to the power `whiten` (0: distances as they
// are; 1: every direction counts the same) -> [G x D]. rank 0: by the optimal hard threshold. InputError where nothing varies.
Eigen::MatrixXd state_metric(const Eigen::MatrixXd& states, int rank, double whiten = 0);

// min over sets |metric'(start + sum a_p response_p - target)|, after Wytock & Motter 2024, PNAS 121:e2312942121. What differs: they learn metric and
// classifier from thousands of public profiles (principal components of correlations, nearest neighbours of labelled cell types) and stop
// when the nearest neighbours are of the target's type; here the metric comes from the states given, and distance is what is minimised.
// responses [G x P]: log2 changes; metric [G x D], none: all genes. Sets of up to `most` (at most 3) of the `pool` best alone (0: of all).
struct SuperpositionOptions {
  SuperpositionAmounts amounts = SuperpositionAmounts::on_off;
  int most = 3, pool = 100, listed = 20;
};
Superposition superpose(const Eigen::VectorXd& start, const Eigen::VectorXd& target, const Eigen::MatrixXd& responses, const Eigen::MatrixXd& metric, const SuperpositionOptions& options = {});

}  // namespace hyped::control
