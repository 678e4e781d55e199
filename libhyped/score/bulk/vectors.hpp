// How alike two profiles are: correlations, errors and shares of explained variance, each a number or the reason why there is none.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "libhyped/score/metric.hpp"

namespace hyped {

using Values = std::span<const double>;

inline MetricValue defined(double value) { return {value, ""}; }
inline MetricValue undefined(std::string because) { return {std::nullopt, std::move(because)}; }

// All take as many values of the truth as of the prediction, all finite. A vector counts as constant where its centred norm is at most 1e-12 of its norm.
double mean_squared_error(Values truth, Values predicted);
double mean_absolute_error(Values truth, Values predicted);
double euclidean_distance(Values truth, Values predicted);
MetricValue pearson(Values truth, Values predicted);             // undefined: fewer than two values, one of the two constant
MetricValue spearman(Values truth, Values predicted);            // Pearson of mid-ranks
MetricValue cosine(Values truth, Values predicted);              // undefined: one of the two is zero
MetricValue r_squared(Values truth, Values predicted);           // 1 - residual / centred sum of squares of the truth; may be negative
// Weights from 0, at least one above it; they are taken to sum 1. Source: Shift Bioscience, diversity_by_design.
MetricValue weighted_squared_error(Values truth, Values predicted, Values weights);
MetricValue weighted_r_squared(Values truth, Values predicted, Values weights);      // around the weighted mean of the truth, as scikit-learn

// Ranks from 1, ties share their mean.
std::vector<double> mid_ranks(Values values);
// Columns of the k largest |score|, ties by column; fewer if there are fewer that are not NaN.
std::vector<std::size_t> largest(Values scores, std::size_t k);

std::vector<double> picked(Values row, const std::vector<std::size_t>& at);      // row at these columns, in their order
inline int sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

// profile - reference; exactly zero everywhere if its norm is within rounding (1e-12) of theirs: no change is then told from a small one.
std::vector<double> change(Values profile, Values reference);
// Row by row [N x G].
ProfileMatrix changes(const ProfileMatrix& profiles, const ProfileMatrix& control);

// Mean of what is defined, and how many that is. No value at all: undefined.
struct MetricMean {
  MetricValue mean;
  std::size_t defined = 0, of = 0;
};
MetricMean mean_of_defined(const std::vector<MetricValue>& values);

}  // namespace hyped
