// How good each cell and gene is: totals, detected genes, shares of the top genes and of masks, and cut-offs by median and MAD.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "libhyped/expression/preparation/gene_masks.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// As scanpy's calculate_qc_metrics. A share of a cell without counts is NaN.
struct CellQuality {
  Eigen::VectorXd total_counts;                // [N]
  Eigen::VectorXi genes_by_counts;             // [N] genes with a count
  std::vector<int> top;                        // 50, 100, ...
  Eigen::MatrixXd pct_in_top;                  // [N x top] per cent of a cell's counts in its top genes
  std::vector<std::string> masks;
  Eigen::MatrixXd total_in_mask, pct_in_mask;  // [N x masks]
};
CellQuality cell_quality(const SparseRows& counts, std::span<const GeneMask> masks, std::vector<int> top = {50, 100, 200, 500});

struct GeneQuality {
  Eigen::VectorXi cells_by_counts;             // [G] cells with a count
  Eigen::VectorXd mean_counts, pct_dropout, total_counts;      // [G]; dropout: per cent of cells without a count
};
GeneQuality gene_quality(const SparseRows& counts);

// Median and median absolute deviation from it, not scaled by 1.4826 (the convention of scipy.stats.median_abs_deviation and of
// the best-practices book of single cells, whose is_outlier this is). NaN values take no part. Empty input: both NaN.
struct MedianMad {
  double median = 0, mad = 0;
};
MedianMad median_mad(std::span<const double> values);
// Of a copy that is reordered; the mean of the two middle ones of an even number.
double median_of(std::vector<double> values);

struct QualityRules {
  double mads = 5;               // of log1p counts, log1p genes and the share of the top genes, both sides
  int top = 50;                  // whose share
  double mads_mt = 5;            // of the mitochondrial share, upper side
  double max_pct_mt = 100;       // and an absolute bound, per cent; 100: none
  double min_counts = 0;
  int min_genes = 0;
};
// One cut-off as it was used. Not `applies`: the MAD was 0, so that the cut-off would throw out all that differs at all.
struct QualityCut {
  std::string group, metric, unit;
  double median = 0, mad = 0, lower = 0, upper = 0;      // kept: lower <= value <= upper, infinite where there is no bound
  bool applies = true;
  int cells = 0, outside = 0;
};
struct QualityVerdict {
  std::vector<char> outlier, mt_outlier, kept;      // [N]
  std::vector<QualityCut> cuts;
};
// Medians and MADs are taken within each group (library): deeper libraries are no outliers. groups: [N] codes into names; empty: one.
// A group below 20 cells is cut by the absolute bounds alone. Mask "mt" must be among those of `quality` for the bounds on it.
QualityVerdict judge_cells(const CellQuality& quality, const QualityRules& rules, std::span<const int> groups, std::span<const std::string> names);

// Genes seen in at least min_cells cells and with at least min_counts counts among the cells of `counts`.
std::vector<int> genes_to_keep(const GeneQuality& quality, int min_cells, double min_counts);

}  // namespace hyped
