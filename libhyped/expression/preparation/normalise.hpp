// Counts to expression that can be compared between cells: same total in every cell, then the natural logarithm of one plus it.
#pragma once
#include <Eigen/Core>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// Sum of each row, [N].
Eigen::VectorXd row_totals(const SparseRows& counts);
// Median of the totals above 0 (scanpy's rule for dense data; its rule for compressed rows counts empty cells too). NaN if all are 0.
double median_total(const Eigen::VectorXd& totals);

// Every cell's values times target / total; a cell without counts stays as it is. Target 10,000 is CP10k.
void normalise_total(SparseRows& counts, const Eigen::VectorXd& totals, double target);
// ln(1 + value).
void log1p_values(SparseRows& values);
// Both in one pass, rounded once; equal counts of a cell are computed once.
void log_normalise(SparseRows& counts, const Eigen::VectorXd& totals, double target);

}  // namespace hyped
