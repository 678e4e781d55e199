// Does a predicted mean lie where the true cells are: quantile ranges and standard deviations of cells (GEARS).
#pragma once
#include <span>
#include <vector>

#include "libhyped/score/metric.hpp"

namespace hyped {

struct CellRangeScores {
  MetricValue in_range, in_25_75, in_40_60, in_45_55;      // share of genes; quantiles interpolate linearly, as NumPy's
  MetricValue mean_sigma, sigma_below_1, sigma_below_2;    // |prediction - mean| / sd of cells (with n), over genes that vary
};
// cells[k]: all true cells' values of gene k, zeros among them; predicted[k]: the predicted mean of that gene. Genes that are zero in every cell are not
// counted in the ranges (GEARS, inference.py). Undefined: no gene, no cell, no gene that varies.
CellRangeScores cell_range_scores(std::span<const std::vector<double>> cells, std::span<const double> predicted);

}  // namespace hyped
